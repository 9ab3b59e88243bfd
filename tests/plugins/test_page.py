"""Paging from chat: asked for, followed, answered."""

import pytest

from bot.commands.ask import Answer, Way
from bot.commands.testkit import SpyKit
from bot.domain.effects import AnswerPage, SendPage, Show
from bot.ports import Ringing
from bot.services.paging import Paging
from bot.services.telling import Telling


def text(answer: Answer) -> str:
    assert answer.message
    return answer.message.text


def rings(spy: SpyKit, number: int) -> None:
    with spy.desk() as desk:
        Paging(desk).sent(number, Ringing(id="PD1", url="https://pd/PD1", status="triggered"))


def test_a_team_is_paged_and_its_line_walks(spy: SpyKit, room: str):
    answer = spy.say("page :payments cards are refused", channel=room)
    rings(spy, 2)

    line = spy.surface("page", 2).text
    assert text(answer).startswith("Page 2 to :payments is on its way.")
    assert line.startswith("*Page 2 to :payments*: cards are refused\nsent 12:00 UTC")
    assert line.endswith("not acknowledged so far")


def test_a_person_is_paged_by_mention_or_by_name(spy: SpyKit):
    spy.say("page <@U0RAJ|raj> come", channel="C0GENERAL")
    spy.say("page @kim come", channel="C0GENERAL")

    with spy.desk() as desk:
        assert [desk.work.pages.get(n).person for n in (1, 2)] == ["U0RAJ", "U0KIM"]  # type: ignore[union-attr]
    assert [it.to for it in spy.asked(Show)] == ["C0GENERAL", "C0GENERAL"]


def test_a_page_outside_an_incident_needs_none(spy: SpyKit):
    spy.say('page imoc "come"', way=Way.MENTION)

    assert len(spy.asked(SendPage)) == 1


def test_a_page_is_acknowledged_from_its_line(spy: SpyKit, room: str):
    rings(spy, 1)

    spy.say("pager ack 1", channel=room, by="U0RAJ")
    spy.press("Acknowledge", spy.surface("page", 1), by="U0KIM", channel=room)

    assert {it.answer for it in spy.asked(AnswerPage)} == {"acknowledged"}
    assert spy.asked(AnswerPage)[0].by == "U0RAJ"


def test_in_a_room_with_one_page_its_number_may_be_left_out(spy: SpyKit, room: str):
    rings(spy, 1)

    answer = spy.say("pager resolve", channel=room)

    assert text(answer).startswith("PagerDuty is asked to resolve page 1 (:imoc).")


def test_with_several_pages_the_choice_is_told(spy: SpyKit, room: str):
    spy.say("page :payments x", channel=room)
    rings(spy, 1)
    rings(spy, 2)

    assert text(spy.say("pager ack", channel=room)) == "Which page? Ringing now: 1 (:imoc), 2 (:payments)."


def test_a_page_that_pagerduty_does_not_have_yet_can_not_be_answered(spy: SpyKit, room: str):
    assert "has not reached PagerDuty yet" in text(spy.say("pager ack 1", channel=room))
    assert "There is no page 99." in text(spy.say("pager ack 99", channel=room))


@pytest.mark.parametrize("words", ['page raj "wake up"', "page :raj wake up"])
def test_who_takes_a_person_for_a_team_hears_how_a_person_is_paged(spy: SpyKit, words: str):
    answer = spy.say(words).message

    assert answer
    assert answer.text == "There is no team :raj. Raj Patel is a person, who is written @raj."


def test_a_reason_that_is_a_sentence_ends_in_one_full_stop(spy: SpyKit, room: str):
    spy.say("tell :payments hold", channel=room)

    with spy.desk() as desk:
        Paging(desk).failed(1, "PagerDuty refuses the token.")
        Telling(desk).failed(1, "That channel is archived.")

    said = "\n".join([*spy.lines(1), spy.surface("card", 1).text, spy.surface("tell", 1).text])
    assert said.count("PagerDuty refuses the token. Reach them another way") == 2
    assert said.count("That channel is archived. ") == 2
    assert ".." not in said
