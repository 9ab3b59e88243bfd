"""Postmortems, follow-ups and the timeline's curation in chat, as people see them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.request import Response, Shared
from bot.domain.effects import OpenForm, UpsertMessage
from bot.domain.incident.timeline import Entry
from bot.domain.policy import PostmortemSettings
from bot.domain.postmortem.effects import ExportPostmortem, FileFollowUp
from bot.domain.subject import Subject
from bot.ports import Issue, IssueNews, Moved, Offer, Person
from bot.services.postmortem.documents import Documents
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.postmortem.postmortems import Postmortems
from bot.testing import SpyKit
from tests.support.folders import ROOT
from tests.support.times import in_utc


@pytest.fixture
def spy(spy: SpyKit) -> SpyKit:
    """Return a Spy that knows a repository."""
    postmortem_settings = PostmortemSettings(repository="acme/postmortems", logins={"U0RAJ": "raj-p"})
    kit = SpyKit(
        ROOT / "plugins",
        templates=spy.templates,
        clock=spy.clock,
        policy=replace(spy.policy, postmortem_settings=postmortem_settings),
    )
    kit.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park")
    return kit


def text(answer: Response) -> str:
    assert answer.message
    return answer.message.text


ISSUE = Issue(repository="acme/postmortems", number=9, url="https://x.example/9", title="", body="")


def exported(spy: SpyKit) -> None:
    """GitHub has the first follow-up as #10, and the postmortem as #9."""
    on_github(spy, follow_up=1)
    with spy.tx() as tx:
        Postmortems(tx).exported(1, ISSUE, edited_by_people=(), overflows=False, origin="test")


def on_github(spy: SpyKit, *, follow_up: int) -> None:
    with spy.tx() as tx:
        FollowUps(tx).filed(follow_up, replace(ISSUE, number=9 + follow_up))


# --- the postmortem ---


def test_stopping_asks_for_the_postmortem_with_a_button(spy: SpyKit, channel: str):
    answer = spy.say("incident stop fixed", channel=channel)

    assert answer.message
    assert "Its postmortem is due by Nov 26 12:00 UTC" in in_utc(text(answer))
    spy.press("Postmortem", answer.message, channel=channel)
    assert spy.private()[-1].text.startswith("Postmortem of INC-1")


def test_the_preview_says_what_is_missing_and_who_writes_it(spy: SpyKit, channel: str):
    spy.say("incident stop fixed", channel=channel)

    said = text(spy.say("postmortem", channel=channel))

    assert "Owner: Ana Lima" in said
    assert "*Still missing* the impact, a summary, the trigger" in said
    assert "detection none yet" in said


def test_elsewhere_one_of_the_last_incidents_is_chosen(spy: SpyKit, channel: str):
    spy.say("incident stop fixed", channel=channel)

    answer = spy.say("postmortem", channel="C0GENERAL")

    assert answer.message
    spy.press("INC-1 checkout is down", answer.message)
    assert spy.private()[-1].text.startswith("Postmortem of INC-1")


def test_an_export_asks_for_the_follow_ups_first(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" detection', channel=channel)

    spy.say("postmortem export", channel=channel)

    kinds = [type(it) for it in spy.effects if isinstance(it, FileFollowUp | ExportPostmortem)]
    assert kinds == [FileFollowUp, ExportPostmortem]


def test_a_dry_run_shows_the_markdown_and_sends_nothing(spy: SpyKit, channel: str):
    said = text(spy.say("postmortem export --dry-run", channel=channel))

    assert "# INC-1 checkout is down" in said
    assert "unknown: ask" in said
    assert not spy.asked(ExportPostmortem)


def test_a_private_incident_goes_to_no_repository_that_others_read(spy: SpyKit):
    spy.say('incident me "payroll" sev1 private')

    assert "is private" in text(spy.say("postmortem export 1"))
    assert not spy.asked(ExportPostmortem)


def test_a_part_is_written_in_a_form_or_in_words(spy: SpyKit, channel: str):
    spy.say("postmortem write", channel=channel, trigger="t1")
    spy.say('postmortem write lucky "it was noon"', channel=channel)

    assert spy.asked(OpenForm)[0].form == "postmortem/write"
    with spy.tx() as tx:
        assert Postmortems(tx).of(tx.incident(1)).parts == {"lucky": "it was noon"}
    assert "has no part weather" in text(spy.say('postmortem write weather "fine"', channel=channel))


def test_a_review_is_closed_after_a_word_on_each_category(spy: SpyKit, channel: str):
    spy.say("incident stop fixed", channel=channel)
    spy.say('incident action "alert on it" detection', channel=channel)
    refused = text(spy.say("postmortem close", channel=channel))
    for category in ("escalation", "recovery", "prevention"):
        spy.say(f'postmortem none {category} "because it went well"', channel=channel)

    spy.say("postmortem close", channel=channel)

    assert "yet: escalation, recovery, prevention" in refused
    assert spy.incident(1).phase == "reviewed"
    spy.pass_time(days=10)
    assert not spy.reminder_messages("review")


def test_its_writer_is_reminded_until_the_review_is_closed(spy: SpyKit, channel: str):
    spy.say("incident stop fixed", channel=channel)
    spy.say("postmortem owner <@U0RAJ>", channel=channel)

    spy.pass_time(days=4)

    asked = [it for it in spy.asked(UpsertMessage) if it.message_type == "review"]
    assert {it.to for it in asked} == {"U0RAJ"}
    assert len({it.mark for it in asked}) == 4
    assert "overdue by 1 d" in spy.reminder_messages("review")[0].text


def test_reopening_stops_the_reminders_and_resolving_begins_them_anew(spy: SpyKit, channel: str):
    def waiting() -> int:
        with spy.tx() as tx:
            return len(tx.session.timers.due(Subject("postmortem", "1"), tx.now + timedelta(days=9)))

    counts = []
    for words in ("incident stop fixed", "incident reopen", "incident stop again"):
        spy.say(words, channel=channel)
        counts.append(waiting())

    assert counts == [1, 0, 1]


def test_a_suspected_change_is_told_with_its_time_and_link(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        change = Entry(
            incident=1,
            seq=90,
            kind="change_suspected",
            occurred_at=tx.now,
            recorded_at=tx.now,
            actor="U0ANA",
            source="slash",
            data={
                "title": "payments-api 2.31",
                "url": "https://ci.example.com/1",
                "service": "payments",
                "happened_at": "2026-11-23T11:50:00Z",
            },
        )
        tx.session.timeline.append(change)

    with spy.tx() as tx:
        facts = Documents(tx).document(tx.incident(1))
        document = spy.templates.document("postmortem/document", facts)

    assert "- 23 Nov 11:50 UTC [payments-api 2.31](https://ci.example.com/1) (payments)" in in_utc(
        document.text
    )
    assert "the causes" not in text(spy.say("postmortem", channel=channel))


def test_a_closed_review_has_no_day_to_be_moved(spy: SpyKit, channel: str):
    spy.say("incident stop fixed", channel=channel)
    for category in ("detection", "escalation", "recovery", "prevention"):
        spy.say(f'postmortem none {category} "it went well"', channel=channel)
    spy.say("postmortem close", channel=channel)

    said = text(spy.say("postmortem due 2w", channel=channel))

    assert said == "The review of INC-1 is closed: nothing is due now."


def test_a_false_alarm_owes_nothing(spy: SpyKit, channel: str):
    spy.say('incident cancel "a test"', channel=channel)

    assert "When: no date" in text(spy.say("postmortem", channel=channel))


# --- follow-ups ---


def test_a_follow_up_has_its_owner_category_and_day(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" <@U0RAJ> detection by friday', channel=channel)

    assert "*1* alert on it · detection · Raj Patel · due 2026-11-27" in text(
        spy.say("follow-ups", channel=channel)
    )
    assert (
        spy.lines(1)[-1]
        == "*Follow-up 1* from Ana Lima: alert on it · detection · Raj Patel · due 2026-11-27"
    )


def test_today_is_not_over_before_the_askers_own_midnight(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        tx.session.people.put(Person(id="U0ANA", name="Ana Lima", zone="America/Los_Angeles"))
    spy.clock.tick(hours=13, minutes=30)  # 17:30 of Monday in Los Angeles, Tuesday in UTC

    said = text(spy.say('incident action "alert on it" detection by today', channel=channel))

    assert said.startswith("Follow-up 1 of INC-1 is saved")
    assert "due 2026-11-23" in spy.lines(1)[-1]
    assert "is past" in text(spy.say('incident action "another" by 2026-11-22', channel=channel))


def test_a_follow_up_is_overdue_when_the_day_is_over_where_its_owner_lives(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        tx.session.people.put(Person(id="U0RAJ", name="Raj Patel", zone="America/Los_Angeles"))
    spy.say('incident action "alert on it" <@U0RAJ> detection by 2026-11-23', channel=channel)

    spy.clock.tick(hours=18)
    evening = text(spy.say("follow-ups", channel=channel))
    spy.clock.tick(hours=3)
    night = text(spy.say("follow-ups", channel=channel))

    assert "· due 2026-11-23" in evening
    assert "· overdue, was due 2026-11-23" in night


def test_a_follow_up_that_was_given_to_somebody_does_not_read_as_done(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" detection', channel=channel)

    given = text(spy.say("follow-up owner 1 <@U0RAJ>", channel=channel))

    assert given == "Follow-up 1, detection, for Raj Patel, without a due date: alert on it"


def test_a_follow_up_without_a_category_is_asked_for_it(spy: SpyKit, channel: str):
    answer = spy.say("incident action look at the queue", channel=channel)
    assert answer.message

    spy.press("Recovery", answer.message, channel=channel)

    assert "*1* look at the queue · recovery" in text(spy.say("follow-ups", channel=channel))


def test_its_owner_is_reminded_two_days_before_and_hears_once_it_is_done(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" <@U0RAJ> detection by 2026-12-04', channel=channel)
    spy.say('incident cancel "it was a test"', channel=channel)
    spy.pass_time(days=10)

    spy.say("follow-up done 1", channel=channel)

    assert {it.to for it in spy.asked(UpsertMessage) if it.message_type == "follow_up"} == {"U0RAJ"}
    assert "is done. Thank you" in spy.reminder_messages("follow_up")[0].text
    assert "You have no open follow-ups" in spy.reminder_messages("digest")[0].text


def test_who_is_given_an_old_follow_up_hears_of_it_by_day_and_gets_no_list_of_last_monday(
    spy: SpyKit, channel: str
):
    with spy.tx() as tx:
        tx.session.people.put(Person(id="U0RAJ", name="Raj Patel", zone="Asia/Tokyo"))
    spy.say('incident action "alert on it" <@U0ANA> detection by 2026-12-04', channel=channel)
    spy.say('incident cancel "it was a test"', channel=channel)
    spy.pass_time(days=10, hours=1)

    spy.say("follow-up owner 1 <@U0RAJ>", channel=channel)
    spy.pass_time(hours=10)
    in_the_night = (
        spy.reminder_messages(to="U0RAJ", message_type="digest"),
        spy.reminder_messages(to="U0RAJ", message_type="follow_up"),
    )
    spy.pass_time(hours=3)
    [word] = spy.reminder_messages(to="U0RAJ", message_type="follow_up")

    assert in_the_night == ([], [])
    assert "is due 2026-12-04" in word.text
    assert "comes late" not in word.text


def test_github_closes_and_opens_a_follow_up(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" detection', channel=channel)
    exported(spy)
    news = IssueNews(
        repository="Acme/Postmortems",
        number=10,
        state="closed",
        at=spy.clock.now(),
        reason="completed",
        by="raj-p",
    )

    with spy.tx(source="github") as tx:
        heard = [FollowUps(tx).record(it) for it in (news, news, replace(news, number=99))]

    assert heard == [True, False, False]
    assert spy.lines(1)[-1] == "*Follow-up 1 is done*, by Raj Patel: alert on it"
    assert isinstance(spy.effects[-1], ExportPostmortem)
    with spy.tx(source="github") as tx:
        late = replace(news, state="open", at=news.at - timedelta(minutes=1))
        assert not FollowUps(tx).record(late)
        assert FollowUps(tx).record(replace(news, state="open"))
    assert "open again" in spy.lines(1)[-1]


def files(spy: SpyKit) -> list[int]:
    """Which follow-ups were asked to be issues, in order."""
    return [it.follow_up for it in spy.asked(FileFollowUp)]


def test_a_follow_up_that_is_added_during_an_export_becomes_an_issue_too(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" detection', channel=channel)
    spy.say("postmortem export", channel=channel)
    spy.say('incident action "roll back by one press" recovery', channel=channel)
    on_github(spy, follow_up=1)
    before = files(spy)

    exported(spy)

    assert (before, files(spy)) == ([1], [1, 2])
    assert isinstance(spy.effects[-1], ExportPostmortem)  # its task list links the new issue


def test_a_follow_up_that_is_done_during_an_export_is_closed_on_github(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" detection', channel=channel)
    spy.say("postmortem export", channel=channel)
    on_github(spy, follow_up=1)

    spy.clock.tick(seconds=1)
    spy.say("follow-up done 1", channel=channel)

    assert files(spy) == [1, 1]


def test_what_github_would_not_take_is_tried_again_by_the_next_export(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" detection', channel=channel)
    exported(spy)
    spy.clock.tick(minutes=1)
    spy.say("follow-up done 1", channel=channel)
    with spy.tx() as tx:
        FollowUps(tx).refused(1, "GitHub does not answer")

    spy.clock.tick(minutes=1)
    spy.say("postmortem export", channel=channel)

    assert files(spy) == [1, 1]


def test_a_follow_up_of_a_private_incident_is_not_there_for_others(spy: SpyKit):
    spy.say('incident me "payroll" sev1 private', by="U0ANA")
    spy.say('incident 1 action "lock the door" detection', by="U0ANA")

    assert "No follow-ups" in text(spy.say("follow-ups", by="U0KIM"))
    assert "There is no follow-up 1" in text(spy.say("follow-up done 1", by="U0KIM"))


# --- the timeline ---


def lines(spy: SpyKit, channel: str) -> str:
    return text(spy.say("incident timeline", channel=channel))


def test_a_note_is_put_at_the_time_it_speaks_of(spy: SpyKit, channel: str):
    spy.say('incident note "graphs were red" at 11:45', channel=channel)

    assert "11:45 UTC" in in_utc(lines(spy, channel).splitlines()[1])


def test_a_long_timeline_is_leafed_through(spy: SpyKit, channel: str):
    for number in range(70):
        spy.say(f"note step {number}.", channel=channel)

    last = spy.say("timeline", channel=channel)
    assert last.message
    spy.press("Earlier", last.message, channel=channel)
    first = text(spy.say("timeline from 1", channel=channel))

    assert "30 of 72 lines" in text(last)
    assert "step 69." in text(last)
    earlier = spy.posts(channel)[-1].text
    assert "step 39." in earlier
    assert "step 40." not in earlier
    assert "`4`" in first


def test_days_later_a_time_is_said_with_its_day(spy: SpyKit, channel: str):
    spy.clock.tick(days=2)

    noted = text(spy.say('incident note "graphs were red" at 2026-11-23T11:45', channel=channel))
    spy.say('incident note "paged the vendor" at 11:50', channel=channel)
    moved = text(spy.say("timeline move 5 to 2026-11-23T11:50", channel=channel))

    assert in_utc(noted).startswith("Noted on the timeline of INC-1, at Nov 23 11:45 UTC")
    assert in_utc(moved).startswith("The line is moved to Nov 23 11:50 UTC")
    assert "paged the vendor" in lines(spy, channel).splitlines()[2]


@pytest.mark.parametrize("at", ["2026-02-30T10:05", "25:05", "tomorrow"])
def test_a_time_that_is_none_is_refused_with_what_would_be(spy: SpyKit, channel: str, at: str):
    said = text(spy.say(f"timeline move 1 to {at}", channel=channel))

    assert said.startswith(f"I can't read the time {at}. Try 10:05")


def test_lines_are_hidden_kept_and_merged(spy: SpyKit, channel: str):
    spy.say("note one", channel=channel)
    spy.say("note two", channel=channel)

    spy.say("timeline merge 4 5", channel=channel)
    spy.say("timeline hide 1", channel=channel)
    spy.say("timeline keep 3", channel=channel)

    said = lines(spy, channel)
    assert "`6`" in said
    assert "one · two" in said
    assert "declared it" not in said
    assert "Its channel is open" in said


def test_a_line_is_not_merged_with_itself_by_another_number(spy: SpyKit, channel: str):
    spy.say("note one", channel=channel)
    spy.say("timeline edit 4 uno", channel=channel)

    assert text(spy.say("timeline merge 4 5", channel=channel)).startswith("Merge which lines?")


@pytest.mark.parametrize("words", ["timeline merge 5 6", "timeline edit 5 x", "timeline move 5 to 11:00"])
def test_a_line_that_was_merged_away_takes_no_other_with_it(spy: SpyKit, channel: str, words: str):
    for note in ("one", "two", "three"):
        spy.say(f"note {note}", channel=channel)
    spy.say("timeline merge 4 5", channel=channel)

    said = text(spy.say(words, channel=channel))

    assert said.startswith("Line 5 is hidden, or was merged into another. `timeline keep 5` shows it")
    assert "three" in lines(spy, channel)


def test_a_line_is_reworded_and_moved_and_nothing_is_overwritten(spy: SpyKit, channel: str):
    spy.say("note rde", channel=channel)

    spy.say('timeline edit 4 "red"', channel=channel)
    spy.say("timeline move 4 to 11:50", channel=channel)

    assert "11:50 UTC" in in_utc(lines(spy, channel).splitlines()[1])
    assert "red" in lines(spy, channel).splitlines()[1]
    assert [it.text for it in spy.timeline(1) if it.kind == "note_taken"] == ["rde", "red", "red"]


def test_what_spy_saw_happen_cannot_be_edited(spy: SpyKit, channel: str):
    assert "nobody's words" in text(spy.say('timeline edit 2 "never"', channel=channel))
    assert "can't be moved" in text(spy.say("timeline move 1 to 11:00", channel=channel))
    assert "no line 99" in text(spy.say("timeline hide 99", channel=channel))


def test_a_picture_shared_in_the_channel_is_kept_once(spy: SpyKit, channel: str):
    shared = Shared(
        id="Ev1",
        channel=channel,
        person="U0RAJ",
        ts=f"{spy.clock.now().timestamp():.6f}",
        text="the queue",
        images=(("queue.png", "https://acme.slack.com/files/F1"),),
    )

    spy.notice(shared)
    spy.notice(replace(shared, id="Ev2"))

    assert (
        lines(spy, channel).count(
            "*Picture* from Raj Patel: <https://acme.slack.com/files/F1|queue.png> · the queue"
        )
        == 1
    )


@pytest.mark.parametrize(
    "words", ["timeline hide", "timeline merge", "timeline move", "postmortem owner", "postmortem due"]
)
def test_a_command_that_lacks_something_is_not_taken_for_a_number(spy: SpyKit, channel: str, words: str):
    said = text(spy.say(words, channel=channel))

    assert f"{words}`, but not the rest. Usage: `" in said


@pytest.mark.parametrize("incident", [1, None])
@pytest.mark.parametrize(
    "words",
    ["incident update", "incident hand", "incident action", "postmortem write", "postmortem none"],
)
def test_where_no_form_can_open_the_words_that_are_told_do_it(
    spy: SpyKit, channel: str, words: str, incident: int | None
):
    place = "C0GENERAL" if incident else channel

    told = text(spy.say(words, channel=place, incident=incident)).splitlines()[-1].strip("`")

    before = len(spy.timeline(1))
    spy.say(told, channel=place)
    assert len(spy.timeline(1)) == before + 1, told


# --- issues that move, and what GitHub leaves out ---


def test_issues_are_kept_where_github_says_that_they_are_now(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" detection', channel=channel)
    exported(spy)
    there = "https://x.example/acme/checkout/2"

    with spy.tx(source="github") as tx:
        Postmortems(tx).moved(Moved(repository="Acme/Postmortems", to="acme/learning"))
        transferred = Moved(repository="acme/learning", number=10, to="acme/checkout", to_number=2, url=there)
        Postmortems(tx).moved(transferred)

    with spy.tx() as tx:
        document = tx.session.postmortems.get(1)
        [follow_up] = tx.session.follow_ups.of(1)
    assert document
    assert document.filed
    assert follow_up.filed
    assert (document.filed.repository, document.filed.number) == ("acme/learning", 9)
    assert (follow_up.filed.repository, follow_up.filed.number) == ("acme/checkout", 2)
    assert follow_up.filed.url == there


def test_what_github_leaves_out_is_told_once(spy: SpyKit, channel: str):
    spy.say('incident action "alert on it" detection', channel=channel)
    exported(spy)
    without = replace(ISSUE, number=10, without=("the assignee raj-p",))

    def told() -> list[str]:
        with spy.tx() as tx:
            FollowUps(tx).filed(1, without)
            return Postmortems(tx).left_out(1)

    assert told() == ["the assignee raj-p (follow-up 1)"]
    assert told() == []
    with spy.tx() as tx:
        FollowUps(tx).filed(1, replace(without, without=()))
        assert Postmortems(tx).left_out(1) == []
    assert told() == ["the assignee raj-p (follow-up 1)"]


def test_a_file_that_a_copy_lacks_is_told_once(spy: SpyKit, channel: str):
    offer = Offer(url="https://x.example/pull/3", without=("docs/inc-1.svg",))

    for _ in range(2):
        with spy.tx() as tx:
            Postmortems(tx).copied(1, offer)

    lines = [it for it in spy.lines(1) if "docs/inc-1.svg" in it]
    assert lines == [
        "*docs/inc-1.svg, beside the copy of the postmortem* could not be delivered: the tracker refused the file."
    ]
