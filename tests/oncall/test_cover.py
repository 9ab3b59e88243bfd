"""Cover: asked for, promised by the first, made sure of, and reminded about while it is not."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.oncall.cover import CoverRequest, CoverState, cover_agenda
from bot.domain.oncall.shift import Shift, Turn
from bot.domain.policy import Policy
from bot.domain.refusal import Refusal
from bot.domain.subject import Occurrence

START = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def asked(before: timedelta = 40 * DAY) -> CoverRequest:
    return CoverRequest(
        number=3,
        schedule="PSCH1",
        team="imoc",
        by="U0ANA",
        start=START,
        end=START + 2 * HOUR,
        asked_at=START - before,
    )


def reminder_messages(cover: CoverRequest) -> list[str]:
    """Speak each reminder when it is due, and tell which there were."""
    said = []
    while timers := cover_agenda(cover, Policy(), zone="UTC"):
        cover = cover.after_sending(timers[0], at=timers[0].due_at)
        said.append(str(timers[0].occurrence))
    return said


def test_an_uncovered_request_is_nagged_from_four_weeks_to_twelve_hours_before():
    assert reminder_messages(asked()) == ["28d", "21d", "14d", "7d", "3d", "2d", "1d", "12h"]


def test_what_was_due_before_it_was_asked_is_not_owed():
    assert reminder_messages(asked(before=2 * DAY + HOUR)) == ["2d", "1d", "12h"]


def test_several_that_were_missed_are_said_once():
    cover = asked()
    first = cover_agenda(cover, Policy(), zone="UTC")[0]

    after = cover.after_sending(first, at=START - 36 * HOUR)

    assert reminder_messages(after) == ["1d", "12h"]
    assert after.told[Occurrence("cover", "28d")].late


def test_nobody_is_nagged_once_somebody_covers():
    assert reminder_messages(asked().accept(by="U0RAJ", at=START - DAY)) == []
    assert reminder_messages(asked().accept(by="U0RAJ", at=START - DAY).made_sure()) == []
    assert reminder_messages(asked().withdraw(by="U0ANA", at=START - DAY)) == []


def test_the_first_one_covers():
    promised = asked().accept(by="U0RAJ", at=START - DAY)

    assert (promised.state, promised.taken_by) == (CoverState.PROMISED, "U0RAJ")
    with pytest.raises(Refusal, match="<@U0RAJ> covers it already"):
        promised.accept(by="U0KIM", at=START - DAY)


def test_who_covers_already_and_who_asked_read_what_they_can_do():
    cover = asked().accept(by="U0RAJ", at=START - DAY).made_sure()

    with pytest.raises(Refusal, match=r"^You already cover it.*`oncall cover`"):
        cover.accept(by="U0RAJ", at=START - DAY)
    with pytest.raises(Refusal, match=r"<@U0RAJ> covers it already\. Remove the override"):
        cover.withdraw(by="U0ANA", at=START - DAY)


def test_nobody_covers_for_themselves_or_too_late():
    with pytest.raises(Refusal, match="your own shift"):
        asked().accept(by="U0ANA", at=START - DAY)
    with pytest.raises(Refusal, match="has passed"):
        asked().accept(by="U0RAJ", at=START + DAY)


def test_a_promise_that_the_pager_does_not_take_opens_the_request_again():
    again = asked().accept(by="U0RAJ", at=START - 3 * DAY - HOUR).refused("no such user")

    assert (again.state, again.why) == (CoverState.ASKED, "no such user")
    assert reminder_messages(again)[-1] == "12h"


def test_only_who_asked_can_take_it_back():
    with pytest.raises(Refusal, match="Only <@U0ANA>"):
        asked().withdraw(by="U0RAJ", at=START - DAY)


@pytest.mark.parametrize(("hours", "state"), [((-10, 1), CoverState.ASKED), ((2, 9), CoverState.ELSEWHERE)])
def test_who_is_not_on_call_then_any_more_needs_no_cover(hours: tuple[int, int], state: CoverState):
    begins, ends = (START + it * HOUR for it in hours)
    own = Turn(schedule="PSCH1", user="PUANA", name="Ana", email=None, start=begins, end=ends)
    shift = Shift.new(1, own, team="imoc", person="U0ANA", zone="UTC", known_since=START - 40 * DAY)

    assert asked().compared_with([shift]).state is state


def test_days_are_counted_on_the_askers_calendar():
    start = datetime(2026, 10, 26, 17, 0, tzinfo=UTC)  # 18:00 in Berlin, the day after clocks changed
    cover = CoverRequest(
        number=3,
        schedule="PSCH1",
        team="imoc",
        by="U0ANA",
        start=start,
        end=start + HOUR,
        asked_at=start - 60 * HOUR,
    )

    assert cover_agenda(cover, Policy(), zone="Europe/Berlin")[0].due_at == start - 49 * HOUR
