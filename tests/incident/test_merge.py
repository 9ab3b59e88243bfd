"""Two incidents about one trouble: one is merged into the other, and can be taken out again."""

import pytest

from bot.commands.request import Joined, Left, MadePrivateNotice, Response, WrittenNotice
from bot.domain.effects import Notify, UpsertMessage
from bot.domain.incident.effects import Invite, SetTopic
from bot.domain.incident.state import Phase
from bot.domain.paging.effects import SendPage
from bot.domain.paging.page import PageState
from bot.domain.subject import IncidentChannel
from bot.ports import Profile, Ringing
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.services.postmortem.postmortems import Postmortems
from bot.testing import SpyKit
from tests.support.times import in_utc


@pytest.fixture(autouse=True)
def two(spy: SpyKit, channel: str) -> None:
    """INC-1 *checkout is down* is Ana's; ten minutes later Raj declares INC-2 *payments fail* in C0TWO."""
    assert channel
    spy.clock.tick(minutes=10)
    spy.say('incident me "payments fail" sev2', by="U0RAJ")
    spy.create_channel(2, channel="C0TWO")
    spy.clock.tick(minutes=1)


def said(answer: Response) -> str:
    assert answer.message
    return in_utc(answer.message.text)


def merge(spy: SpyKit, *, by: str = "U0RAJ") -> Response:
    return spy.say("incident merge 1", by=by, channel="C0TWO")


def reopen(spy: SpyKit) -> Response:
    return spy.say("incident reopen", by="U0RAJ", channel="C0TWO")


def timeline(spy: SpyKit, number: int) -> str:
    return said(spy.say(f"incident {number} timeline", by="U0ANA"))


def invited(spy: SpyKit) -> tuple[str, ...]:
    return next((it.people for it in reversed(spy.asked(Invite)) if ":from:" in it.key), ())


def pointer(spy: SpyKit, number: int = 2) -> str:
    return in_utc(spy.message_type("merged", number).text)


# --- other words for it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["incident merge into 1", "incident merge into INC-1", "incident duplicate of #1", "duplicate 1"]
)
def test_other_words_merge_too(spy: SpyKit, words: str):
    spy.say(words, by="U0RAJ", channel="C0TWO")

    assert spy.incident(2).phase is Phase.MERGED


def test_unmerge_takes_out_what_is_merged_and_reopens_nothing_else(spy: SpyKit):
    merge(spy)

    spy.say("incident unmerge", by="U0RAJ", channel="C0TWO")
    spy.say("incident 2 resolve", by="U0RAJ", channel="C0TWO")
    again = spy.say("incident unmerge", by="U0RAJ", channel="C0TWO")

    assert "INC-2 is not merged" in said(again)
    assert spy.incident(2).phase is Phase.RESOLVED


# --- what is said ---------------------------------------------------------------------------------------------


def test_the_newer_one_ends_and_says_where_it_goes_on(spy: SpyKit):
    answer = merge(spy)

    two = spy.incident(2)
    assert said(answer).startswith("*INC-2 is merged into INC-1 checkout is down*. Go on in <#C0ROOM>.")
    assert (two.phase, two.merged and two.merged.into, two.is_open) == (Phase.MERGED, 1, False)
    assert pointer(spy).startswith(
        "*INC-2 was merged into INC-1* 12:11 UTC by Raj Patel. Please go on in <#C0ROOM>."
    )
    assert spy.asked(SetTopic)[-1].incident == 2
    assert spy.lines(1)[-1].startswith(
        "*INC-2 payments fail was merged into this* by Raj Patel, from <#C0TWO>"
    )
    assert "Merged into INC-1." in spy.message_type("announcement", 2).text


@pytest.mark.parametrize(
    "words", ["incident 2 merge 1", "inc-2 merge 1", "incident 2 merge INC-1", "incident 2 merge #1"]
)
def test_with_both_numbers_it_is_said_from_anywhere(spy: SpyKit, words: str):
    spy.say(words, by="U0RAJ")

    assert spy.incident(2).phase is Phase.MERGED


def test_a_worse_severity_is_pointed_out(spy: SpyKit):
    answer = spy.say("incident 1 merge 2", by="U0ANA")

    assert "INC-1 was sev1; INC-2 is sev2." in said(answer)


def test_words_in_the_merged_incident_are_refused_with_the_way_there(spy: SpyKit):
    merge(spy)

    answer = spy.say('incident update "still bad"', by="U0RAJ", channel="C0TWO")

    assert said(answer).startswith("INC-2 is merged into INC-1. Say it there.")


def test_spy_reminds_nobody_of_a_merged_incident(spy: SpyKit):
    merge(spy)
    before = len([it for it in spy.asked(UpsertMessage) if it.ref == 2 and it.message_type == "reminder"])

    spy.pass_time(hours=30)

    after = [
        it for it in spy.asked(UpsertMessage) if it.ref == 2 and it.message_type in {"reminder", "review"}
    ]
    assert len(after) == before


# --- what moves -----------------------------------------------------------------------------------------------


def test_command_stays_with_who_leads_the_one_that_goes_on(spy: SpyKit):
    merge(spy)

    assert spy.incident(1).commander == "U0ANA"


def test_command_goes_along_if_nobody_leads_there(spy: SpyKit):
    with spy.tx() as tx:
        People(tx).met("U0ANA", Profile(name="Ana Lima", is_deactivated=True))

    merge(spy)

    assert spy.incident(1).commander == "U0RAJ"


def test_roles_that_are_free_there_and_what_is_known_go_along(spy: SpyKit):
    for words in (
        "role scribe @kim",
        'impact "no card works"',
        'cause "the new client"',
        "link https://g.example",
    ):
        spy.say(f"incident {words}", by="U0RAJ", channel="C0TWO")

    merge(spy)

    one = spy.incident(1)
    assert (one.roles["scribe"], one.impact, one.cause) == ("U0KIM", "no card works", "the new client")
    assert [it.url for it in one.links] == ["https://g.example"]


def test_services_go_along(spy: SpyKit):
    spy.say("incident 1 affects checkout")
    spy.say("incident 2 affects checkout")
    spy.say("incident 2 affects cart")

    merge(spy)

    assert spy.incident(1).services == ("checkout", "cart")


def test_what_is_known_there_stays(spy: SpyKit):
    for number in (1, 2):
        spy.say(f'incident {number} impact "impact of {number}"')

    merge(spy)

    assert spy.incident(1).impact == "impact of 1"


def test_people_are_invited_but_no_guest_and_nobody_who_left(spy: SpyKit):
    for person, is_guest in (("U0KIM", False), ("U0GUEST", True), ("U0LEFT", False), ("U0GONE", False)):
        with spy.tx() as tx:
            is_gone = person == "U0GONE"
            People(tx).met(person, Profile(name=person, is_guest=is_guest, is_deactivated=is_gone))
    for person in ("U0KIM", "U0GUEST", "U0LEFT", "U0GONE"):
        spy.notice(Joined(id=f"join-{person}", channel="C0TWO", person=person))
    spy.notice(Joined(id="was-there", channel="C0ROOM", person="U0LEFT"))
    spy.notice(Left(id="left", channel="C0ROOM", person="U0LEFT"))

    merge(spy)

    assert invited(spy) == ("U0RAJ", "U0KIM")


def test_follow_ups_move(spy: SpyKit):
    spy.say('incident action "alert on card errors" @kim', by="U0RAJ", channel="C0TWO")

    merge(spy)

    assert "alert on card errors" in said(spy.say("follow-ups", channel="C0ROOM"))
    assert "alert on card errors" not in said(spy.say("follow-ups", channel="C0TWO"))


def test_a_page_that_rings_rings_on_and_is_answered_where_the_incident_goes_on(spy: SpyKit):
    spy.say('page :payments "come please"', by="U0RAJ", channel="C0TWO")
    page = spy.pages(2)[-1].number
    with spy.tx() as tx:
        PagerResults(tx).sent(page, Ringing(id="PD2", url="https://pd/PD2", status="triggered"))
    rang = len(spy.asked(SendPage))

    merge(spy)
    with spy.tx() as tx:
        PagerResults(tx).answered(
            page, "acknowledged", Ringing(id="PD2", url="", status="acknowledged"), by="U0KIM"
        )

    moved = next(it for it in spy.pages(1) if it.number == page)
    assert (moved.state, moved.line_at) == (PageState.ACKNOWLEDGED, IncidentChannel(1))
    assert (len(spy.asked(SendPage)), spy.pages(2)) == (rang, [])
    assert "page_acknowledged" in [it.kind for it in spy.timeline(1)]


def test_a_page_that_nobody_answers_is_asked_about_where_the_incident_goes_on(spy: SpyKit):
    spy.say('page :payments "come please"', by="U0RAJ", channel="C0TWO")
    page = spy.pages(2)[-1].number
    with spy.tx() as tx:
        PagerResults(tx).sent(page, Ringing(id="PD2", url="https://pd/PD2", status="triggered"))
    merge(spy)

    spy.pass_time(minutes=6)

    asked = [it for it in spy.asked(UpsertMessage) if it.message_type == "unanswered"]
    assert {it.to for it in asked} == {IncidentChannel(1)}


def test_the_timeline_goes_along_each_line_at_its_own_time(spy: SpyKit):
    spy.say('incident note "cards of one bank"', by="U0RAJ", channel="C0TWO")
    spy.say('incident update "asking the bank"', by="U0RAJ", channel="C0TWO")
    spy.clock.tick(minutes=5)

    merge(spy)

    lines = timeline(spy, 1)
    assert "cards of one bank" in lines
    assert "INC-2: *Update* from Raj Patel" in lines
    assert "INC-2: " in lines.split("12:10")[1]
    assert spy.incident(1).update is None, "an update there is none here"


def test_who_led_there_did_not_lead_here(spy: SpyKit):
    merge(spy)

    kinds = [it.kind for it in spy.timeline(1)]
    assert "command_taken" not in kinds
    assert kinds.count("declared") == 1


def test_a_merged_note_can_be_edited_like_any_other(spy: SpyKit):
    spy.say('incident note "cards of one bank"', by="U0RAJ", channel="C0TWO")
    merge(spy)
    line = next(it.seq for it in spy.timeline(1) if it.kind == "note_taken")

    spy.say(f'incident 1 timeline edit {line} "cards of two banks"', by="U0RAJ")

    assert "cards of two banks" in timeline(spy, 1)


def test_a_merged_incident_owes_no_postmortem(spy: SpyKit):
    merge(spy)

    with spy.tx() as tx:
        assert Postmortems(tx).due(tx.incident(2)) is None


# --- what is refused ------------------------------------------------------------------------------------------


def test_it_is_not_merged_into_itself(spy: SpyKit):
    answer = spy.say("incident merge 2", by="U0RAJ", channel="C0TWO")

    assert said(answer).startswith("INC-2 can't be merged into itself.")


def test_it_is_not_merged_into_one_that_is_over(spy: SpyKit):
    spy.say('incident resolve "fixed"', channel="C0ROOM")

    answer = merge(spy)

    assert said(answer).startswith("INC-1 is resolved: nobody works on it. Reopen it first, or go on here.")
    assert spy.incident(2).is_open


def test_what_is_over_is_not_merged(spy: SpyKit):
    spy.say('incident resolve "fixed"', by="U0RAJ", channel="C0TWO")

    assert said(merge(spy)).startswith("INC-2 is resolved, so there is nothing to merge.")


def test_of_two_people_who_merge_at_once_the_second_hears_that_it_is_done(spy: SpyKit):
    merge(spy)

    answer = merge(spy, by="U0KIM")

    assert said(answer).startswith("INC-2 is merged into INC-1 already, since 12:11 UTC.")


def test_of_two_merges_crosswise_the_second_is_refused(spy: SpyKit):
    merge(spy)

    answer = spy.say("incident 1 merge 2")

    assert said(answer).startswith("INC-2 is merged into INC-1 itself.")
    assert spy.incident(1).is_open


def test_a_drill_and_a_real_one_stay_apart(spy: SpyKit):
    spy.say("incident me fire drill", by="U0KIM")

    answer = spy.say("incident 3 merge 1", by="U0KIM")

    assert said(answer).startswith("INC-3 is a drill and INC-1 is real, so they stay apart.")


def test_one_that_is_not_there_is_said_so(spy: SpyKit):
    answer = spy.say("incident merge 99", by="U0RAJ", channel="C0TWO")

    assert said(answer).startswith("There is no INC-99 that you can see.")


# --- private ones ---------------------------------------------------------------------------------------------


def private(spy: SpyKit, name: str, *, by: str, number: int) -> None:
    spy.say(f'incident me "{name}" private', by=by)
    spy.create_channel(number, channel=f"C0PRIVATE{number}")


def test_a_private_one_is_not_named_to_who_may_not_see_it(spy: SpyKit):
    private(spy, "a break-in", by="U0KIM", number=3)

    answer = spy.say("incident merge 3", by="U0RAJ", channel="C0TWO")

    assert said(answer).startswith("There is no INC-3 that you can see.")


@pytest.mark.parametrize("words", ["incident 3 merge 1", "incident 1 merge 3"])
def test_a_private_and_a_public_one_are_not_merged(spy: SpyKit, words: str):
    private(spy, "a break-in", by="U0ANA", number=3)

    answer = spy.say(words, by="U0ANA")

    assert said(answer).startswith("INC-3 is private and INC-1 is not")
    assert not answer.shared


def test_two_private_ones_are_merged_if_the_same_people_read_both(spy: SpyKit):
    private(spy, "a break-in", by="U0ANA", number=3)
    private(spy, "a leak", by="U0ANA", number=4)

    spy.say("incident 4 merge 3", by="U0ANA", channel="C0PRIVATE4")

    assert spy.incident(4).phase is Phase.MERGED


def test_two_private_ones_of_different_people_stay_apart(spy: SpyKit):
    private(spy, "a break-in", by="U0ANA", number=3)
    private(spy, "a leak", by="U0RAJ", number=4)
    spy.notice(Joined(id="joins", channel="C0PRIVATE3", person="U0RAJ"))

    answer = spy.say("incident 4 merge 3", by="U0RAJ", channel="C0PRIVATE4")

    assert said(answer).startswith("Both are private, and each may be read by its own people only:")
    assert "<@U0ANA> is not in INC-4. Invite them there first" in said(answer)
    assert spy.incident(4).is_open


def test_the_channel_that_was_left_does_not_name_one_that_was_made_private_since(spy: SpyKit):
    merge(spy)

    spy.notice(MadePrivateNotice(id="private", channel="C0ROOM", by="U0ANA"))

    assert "INC-1" not in pointer(spy)
    assert "C0ROOM" not in pointer(spy)
    assert "merged" in [it.message_type for it in spy.asked(UpsertMessage)[-6:]]


# --- chains and taking out ------------------------------------------------------------------------------------


def third(spy: SpyKit) -> None:
    spy.say('incident me "cards fail" sev2', by="U0KIM")
    spy.create_channel(3, channel="C0THREE")


def test_in_a_chain_each_channel_points_to_the_last_one(spy: SpyKit):
    third(spy)
    spy.say("incident 3 merge 2", by="U0KIM")

    merge(spy)

    assert "INC-3 was merged into INC-1*" in pointer(spy, 3)
    assert "<#C0ROOM>" in pointer(spy, 3)
    lines = timeline(spy, 1)
    assert "INC-3: " in lines
    assert "INC-2: " in lines


def test_one_that_is_merged_itself_is_no_target(spy: SpyKit):
    third(spy)
    merge(spy)

    answer = spy.say("incident 3 merge 2", by="U0KIM")

    assert said(answer).startswith("INC-2 is merged into INC-1 itself. Merge into that one.")


def test_reopening_takes_it_out_with_all_that_had_moved(spy: SpyKit):
    spy.say('page :payments "come please"', by="U0RAJ", channel="C0TWO")
    spy.say('incident action "alert on card errors" @kim', by="U0RAJ", channel="C0TWO")
    spy.say('incident note "cards of one bank"', by="U0RAJ", channel="C0TWO")
    merge(spy)

    reopen(spy)

    two = spy.incident(2)
    assert (two.is_open, two.merged, two.commander) == (True, None, "U0RAJ")
    assert [it.team for it in spy.pages(2)] == ["imoc", "payments"]
    assert "alert on card errors" in said(spy.say("follow-ups", channel="C0TWO"))
    assert "cards of one bank" in timeline(spy, 2)
    assert "cards of one bank" not in timeline(spy, 1)
    assert "*INC-2 is on its own again*" in spy.lines(1)[-1]
    assert pointer(spy) == "INC-2 goes on here: it was merged into another incident for a while."


def test_taken_out_of_a_chain_it_leaves_both(spy: SpyKit):
    third(spy)
    spy.say('incident note "only some cards"', by="U0KIM", channel="C0THREE")
    spy.say('page :payments "come please"', by="U0KIM", channel="C0THREE")
    spy.say("incident 3 merge 2", by="U0KIM")
    merge(spy)

    spy.say("incident 3 reopen", by="U0KIM")

    assert "only some cards" not in timeline(spy, 1)
    assert [it.team for it in spy.pages(3)] == ["imoc", "payments"]
    assert spy.incident(2).phase is Phase.MERGED


def test_merged_again_it_brings_its_lines_once(spy: SpyKit):
    spy.say('incident note "cards of one bank"', by="U0RAJ", channel="C0TWO")
    merge(spy)
    reopen(spy)

    merge(spy)

    assert timeline(spy, 1).count("cards of one bank") == 1


def test_a_merge_before_the_channel_is_there_is_pointed_out_when_it_is(spy: SpyKit):
    spy.say('incident me "cards fail" sev2', by="U0KIM")
    spy.say("incident 2 merge 3", by="U0RAJ")
    before = pointer(spy)

    spy.create_channel(3, channel="C0THREE")

    assert "Please go on there" in before
    assert "Please go on in <#C0THREE>." in pointer(spy)
    assert [it.ref for it in spy.asked(UpsertMessage) if it.message_type == "merged"][-1] == 2


# --- later words in the channel that was left -----------------------------------------------------------------


def write(spy: SpyKit, *, by: str, id: str, channel: str = "C0TWO") -> None:  # noqa: A002  as in Notice
    spy.notice(WrittenNotice(id=id, channel=channel, person=by))


def pointed(spy: SpyKit) -> list[str | None]:
    return [it.person for it in spy.asked(Notify) if it.template == "incident/pointer"]


def test_who_writes_in_the_channel_that_was_left_hears_once_where_to_go_on(spy: SpyKit):
    merge(spy)

    for at, person in enumerate(("U0RAJ", "U0RAJ", "U0KIM", "U0RAJ")):
        write(spy, by=person, id=f"word-{at}")

    assert pointed(spy) == ["U0RAJ", "U0KIM"]
    assert spy.asked(Notify)[-1].facts == {"into": "INC-1", "channel": "C0ROOM"}


def test_words_elsewhere_and_words_before_are_nobody_s_business(spy: SpyKit):
    write(spy, by="U0RAJ", id="before")
    merge(spy)

    write(spy, by="U0RAJ", id="elsewhere", channel="C0ROOM")
    write(spy, by="U0RAJ", id="anywhere", channel="C0GENERAL")

    assert pointed(spy) == []


def test_taken_out_and_merged_again_it_is_said_again(spy: SpyKit):
    merge(spy)
    write(spy, by="U0RAJ", id="first")
    reopen(spy)
    write(spy, by="U0RAJ", id="between")
    spy.clock.tick(minutes=1)

    merge(spy)
    write(spy, by="U0RAJ", id="second")

    assert pointed(spy) == ["U0RAJ", "U0RAJ"]
