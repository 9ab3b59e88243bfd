"""Who may change what stands on the timeline, and what it then says of who changed it."""

from dataclasses import replace

import pytest

from bot.adapters.rendering.templates import JinjaTemplates
from bot.commands.request import Edited, Reacted, Unreacted
from bot.domain.postmortem.document import Document
from bot.services.incident.notes import Notes
from bot.services.postmortem.documents import Documents
from bot.testing import POLICY, FrozenClock, SpyKit
from plugins import incident, postmortem, time, timeline
from tests.support.folders import TEMPLATES
from tests.support.times import in_utc

CHANNEL = "C0ROOM"
NAMES = {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel", "U0ZOE": "Zoe Novak", "U0KIM": "Kim Park", "U0ADM": "Ada"}


@pytest.fixture
def spy() -> SpyKit:
    """Ana leads INC-1. Line 3 is Raj's note, line 4 Kim's. Ada is an admin, and Zoe is nobody in particular."""
    clock = FrozenClock()
    spy = SpyKit(
        incident,
        postmortem,
        time,
        timeline,
        policy=replace(POLICY, permissions={"admin": frozenset({"U0ADM"})}),
        templates=JinjaTemplates([TEMPLATES], clock=clock),
        clock=clock,
    )
    spy.meet(**NAMES)
    spy.say('incident me "checkout is down" sev3', by="U0ANA")
    spy.create_channel(1, channel=CHANNEL)
    spy.say("note restarted the database", by="U0RAJ", channel=CHANNEL)
    spy.say("note the queue is full", by="U0KIM", channel=CHANNEL)
    return spy


def said(spy: SpyKit, words: str, *, by: str) -> str:
    message = spy.say(words, by=by, channel=CHANNEL).message
    return in_utc(message.text) if message else ""


def lines(spy: SpyKit) -> str:
    return said(spy, "timeline", by="U0ANA")


def written(spy: SpyKit) -> Document:
    with spy.tx() as tx:
        documents = Documents(tx)
        facts = documents.document(tx.incident(1))
        names = documents.names(facts)
    return spy.templates.document("postmortem/document", facts, names=names)


def only(spy: SpyKit, words: str) -> str:
    [found] = [line for line in written(spy).log if words in line]
    return found


# --- who may ----------------------------------------------------------------------------------------------

EDITS = ('timeline edit 3 "nothing"', "timeline hide 3", "timeline keep 3", "timeline move 3 to 11:30")


@pytest.mark.parametrize("words", EDITS)
def test_a_line_is_not_changed_by_anybody(spy: SpyKit, words: str):
    before = spy.timeline(1)

    refused = said(spy, words, by="U0ZOE")

    verb = words.split()[1]
    assert refused.startswith(
        f"Only <@U0RAJ> (whose it is), <@U0ANA> (commander of INC-1) or someone with the role admin (<@U0ADM>) "
        f"can {verb} line 3."
    )
    assert '`incident note "…"` adds a line of your own' in refused
    assert spy.timeline(1) == before


@pytest.mark.parametrize("words", EDITS)
@pytest.mark.parametrize("person", ["U0RAJ", "U0ANA", "U0ADM"])
def test_its_author_the_commander_and_admins_change_it(spy: SpyKit, words: str, person: str):
    assert "Only" not in said(spy, words, by=person)
    assert spy.timeline(1)[-1].actor == person


@pytest.mark.parametrize("words", ["timeline hide 2", "timeline keep 2"])
def test_what_spy_wrote_is_for_the_commander(spy: SpyKit, words: str):
    refused = said(spy, words, by="U0RAJ")

    assert refused.startswith("Only <@U0ANA> (commander of INC-1) or someone with the role admin")
    assert "Only" not in said(spy, words, by="U0ANA")


def test_of_several_lines_all_must_be_ones_own(spy: SpyKit):
    spy.say("note and I watched it", by="U0RAJ", channel=CHANNEL)

    assert "can merge lines 3, 4" in said(spy, "timeline merge 3 4", by="U0RAJ")
    assert "can hide lines 3, 4" in said(spy, "timeline hide 3 4", by="U0RAJ")
    assert "Only" not in said(spy, "timeline merge 3 5", by="U0RAJ")


def test_words_of_two_people_in_one_line_are_no_longer_for_one_of_them_to_change(spy: SpyKit):
    spy.say("timeline merge 3 4", by="U0ANA", channel=CHANNEL)

    assert "can edit line 5" in said(spy, 'timeline edit 5 "nothing"', by="U0RAJ")


def test_a_former_commander_no_longer_changes_lines_of_others(spy: SpyKit):
    spy.say("hand <@U0KIM>", by="U0ANA", channel=CHANNEL)
    spy.say("accept", by="U0KIM", channel=CHANNEL)

    assert said(spy, "timeline hide 3", by="U0ANA").startswith("Only <@U0RAJ>")


# --- what it says -----------------------------------------------------------------------------------------


def test_an_edited_line_says_who_edited_it_and_when(spy: SpyKit):
    spy.clock.tick(minutes=12)

    spy.say('timeline edit 3 "restarted nothing"', by="U0ANA", channel=CHANNEL)

    assert "*Note* from Raj Patel: restarted nothing (edited by Ana Lima 12:12 UTC)" in lines(spy)
    assert "restarted nothing (edited by Ana Lima 12:12 UTC)" in said(spy, "tldr", by="U0ANA")
    assert "restarted nothing *(edited by Ana Lima 23 November 2026 12:12)*" in written(spy).text


def test_the_postmortem_says_who_changed_the_impact(spy: SpyKit):
    spy.say("impact half of EU", by="U0KIM", channel=CHANNEL)
    spy.say('timeline edit 5 "nobody"', by="U0ANA", channel=CHANNEL)

    impact = written(spy).text.partition("## Impact")[2].partition("##")[0]
    assert "nobody *(edited by Ana Lima 23 November 2026 12:00)*" in impact


def test_an_edit_of_an_edit_hides_no_earlier_hand(spy: SpyKit):
    spy.say('timeline edit 3 "restarted nothing"', by="U0ANA", channel=CHANNEL)
    spy.say("timeline move 3 to 11:30", by="U0RAJ", channel=CHANNEL)

    assert "nothing (edited by Ana Lima 12:00 UTC, moved by Raj Patel 12:00 UTC)" in lines(spy)


def test_the_full_log_has_the_former_words_and_who_replaced_them(spy: SpyKit):
    spy.say('timeline edit 3 "restarted nothing"', by="U0ANA", channel=CHANNEL)

    assert "(corrected since)" in only(spy, "*Note* from Raj Patel: restarted the database")
    assert "Ana Lima edited line 3 from Raj Patel; before: restarted the database" in only(spy, "before:")


def test_the_full_log_has_the_former_time_and_who_changed_it(spy: SpyKit):
    spy.say("timeline move 3 to 11:30", by="U0RAJ", channel=CHANNEL)

    assert "Raj Patel moved line 3 from Raj Patel; it was at" in only(spy, "it was at")


def test_the_full_log_says_who_hid_a_line_and_who_brought_it_back(spy: SpyKit):
    spy.say("timeline hide 3", by="U0ANA", channel=CHANNEL)
    spy.clock.tick(minutes=5)
    spy.say("timeline keep 3", by="U0RAJ", channel=CHANNEL)

    assert only(spy, "*Note* from Raj Patel").endswith(
        "*(hidden by Ana Lima 23 November 2026 12:00, kept by Raj Patel 23 November 2026 12:05)*"
    )
    assert only(spy, "Ana Lima hid line 3 from Raj Patel")


def test_a_merged_line_says_who_merged_and_whose_lines_they_were(spy: SpyKit):
    spy.say("timeline merge 3 4", by="U0ANA", channel=CHANNEL)

    assert "the database · the queue is full (merged by Ana Lima 12:00 UTC)" in lines(spy)
    assert only(spy, "Ana Lima merged lines 3, 4 from Kim Park, Raj Patel; before: restarted the database")
    assert "merged by Ana Lima" in only(spy, "*Note* from Kim Park: the queue is full")


def test_hiding_what_is_hidden_is_not_recorded_again(spy: SpyKit):
    spy.say("timeline hide 3", by="U0ANA", channel=CHANNEL)
    before = len(spy.timeline(1))

    spy.say("timeline hide 3", by="U0ANA", channel=CHANNEL)

    assert len(spy.timeline(1)) == before


# --- notes made of messages -------------------------------------------------------------------------------


@pytest.fixture
def noted(spy: SpyKit) -> SpyKit:
    """Kim put a 📝 on a message of Raj."""
    spy.notice(Reacted(id="Ev1", channel=CHANNEL, person="U0KIM", ts="1.0", emoji="memo"))
    with spy.tx() as tx:
        Notes(tx).take(
            tx.incident(1), "I paged the vendor", by="U0RAJ", said_at=tx.now, message="1.0", noted_by="U0KIM"
        )
    return spy


def reacts_and_takes_it_back(spy: SpyKit, person: str) -> None:
    spy.notice(Reacted(id="Ev2", channel=CHANNEL, person=person, ts="1.0", emoji="memo"))
    spy.notice(Unreacted(id="Ev3", channel=CHANNEL, person=person, ts="1.0", emoji="memo"))


def test_a_note_stays_when_another_takes_a_reaction_back(noted: SpyKit):
    reacts_and_takes_it_back(noted, "U0ZOE")

    assert "I paged the vendor" in lines(noted)


@pytest.mark.parametrize("person", ["U0KIM", "U0RAJ", "U0ANA", "U0ADM"])
def test_a_note_goes_with_the_reaction_of_who_made_it_its_author_or_who_leads(noted: SpyKit, person: str):
    reacts_and_takes_it_back(noted, person)

    assert "I paged the vendor" not in lines(noted)


def test_a_removed_note_stays_in_the_full_log_with_who_removed_it(noted: SpyKit):
    noted.notice(Unreacted(id="Ev3", channel=CHANNEL, person="U0KIM", ts="1.0", emoji="memo"))

    assert "removed by Kim Park" in only(noted, "I paged the vendor")


def test_a_note_whose_message_was_edited_says_so_and_keeps_the_former_words(noted: SpyKit):
    noted.clock.tick(minutes=3)
    noted.notice(Edited(id="Ev2", channel=CHANNEL, person="U0RAJ", ts="1.0", text="I called the vendor"))

    assert "*Note* from Raj Patel: I called the vendor (edited 12:03 UTC)" in lines(noted)
    assert "(corrected since)" in only(noted, "I paged the vendor")


# --- reminders, and parts of the postmortem ----------------------------------------------------------------


@pytest.mark.parametrize("words", ["incident snooze 15m", "incident quiet 15m"])
def test_reminders_are_put_off_by_who_leads(spy: SpyKit, words: str):
    refused = said(spy, words, by="U0ZOE")
    known = [it.kind for it in spy.timeline(1)]
    spy.say(words, by="U0ANA", channel=CHANNEL)

    assert refused.startswith("Only <@U0ANA> (commander of INC-1) or someone with the role admin (<@U0ADM>)")
    assert "`incident 1 take`" in refused
    assert not {"snoozed", "hushed"} & {*known}
    assert spy.timeline(1)[-1].actor == "U0ANA"
    assert "Ana Lima" in spy.lines(1)[-1]


def test_who_promised_an_update_snoozes_its_reminder(spy: SpyKit):
    spy.say("update we look", by="U0KIM", channel=CHANNEL)

    assert "Only" not in said(spy, "incident snooze 15m", by="U0KIM")


def test_a_part_of_the_postmortem_that_is_written_again_keeps_the_former_words(spy: SpyKit):
    spy.say('postmortem write trigger "a deploy"', by="U0RAJ", channel=CHANNEL)

    answer = said(spy, 'postmortem write trigger "the weather"', by="U0ZOE")

    assert answer.endswith("It replaces what Raj Patel wrote; the full log still has that.")
    assert (
        "Zoe Novak wrote part of the postmortem (trigger), in place of what Raj Patel wrote: a deploy"
        in only(spy, "in place of")
    )
