"""An incident in chat, command by command, as people see it."""

from datetime import timedelta

import pytest

from bot.adapters.slack.blocks import messages, payload
from bot.commands.request import Edited, Joined, Reacted, Renamed, Response, Source, Unreacted
from bot.domain.effects import OpenForm, PostEphemeral, UpsertMessage
from bot.domain.incident.effects import AddBookmark, CreateChannel, Invite, ReadMessage
from bot.domain.incident.effects import Welcome as WelcomeEffect
from bot.domain.paging.effects import AnswerPage, SendPage
from bot.ports import Person
from bot.services.incident.notes import Notes
from bot.testing import SpyKit
from tests.support.times import in_utc


def text(answer: Response) -> str:
    assert answer.message
    return answer.message.text


# --- beginning and end ---


def test_opening_an_incident_asks_for_all_that_it_needs(spy: SpyKit):
    answer = spy.say('incident me "checkout is down" sev1', by="U0ANA")

    assert text(answer).startswith("*INC-1 checkout is down* is open (sev1), Ana Lima has command.")
    assert answer.shared
    assert len(spy.asked(CreateChannel)) == len(spy.asked(SendPage)) == 1
    assert [it.message_type for it in spy.asked(UpsertMessage)] == ["announcement", "card"]


@pytest.mark.parametrize("synonym", ["me", "start me", "open", "new", "declare"])
def test_there_are_many_ways_to_say_open(spy: SpyKit, synonym: str):
    spy.say(f"incident {synonym} cart")

    assert spy.incident(1).name == "cart"


def test_a_drill_says_so_and_pages_nobody(spy: SpyKit):
    answer = spy.say("incident me cart sev1 drill")

    assert text(answer).startswith("*DRILL · INC-1 cart*")
    assert "DRILL" in spy.message_type("announcement", 1).text
    assert not spy.asked(SendPage)


def test_a_private_incident_is_not_announced(spy: SpyKit):
    answer = spy.say("incident me payroll sev1 private")

    assert not answer.shared
    assert [it.message_type for it in spy.asked(UpsertMessage)] == ["card"]
    assert not spy.asked(AddBookmark)


def test_a_drill_that_turns_out_to_be_real_is_opened_in_earnest(spy: SpyKit):
    spy.say("incident me cart sev1 drill")

    answer = spy.say("incident me cart sev1")

    assert text(answer).startswith("*INC-2 cart* is open (sev1)")
    assert len(spy.asked(SendPage)) == 1


def test_what_ought_to_be_private_is_opened_in_private(spy: SpyKit):
    spy.say("incident me payroll sev1")

    answer = spy.say("incident me payroll sev1 private")

    assert "Its private channel is being opened" in text(answer)


def test_what_is_typed_into_a_name_pings_nobody(spy: SpyKit):
    answer = spy.say('incident me "<!channel> <b>cart</b>"')

    said = f"{text(answer)} {spy.message_type('announcement', 1)} {spy.message_type('card', 1)}"
    assert "<!channel>" not in said
    assert "<b>" not in said


def test_stopping_tells_how_and_resolves_the_pages(spy: SpyKit, channel: str):
    spy.clock.tick(minutes=42)

    answer = spy.say("incident stop rolled back", channel=channel)

    assert text(answer).startswith("*INC-1* is resolved after 42 min")
    assert spy.lines(1)[-1] == "*Resolved* by Ana Lima: rolled back"
    assert [it.answer for it in spy.asked(AnswerPage)] == ["resolved"]
    assert "Over after 42 min: rolled back" in spy.message_type("announcement", 1).text


def test_the_button_that_resolves_asks_how_it_was_fixed(spy: SpyKit, channel: str):
    spy.press("Resolve", spy.message_type("card", 1), channel=channel, trigger="T1")

    [form] = spy.asked(OpenForm)
    assert spy.incident(1).is_open
    assert [field.name for field in spy.templates.form(form.form, form.facts).fields] == ["how"]


def test_a_form_is_about_the_incident_that_was_named_elsewhere(spy: SpyKit, channel: str):
    spy.say("incident 1 update", channel="C0GENERAL", trigger="T1")

    assert [it.incident for it in spy.asked(OpenForm)] == [1]


@pytest.mark.parametrize(("how", "kept"), [("rolled back", "rolled back"), ("", None), ("  ", None)])
def test_how_it_was_fixed_can_be_left_empty(spy: SpyKit, channel: str, how: str, kept: str | None):
    spy.say("incident stop", source=Source.FORM, channel=channel, incident=1, given={"how": how})

    assert not spy.incident(1).is_open
    assert spy.incident(1).resolution == kept


def test_words_need_no_form_to_resolve(spy: SpyKit, channel: str):
    spy.say("incident stop", channel=channel, trigger="T1")

    assert not spy.incident(1).is_open


def test_a_resolved_incident_is_not_asked_how_it_was_fixed(spy: SpyKit, channel: str):
    card = spy.message_type("card", 1)
    spy.say("incident stop", channel=channel)

    spy.press("Resolve", card, channel=channel, trigger="T1")

    assert "INC-1 is already resolved" in spy.private()[-1].text
    assert not spy.asked(OpenForm)


def test_what_is_resolved_can_be_reopened_by_a_button(spy: SpyKit, channel: str):
    spy.say("incident stop", channel=channel)

    spy.press("Reopen", spy.message_type("card", 1), channel=channel)

    assert spy.incident(1).is_open
    assert spy.lines(1)[-1] == "*Reopened* by Ana Lima; now investigating"


def test_what_is_reopened_tells_how_long_it_has_been_open_again(spy: SpyKit, channel: str):
    spy.clock.tick(minutes=30)
    spy.say("incident stop", channel=channel)
    spy.clock.tick(minutes=60)
    spy.say("incident reopen", channel=channel)
    spy.clock.tick(minutes=5)

    told = text(spy.say("tldr", channel=channel))
    listed = text(spy.say("incident list", channel=channel))

    assert "open for 5 min since it was reopened, 1 h 35 since it was declared" in told
    assert "led by Ana Lima · 5 min" in listed


def test_a_reopened_incident_that_gets_worse_pages_whom_it_paged_before(spy: SpyKit, channel: str):
    for words in ("incident sev sev1", "incident sev sev3"):
        spy.say(words, channel=channel)
    spy.clock.tick(minutes=30)
    spy.say("incident stop", channel=channel)
    spy.clock.tick(minutes=60)
    spy.say("incident reopen", channel=channel)

    spy.say("incident sev sev1", channel=channel)

    assert [page.team for page in spy.pages(1)] == ["imoc", "imoc"]


def test_a_false_alarm_is_closed_as_one(spy: SpyKit, channel: str):
    answer = spy.say("incident cancel the probe was wrong", channel=channel)

    assert text(answer).startswith("INC-1 is closed as a false alarm")
    assert spy.lines(1) == ["*Closed as a false alarm* by Ana Lima: the probe was wrong"]


# --- what is the state ---


def test_the_tldr_tells_it_all_on_one_screen(spy: SpyKit, channel: str):
    for line in ("impact nobody can pay since 20m", "cause the 11:50 deploy", "update rolling back"):
        spy.say(line, channel=channel)
    spy.clock.tick(minutes=5)

    tldr = spy.say("tldr", channel=channel, by="U0KIM")

    said = in_utc(text(tldr))
    for fact in (
        "INC-1 checkout is down\n*sev1* · triage · open for 5 min",
        "*Commander* Ana Lima since 12:00 UTC",
        "*Impact* since 11:40 UTC",
        "nobody can pay",
        "*Suspected cause* the 11:50 deploy",
        "• :imoc: on its way to PagerDuty",
        "*Next update* due by 12:15 UTC",
        ", in 10 min",
        "*Update* from Ana Lima: rolling back",
    ):
        assert fact in said
    assert not tldr.shared
    assert len(said.splitlines()) < 20


def test_the_tldr_links_to_where_it_was_said(spy: SpyKit, channel: str):
    spy.say("note look at the graph", channel=channel)
    with spy.tx() as tx:
        tx.session.timeline.set_permalink(1, spy_seq := tx.incident(1).entries, "https://acme.slack.com/p1")

    assert spy_seq
    assert "look at the graph <https://acme.slack.com/p1|link>" in text(spy.say("tldr", channel=channel))


def test_the_tldr_can_be_shared_by_a_button(spy: SpyKit, channel: str):
    tldr = spy.say("tldr", channel=channel)
    assert tldr.message

    shared = spy.say("incident 1 share tldr", channel=channel)
    spy.press("Share here", tldr.message, channel=channel)

    assert shared.shared


def test_a_tldr_asked_for_aloud_need_not_be_shared(spy: SpyKit, channel: str):
    spy.say("tldr", channel=channel, source=Source.MENTION)

    with pytest.raises(LookupError):
        spy.press("Share here", spy.posts(channel)[0], channel=channel)


def test_the_timeline_lists_what_happened(spy: SpyKit, channel: str):
    spy.say("note look", channel=channel)

    lines = text(spy.say("timeline", channel=channel)).splitlines()

    assert lines[0] == "*Timeline of INC-1 checkout is down*"
    assert lines[1].endswith("Ana Lima declared it: checkout is down (sev1)")
    assert lines[-2].endswith("*Note* from Ana Lima: look")


def test_the_list_is_newest_first(spy: SpyKit, channel: str):
    spy.say("incident me cart", by="U0RAJ")

    lines = text(spy.say("incident list", channel=channel)).splitlines()

    assert lines[0] == "2 incidents open, newest first:"
    assert lines[1].startswith("• *INC-2 cart* · severity not set yet · triage · led by Raj Patel")
    assert lines[2].endswith("<#C0ROOM>")


def test_without_an_open_incident_the_list_says_how_to_open_one(spy: SpyKit):
    assert text(spy.say("incident list")).startswith("No incident is open.")


def test_who_says_who_does_what(spy: SpyKit, channel: str):
    spy.say("incident role scribe <@U0KIM|kim>", channel=channel)

    said = text(spy.say("who", channel=channel))

    assert "*Commander* Ana Lima since 12:00 UTC" in in_utc(said)
    assert "*Scribe* Kim Park" in said
    assert "*In the channel* Ana Lima, Kim Park" in said


# --- what is going on ---


def test_an_update_promises_the_next_one(spy: SpyKit, channel: str):
    answer = spy.say('incident update "rolling back"', channel=channel)

    assert in_utc(text(answer)).startswith("Update of INC-1 posted. The next one is due by 12:15 UTC")
    assert spy.lines(1)[0].endswith(", in 15 min")


def test_an_update_without_words_opens_a_form_that_knows_the_last(spy: SpyKit, channel: str):
    spy.say("update rolling back", channel=channel)
    spy.say("update", channel=channel, trigger="t1")

    form = spy.asked(OpenForm)[0]
    assert "rolling back" in (spy.templates.form(form.form, form.facts).intro or "")


def test_a_note_goes_on_the_timeline(spy: SpyKit, channel: str):
    assert text(spy.say("note look at the graph", channel=channel)) == "Noted on the timeline of INC-1."
    assert spy.lines(1) == ["*Note* from Ana Lima: look at the graph"]


def test_severity_and_phase_are_said_aloud(spy: SpyKit, channel: str):
    assert text(spy.say("incident sev 2", channel=channel)) == "INC-1 is sev2 now."
    assert text(spy.say("incident status identified", channel=channel)) == "INC-1 is identified now."
    severity, phase = spy.lines(1)
    assert in_utc(severity).startswith(
        "*Severity sev2*, set by Ana Lima (was sev1) · next update by 12:30 UTC"
    )
    assert phase == "*Identified*, by Ana Lima (was triage)"


def test_raising_the_severity_pages_whom_the_new_one_says_once(spy: SpyKit):
    spy.say("incident me cart sev3")
    spy.say("incident 1 sev sev1")
    spy.say("incident 1 sev sev2")

    assert [page.team for page in spy.pages(1)] == ["imoc"]


def test_impact_is_since_when_it_began(spy: SpyKit, channel: str):
    answer = spy.say('incident impact "nobody can pay" since 11:30', channel=channel)

    assert in_utc(text(answer)).startswith("Impact of INC-1 saved, since 11:30 UTC")


def test_a_report_with_a_severity_that_pages_posts_its_update_too(spy: SpyKit):
    spy.say("incident me cart", by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")

    spy.say("incident report sev sev1 we look", by="U0ANA", channel="C0ROOM")

    assert [it.kind for it in spy.timeline(1)][-3:] == ["severity_set", "page_requested", "update_posted"]


def test_a_cause_is_a_suspicion(spy: SpyKit, channel: str):
    spy.say("cause the deploy", channel=channel)

    assert spy.lines(1) == ["*Suspected cause* from Ana Lima: the deploy"]
    assert "*Suspected cause*: the deploy" in spy.message_type("card", 1).text


def test_a_link_is_bookmarked_once(spy: SpyKit, channel: str):
    spy.say("incident link <https://example.com/graph?a=1&amp;b=2> the graph", channel=channel)
    again = spy.say("incident link https://example.com/graph?a=1&b=2", channel=channel)

    assert [(it.title, it.url) for it in spy.asked(AddBookmark)][1:] == [
        ("the graph", "https://example.com/graph?a=1&b=2")
    ]
    assert text(again) == "INC-1 has that link already."


def test_telling_a_team_shows_who_has_seen_it(spy: SpyKit, channel: str):
    answer = spy.say("incident tell :payments look at us", channel=channel)
    spy.press("Seen", spy.message_type("team_notice", 1), by="U0KIM", channel="C0PAY")

    assert text(answer).startswith("Told :payments in <#C0PAY>.")
    assert (
        spy.message_type("team_notice_sent", 1).text
        == "*Told :payments* in <#C0PAY>: look at us\nSeen by Kim Park"
    )
    assert spy.private()[-1].text == "Ana Lima knows that you have seen it."


def test_what_a_private_incident_tells_can_be_seen_by_the_team(spy: SpyKit):
    spy.say("incident me payroll private", by="U0ANA")
    spy.say("incident 1 tell :payments please rotate the keys", by="U0ANA")

    spy.press("Seen", spy.message_type("team_notice", 1), by="U0KIM", channel="C0PAY")

    assert spy.message_type("team_notice_sent", 1).text.endswith("Seen by Kim Park")


def ended(spy: SpyKit, *names: str) -> None:
    for number, name in enumerate(names, start=1):
        spy.say(f"incident me {name}", by="U0ANA")
        spy.say(f"incident {number} stop", by="U0ANA")


@pytest.mark.parametrize("words", ["incident reopen", "reopen", "incident REOPEN"])
def test_what_ended_lately_is_offered_to_be_reopened(spy: SpyKit, words: str):
    ended(spy, "cart", "search")
    spy.say("incident me payments")

    answer = spy.say(words)
    assert answer.message
    spy.press("INC-2 search", answer.message)

    assert "INC-1 cart" in str(answer.message.parts)
    assert "INC-3" not in str(answer.message.parts)
    assert spy.incident(2).is_open


def test_where_nothing_is_open_what_ended_lately_may_be_meant(spy: SpyKit):
    ended(spy, "cart")

    answer = spy.say("tldr")
    assert answer.message

    assert text(answer).startswith('No incident is open. Open one with `incident me "what is wrong"`.')
    spy.press("INC-1 cart", answer.message)
    assert "resolved" in spy.private()[-1].text


def test_what_ended_long_ago_or_in_private_is_not_offered(spy: SpyKit):
    ended(spy, "cart")
    spy.say("incident me payroll private", by="U0ANA")
    spy.say("incident 2 stop", by="U0ANA")
    hidden = spy.say("incident reopen", by="U0KIM")
    spy.clock.tick(days=8)

    answer = spy.say("incident reopen")

    assert "INC-2" not in str(hidden.message)
    assert text(answer).startswith("No incident ended in the last 7 days.")


# --- who leads ---


def test_command_moves_when_the_successor_says_so(spy: SpyKit, channel: str):
    offered = spy.say("incident hand <@U0RAJ>", channel=channel)
    brief = spy.message_type("brief", 1)
    spy.press("I have command", brief, by="U0RAJ", channel=None)

    assert "Ana Lima stays commander until Raj Patel presses *I have command*" in text(offered)
    assert "<@U0RAJ>, read this" in brief.text
    assert spy.incident(1).commander == "U0RAJ"
    assert in_utc(spy.lines(1)[-1]).startswith("*Raj Patel has command* since 12:00 UTC")
    assert spy.lines(1)[-1].endswith("taken over from Ana Lima")


def test_the_brief_says_when_the_commander_will_be_asked_whether_it_is_over(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        tx.session.people.put(Person(id="U0ANA", name="Ana Lima", zone="America/Los_Angeles"))

    spy.say("incident hand <@U0RAJ>", channel=channel)

    assert "Nov 24 18:00 UTC> confirm whether it is over" in spy.message_type("brief", 1).text


def test_whoever_takes_command_from_somebody_reads_the_brief_first(spy: SpyKit, channel: str):
    answer = spy.say("incident take", by="U0RAJ", channel=channel)
    assert answer.message
    spy.press("I have command", answer.message, by="U0RAJ", channel=channel)

    assert spy.incident(1).commander == "U0RAJ"


def test_an_offer_may_be_declined(spy: SpyKit, channel: str):
    spy.say("incident hand @raj", channel=channel)

    spy.press("Decline", spy.message_type("brief", 1), by="U0RAJ", channel=None)

    assert spy.incident(1).commander == "U0ANA"
    assert spy.private()[-1].text == "Thank you for answering. Ana Lima stays commander of INC-1."


def briefs_of(spy: SpyKit, person: str) -> list[str]:
    """Read the briefs that somebody was sent, each as it stands now."""
    marks = {it.mark: it for it in spy.asked(UpsertMessage) if it.message_type == "brief" and it.to == person}
    return [spy.message_type("brief", it.ref, it.mark).text for it in marks.values()]


def briefs_shown_again(spy: SpyKit, person: str) -> int:
    return len([it for it in spy.asked(UpsertMessage) if it.message_type == "brief" and it.to == person]) - 1


def deliver(spy: SpyKit) -> None:
    """Let what waits in the outbox leave."""
    with spy.tx() as tx:
        outbox = tx.session.outbox
        for item in outbox.claim("w", now=tx.now, lease=timedelta(minutes=1), limit=100):
            outbox.done(item.id, at=tx.now)


def test_who_is_not_offered_command_any_more_reads_so(spy: SpyKit, channel: str):
    spy.say("incident hand @raj", channel=channel)
    deliver(spy)

    answer = spy.say("incident hand @kim", channel=channel)

    assert briefs_shown_again(spy, "U0RAJ") == 1
    assert briefs_of(spy, "U0RAJ") == [
        "Command of INC-1 is no longer offered to you. It is offered to Kim Park instead."
    ]
    assert briefs_of(spy, "U0KIM")[0].startswith("Command of INC-1: your brief\n<@U0KIM>, read this")
    assert text(answer).endswith("Raj Patel is no longer asked; Spy tells them.")
    assert "offers command to Kim Park instead of Raj Patel" in spy.lines(1)[-1]


def test_who_asks_for_command_takes_the_offer_from_another(spy: SpyKit, channel: str):
    spy.say("incident hand @raj", channel=channel)

    spy.say("incident take", by="U0KIM", channel=channel)

    assert "It is offered to Kim Park instead" in briefs_of(spy, "U0RAJ")[0]
    assert "asks for command instead of Raj Patel" in spy.lines(1)[-1]


@pytest.mark.parametrize(
    ("words", "by", "now"),
    [
        ("accept", "U0RAJ", "You have command of INC-1 since"),
        ("decline", "U0RAJ", "Ana Lima has it"),
        ("stop", "U0ANA", "INC-1 is resolved"),
        ("cancel", "U0ANA", "INC-1 is a false alarm"),
    ],
)
def test_an_offer_that_is_over_has_no_buttons(spy: SpyKit, channel: str, words: str, by: str, now: str):
    spy.say("incident hand @raj", channel=channel)
    deliver(spy)
    spy.say(f"incident {words}", by=by, channel=channel)

    brief = spy.message_type("brief", 1, f":{_offer(spy)}")

    assert briefs_shown_again(spy, "U0RAJ") == 1
    assert now in brief.text
    assert "I have command" not in str(brief.parts)


def _offer(spy: SpyKit) -> int:
    return next(it.seq for it in spy.timeline(1) if it.kind == "command_offered")


def test_command_that_is_offered_twice_has_one_message_with_buttons(spy: SpyKit, channel: str):
    spy.say("incident hand @raj", channel=channel)
    spy.say("incident hand @raj", channel=channel)

    first, second = briefs_of(spy, "U0RAJ")

    assert first == "Command of INC-1 was offered to you again. The newer message is below."
    assert "read this" in second


def test_who_asked_for_command_in_the_channel_gets_no_message_about_the_end_of_it(spy: SpyKit, channel: str):
    spy.say("incident take", by="U0RAJ", channel=channel)
    spy.say("incident hand @kim", channel=channel)

    assert not briefs_of(spy, "U0RAJ")


def test_a_role_is_given_and_its_bearer_invited(spy: SpyKit, channel: str):
    answer = spy.say("incident role scribe @kim", channel=channel)

    assert text(answer) == "Kim Park is scribe of INC-1."
    assert spy.asked(Invite)[-1].people == ("U0KIM",)


def test_a_role_is_given_to_the_same_person_once(spy: SpyKit, channel: str):
    spy.say("incident role scribe @kim", channel=channel)
    lines = len(spy.lines(1))

    answer = spy.say("incident role Scribe @kim", channel=channel)

    assert text(answer) == "<@U0KIM> is scribe of INC-1 already."
    assert len(spy.lines(1)) == lines


def test_command_of_a_private_incident_can_be_handed_to_somebody_new(spy: SpyKit):
    spy.say("incident me payroll private", by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")
    spy.say("incident hand @raj", channel="C0ROOM")

    spy.press("I have command", spy.message_type("brief", 1), by="U0RAJ", channel=None)

    assert spy.incident(1).commander == "U0RAJ"
    assert spy.asked(Invite)[-1].people == ("U0RAJ",)


def test_who_declines_a_private_incident_hears_no_more_of_it(spy: SpyKit):
    spy.say("incident me payroll private", by="U0ANA")
    spy.say("incident 1 hand @raj", by="U0ANA")

    spy.say("incident 1 decline", by="U0RAJ")

    assert "no INC-1 that you can see" in text(spy.say("incident 1 tldr", by="U0RAJ"))


# --- what is noticed ---


def test_a_newcomer_is_given_the_tldr_alone(spy: SpyKit, channel: str):
    spy.notice(Joined(id="Ev1", channel=channel, person="U0KIM"))
    spy.notice(Joined(id="Ev2", channel=channel, person="U0ANA"))
    spy.notice(Joined(id="Ev3", channel="C0GENERAL", person="U0RAJ"))

    assert [it.person for it in spy.asked(WelcomeEffect)] == ["U0KIM"]


def test_a_memo_makes_a_note_of_a_message_and_takes_it_back(spy: SpyKit, channel: str):
    spy.notice(Reacted(id="Ev1", channel=channel, person="U0KIM", ts="1.0", emoji="memo"))
    with spy.tx() as tx:
        Notes(tx).take(tx.incident(1), "look", by="U0RAJ", said_at=tx.now, message="1.0", noted_by="U0KIM")
    spy.notice(Edited(id="Ev2", channel=channel, person="U0RAJ", ts="1.0", text="look here"))
    edited = text(spy.say("timeline", channel=channel))
    spy.notice(Unreacted(id="Ev3", channel=channel, person="U0KIM", ts="1.0", emoji="memo"))

    assert [it.ts for it in spy.asked(ReadMessage)] == ["1.0"]
    assert "*Note* from Raj Patel: look here" in edited
    assert "look" not in text(spy.say("timeline", channel=channel))


def test_another_emoji_is_no_note(spy: SpyKit, channel: str):
    spy.notice(Reacted(id="Ev1", channel=channel, person="U0KIM", ts="1.0", emoji="fire"))
    spy.notice(Reacted(id="Ev2", channel="C0GENERAL", person="U0KIM", ts="1.0", emoji="memo"))

    assert not spy.asked(ReadMessage)


def test_a_channel_that_is_renamed_is_the_same_channel(spy: SpyKit, channel: str):
    spy.notice(Renamed(id="Ev1", channel=channel, name="inc-1-cart"))

    assert spy.incident(1).channel_name == "inc-1-cart"


def test_a_refusal_offers_a_way_out(spy: SpyKit, channel: str):
    spy.say("incident stop", channel=channel)
    refused = spy.say("incident stop", channel=channel)
    assert refused.message

    spy.press("Reopen it", refused.message)

    assert spy.incident(1).is_open
    assert [it.person for it in spy.asked(PostEphemeral)] == ["U0ANA"]


# --- links ------------------------------------------------------------------------------------------------


def graph(number: int, length: int) -> str:
    return f"https://grafana.example.com/d/{number}?{'var=x&amp;' * (length // 10)}panel={number}"


@pytest.mark.parametrize(("count", "length", "more"), [(3, 80, 0), (8, 800, 6), (30, 80, 19), (2, 2_900, 2)])
def test_a_card_with_long_links_can_still_be_edited_and_tells_of_those_it_leaves_out(
    spy: SpyKit, channel: str, count: int, length: int, more: int
):
    for number in range(count):
        spy.say(f"incident link <{graph(number, length)}>", channel=channel)
    card = spy.message_type("card", 1)

    assert len(payload(card)["text"].encode()) <= 4_000
    assert messages(card) == [card]
    assert [number for number in range(count) if f"panel={number}|" in card.text] == list(range(count - more))
    assert (f"{more} more: `incident 1 links`" in card.text) == bool(more)


def test_every_link_is_listed(spy: SpyKit, channel: str):
    for number in range(30):
        spy.say(f"incident link <{graph(number, 800)}>", channel=channel)

    said = messages(spy.say("incident links", channel=channel).message)

    shown = "".join(str(payload(part)["blocks"]) for part in said)
    assert len(said) == 3
    assert [number for number in range(30) if f"panel={number}|" not in shown] == []


# --- the forms behind the card's buttons ------------------------------------------------------------------


def test_the_update_form_changes_only_what_is_new(spy: SpyKit, channel: str):
    given = {
        "message": "rolled back",
        "phase": "mitigated",
        "severity": "sev1",
        "impact": "half of EU",
        "span": "45m",
    }

    spy.say("incident report", given=given, incident=1, channel=channel)

    incident = spy.incident(1)
    assert (incident.phase, incident.severity, incident.impact) == ("mitigated", "sev1", "half of EU")
    assert incident.update_due == spy.clock.now() + timedelta(minutes=45)
    assert [it.kind for it in spy.timeline(1)][-3:] == ["phase_changed", "impact_stated", "update_posted"]


def test_an_update_form_of_an_earlier_spy_still_posts(spy: SpyKit, channel: str):
    spy.say("incident update", given={"message": "rolled back"}, incident=1, channel=channel)

    assert spy.incident(1).update == "rolled back"
