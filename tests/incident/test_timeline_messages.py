"""Lines made from Slack messages follow them, until somebody changes the line here."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.adapters.rendering.templates import JinjaTemplates
from bot.commands.request import Edited, Reacted, Shared, Unreacted
from bot.domain.incident.timeline import Entry, visible
from bot.services.incident.notes import Notes
from bot.testing import POLICY, FrozenClock, SpyKit
from plugins import incident, timeline
from tests.support.folders import TEMPLATES
from tests.support.times import in_utc

CHANNEL, TS, GRAPH = "C0ROOM", "1795435000.000100", "https://slack/graph"
Make = Callable[[SpyKit, str], int]
SECRET = "db password is hunter2"


@pytest.fixture
def spy() -> SpyKit:
    """Ana leads INC-1. Ada is an admin."""
    clock = FrozenClock()
    spy = SpyKit(
        incident,
        timeline,
        policy=replace(POLICY, permissions={"admin": frozenset({"U0ADM"})}),
        templates=JinjaTemplates([TEMPLATES], clock=clock),
        clock=clock,
    )
    spy.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park", U0ADM="Ada")
    spy.say('incident me "checkout is down" sev3', by="U0ANA")
    spy.create_channel(1, channel=CHANNEL)
    return spy


def noted(spy: SpyKit, words: str, ts: str = TS, by: str = "U0RAJ") -> int:
    """Kim puts a 📝 on a message. Return the number of its line."""
    with spy.tx() as tx:
        said_at = datetime.fromtimestamp(float(ts), UTC)
        Notes(tx).take(tx.incident(1), words, by=by, said_at=said_at, message=ts, noted_by="U0KIM")
    return spy.timeline(1)[-1].seq


def pictured(spy: SpyKit, words: str = "look", *, event: str = "EvShared") -> int:
    """Raj shares a picture. Return the number of its line."""
    images = (("graph", GRAPH),)
    spy.notice(Shared(id=event, channel=CHANNEL, person="U0RAJ", ts=TS, text=words, images=images))
    return spy.timeline(1)[-1].seq


def edits(spy: SpyKit, words: str, ts: str = TS) -> None:
    number = spy.incident(1).entries
    spy.notice(Edited(id=f"EvEdited{number}", channel=CHANNEL, person="U0RAJ", ts=ts, text=words))


def takes_back(spy: SpyKit, person: str) -> None:
    spy.notice(Unreacted(id=f"EvGone{person}", channel=CHANNEL, person=person, ts=TS, emoji="memo"))


def shown(spy: SpyKit, kind: str) -> list[Entry]:
    return [it for it in visible(spy.timeline(1)) if it.kind == kind]


def lines(spy: SpyKit) -> str:
    message = spy.say("timeline", by="U0ANA", channel=CHANNEL).message
    assert message
    return in_utc(message.text)


def leads(spy: SpyKit, words: str) -> None:
    spy.say(words, by="U0ANA", channel=CHANNEL)


# --- pictures -----------------------------------------------------------------------------------------------


def test_a_changed_caption_stays_with_its_picture(spy: SpyKit):
    pictured(spy, "look")

    edits(spy, "errors since 11:50")

    [picture] = shown(spy, "image_shared")
    assert (picture.text, picture.data["url"], picture.actor) == ("errors since 11:50", GRAPH, "U0RAJ")
    assert shown(spy, "note_taken") == []


def test_the_former_caption_of_a_picture_is_kept(spy: SpyKit):
    pictured(spy, "look")

    edits(spy, "errors since 11:50")

    assert [it.text for it in spy.timeline(1) if it.kind == "image_shared"] == ["look", "errors since 11:50"]
    assert "errors since 11:50" in lines(spy)
    assert "(edited 12:00 UTC)" in lines(spy)


def test_a_changed_caption_is_that_of_each_picture_in_its_message(spy: SpyKit):
    images = (("errors", "https://slack/1"), ("latency", "https://slack/2"))
    spy.notice(Shared(id="Ev1", channel=CHANNEL, person="U0RAJ", ts=TS, text="look", images=images))

    edits(spy, "since the deploy")

    found = [(it.data["name"], it.text) for it in shown(spy, "image_shared")]
    assert found == [("errors", "since the deploy"), ("latency", "since the deploy")]


def test_a_caption_that_did_not_change_is_not_recorded_again(spy: SpyKit):
    pictured(spy, "look")
    known = spy.incident(1).entries

    edits(spy, "look")

    assert spy.incident(1).entries == known


def test_a_caption_can_be_taken_out(spy: SpyKit):
    pictured(spy, SECRET)

    edits(spy, "")

    assert [it.text for it in shown(spy, "image_shared")] == [""]


def test_a_note_of_a_picture_comes_beside_it_and_goes_without_it(spy: SpyKit):
    pictured(spy, "look")

    noted(spy, "look")
    both = [it.kind for it in visible(spy.timeline(1)) if it.text == "look"]
    takes_back(spy, "U0RAJ")

    assert sorted(both) == ["image_shared", "note_taken"]
    assert len(shown(spy, "image_shared")) == 1
    assert shown(spy, "note_taken") == []


def test_a_picture_stays_when_its_author_takes_a_memo_off(spy: SpyKit):
    pictured(spy)

    takes_back(spy, "U0RAJ")

    assert len(shown(spy, "image_shared")) == 1


def test_an_edit_corrects_the_note_and_the_picture_of_one_message(spy: SpyKit):
    pictured(spy, "look")
    noted(spy, "look")

    edits(spy, "look here")

    assert [it.text for it in shown(spy, "note_taken") + shown(spy, "image_shared")] == ["look here"] * 2


def test_a_memo_on_a_picture_without_words_makes_no_empty_note(spy: SpyKit):
    pictured(spy, "")

    noted(spy, "")

    assert shown(spy, "note_taken") == []


# --- lines that somebody changed here -------------------------------------------------------------------------


@pytest.mark.parametrize("make", [noted, pictured])
def test_an_edit_of_its_message_does_not_bring_words_back_that_somebody_took_out(spy: SpyKit, make: Make):
    leads(spy, f'timeline edit {make(spy, SECRET)} "redacted"')

    edits(spy, f"{SECRET} !")

    assert "redacted" in lines(spy)
    assert "hunter2" not in lines(spy)
    assert "(edited by Ana Lima 12:00 UTC)" in lines(spy)


@pytest.mark.parametrize("make", [noted, pictured])
def test_an_edit_of_its_message_does_not_show_a_hidden_line(spy: SpyKit, make: Make):
    leads(spy, f"timeline hide {make(spy, SECRET)}")

    edits(spy, f"{SECRET} !")

    assert "hunter2" not in lines(spy)


def test_a_merged_line_keeps_the_words_of_the_others_when_its_message_is_edited(spy: SpyKit):
    first, second = noted(spy, "it is the deploy"), noted(spy, "rolled back", ts="1795435001.000100")
    leads(spy, f"timeline merge {first} {second}")

    edits(spy, "it is the cache")
    edits(spy, "rolled forward", ts="1795435001.000100")

    assert [it.text for it in shown(spy, "note_taken")] == ["it is the deploy · rolled back"]


def test_a_line_that_somebody_edited_and_moved_stays_as_they_left_it(spy: SpyKit):
    number = noted(spy, SECRET)
    leads(spy, f'timeline edit {number} "redacted"')
    leads(spy, f"timeline move {number} to 11:30")

    edits(spy, f"{SECRET} !")

    assert [it.text for it in shown(spy, "note_taken")] == ["redacted"]


def test_a_line_that_was_only_moved_still_follows_its_message(spy: SpyKit):
    leads(spy, f"timeline move {noted(spy, 'look')} to 11:30")

    edits(spy, "look here")

    [note] = shown(spy, "note_taken")
    assert (note.text, f"{note.occurred_at:%H:%M}") == ("look here", "11:30")


def test_a_line_that_follows_its_message_again_and_again_does_so(spy: SpyKit):
    noted(spy, "one")

    edits(spy, "two")
    edits(spy, "three")

    assert [it.text for it in shown(spy, "note_taken")] == ["three"]


def test_an_edit_of_its_message_leaves_a_line_kept(spy: SpyKit):
    leads(spy, f"timeline keep {noted(spy, 'look')}")

    edits(spy, "look here")

    assert [(it.text, it.visibility) for it in shown(spy, "note_taken")] == [("look here", "kept")]


@pytest.mark.parametrize("change", ['edit {} "redacted"', "hide {}"])
def test_another_memo_does_not_bring_words_back_that_somebody_took_out(spy: SpyKit, change: str):
    leads(spy, f"timeline {change.format(noted(spy, SECRET))}")
    takes_back(spy, "U0RAJ")

    noted(spy, SECRET)

    assert "hunter2" not in lines(spy)


def test_a_picture_that_was_hidden_does_not_come_back_with_a_repeated_event(spy: SpyKit):
    leads(spy, f"timeline hide {pictured(spy)}")

    pictured(spy, event="EvAgain")

    assert shown(spy, "image_shared") == []


def test_words_of_two_people_in_one_line_do_not_go_with_the_memo_of_one(spy: SpyKit):
    first, second = (
        noted(spy, "it is the deploy"),
        noted(spy, "rolled back", ts="1795435001.000100", by="U0ANA"),
    )
    leads(spy, f"timeline merge {first} {second}")

    takes_back(spy, "U0RAJ")
    takes_back(spy, "U0KIM")
    after_theirs = [it.text for it in shown(spy, "note_taken")]
    takes_back(spy, "U0ADM")

    assert after_theirs == ["it is the deploy · rolled back"]
    assert shown(spy, "note_taken") == []


def test_another_memo_on_a_message_that_has_its_note_adds_nothing(spy: SpyKit):
    noted(spy, "look")
    spy.notice(Reacted(id="Ev9", channel=CHANNEL, person="U0ANA", ts=TS, emoji="memo"))

    noted(spy, "look")

    assert len(shown(spy, "note_taken")) == 1
