"""On-call warnings: at which moment, how often, and for whom no more; told as what happens to one shift."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident.events import Declared
from bot.domain.incident.incident import Incident
from bot.domain.oncall.shift import Shift, Turn, shift_agenda, subject, unbroken
from bot.domain.policy import Policy
from bot.domain.refusal import Refusal
from bot.domain.subject import Occurrence

START = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
POLICY = Policy()


def turn(user: str = "PUANA", start: datetime = START, length: timedelta = 7 * DAY) -> Turn:
    return Turn(
        schedule="PSCH1",
        user=user,
        name=user,
        email=f"{user}@example.com",
        start=start,
        end=start + length,
    )


def shift(
    *, known: timedelta = 20 * DAY, zone: str = "UTC", start: datetime = START, length: timedelta = 7 * DAY
) -> Shift:
    return Shift.new(
        1,
        turn(start=start, length=length),
        team="imoc",
        person="U0ANA",
        zone=zone,
        known_since=start - known,
    )


def lived(shift: Shift, until: datetime, *, awake_from: datetime | None = None) -> list[str]:
    """Speak what is due, each at its moment (or when Spy is awake again), and tell how it went."""
    said = []
    while timers := sorted((it for it in shift_agenda(shift, POLICY)), key=lambda it: it.due_at):
        timer = timers[0]
        at = max(timer.due_at, awake_from or timer.due_at)
        if at > until:
            break
        shift = shift.after_sending(timer, at=at)
        said.append(f"{timer.reminder}/{timer.occurrence} {at - shift.start}")
    return said


def due(shift: Shift, reminder: str = "warning") -> tuple[str, datetime] | None:
    return next(
        ((str(it.occurrence), it.due_at) for it in shift_agenda(shift, POLICY) if it.reminder == reminder),
        None,
    )


# --- the usual course -------------------------------------------------------------------------------------


def test_a_shift_is_warned_of_a_week_a_day_and_an_hour_before_and_at_its_start():
    said = lived(shift(), START + 8 * DAY)

    assert said == [
        "warning/7d -7 days, 0:00:00",
        "warning/1d -1 day, 0:00:00",
        "warning/1h -1 day, 23:00:00",
        "unanswered/once -1 day, 23:00:00",
        "warning/start 0:00:00",
        "brief/once 0:00:00",
        "handover/20261207T090000Z 6 days, 23:00:00",
    ]


def test_who_is_ready_is_still_warned_and_nobody_else_hears():
    said = lived(shift().ready(by="U0ANA", at=START - DAY), START + 8 * DAY)

    assert [it.split()[0] for it in said] == [
        "warning/7d",
        "warning/1d",
        "warning/1h",
        "warning/start",
        "brief/once",
        "handover/20261207T090000Z",
    ]


def test_only_the_person_can_say_they_are_ready_and_once_is_enough():
    ready = shift().ready(by="U0ANA", at=START)

    assert ready.ready(by="U0ANA", at=START + HOUR) == ready
    with pytest.raises(Refusal, match="not yours"):
        ready.ready(by="U0RAJ", at=START)


def test_who_has_no_slack_account_is_not_on_the_agenda():
    assert shift_agenda(replace(shift(), person=None), POLICY) == []


# --- late -------------------------------------------------------------------------------------------------


def test_what_was_missed_while_spy_was_down_is_said_once():
    said = lived(shift(), START + DAY, awake_from=START - 30 * MINUTE)

    assert said == [
        "warning/7d -1 day, 23:30:00",
        "unanswered/once -1 day, 23:30:00",
        "warning/start 0:00:00",
        "brief/once 0:00:00",
    ]


def test_a_warning_is_late_when_it_comes_more_than_a_minute_after_it_was_due():
    timer = shift_agenda(shift(), POLICY)[0]

    in_time = shift().after_sending(timer, at=timer.due_at + MINUTE)
    late = shift().after_sending(timer, at=timer.due_at + 2 * MINUTE)

    assert (in_time.told[Occurrence("warning", "7d")].late, late.told[Occurrence("warning", "7d")].late) == (
        False,
        True,
    )


def test_a_shift_that_becomes_known_late_is_said_at_once_and_is_not_late():
    fresh = shift(known=3 * HOUR)

    assert due(fresh) == ("1d", fresh.known_since)
    assert [it.split()[0] for it in lived(fresh, START)] == [
        "warning/1d",
        "warning/1h",
        "unanswered/once",
        "warning/start",
        "brief/once",
    ]


def test_a_warning_right_after_another_is_left_out_unless_the_shift_begins():
    said = lived(shift(known=65 * MINUTE), START)
    at_the_last_moment = lived(shift(known=5 * MINUTE), START)

    assert said[0].startswith("warning/1d -1 day, 22:55")
    assert [it.split()[0] for it in said].count("warning/1h") == 0
    assert [it.split()[0] for it in at_the_last_moment] == [
        "warning/1h",
        "warning/start",
        "unanswered/once",
        "brief/once",
    ]


def test_who_gets_a_shift_at_short_notice_has_a_quarter_of_an_hour_to_answer():
    assert due(shift(known=50 * MINUTE), "unanswered") == ("once", START - 35 * MINUTE)


def test_who_has_been_on_call_for_hours_is_not_told_that_it_begins():
    assert due(shift(known=-2 * HOUR)) is None
    assert due(shift(known=-30 * MINUTE)) == ("start", START + 30 * MINUTE)


# --- moved ------------------------------------------------------------------------------------------------


def test_a_shift_that_moves_is_warned_of_anew():
    moved = turn(start=START + HOUR)

    assert subject(moved) != subject(turn())


def test_a_shift_that_goes_and_comes_back_is_not_warned_of_again_for_the_same_hour():
    warned = shift()
    for _ in range(2):
        timer = shift_agenda(warned, POLICY)[0]
        warned = warned.after_sending(timer, at=timer.due_at)
    gone = warned.gone(START - 20 * HOUR)

    back = gone.seen(turn(), person="U0ANA", zone="UTC", at=START - 10 * HOUR)

    assert shift_agenda(gone, POLICY) == []
    assert due(back) == ("1h", START - HOUR)


def test_a_handover_moves_with_the_end_of_the_shift():
    shorter = shift().seen(turn(length=DAY), person="U0ANA", zone="UTC", at=START)

    assert due(shift(), "handover") == ("20261207T090000Z", START + 7 * DAY - HOUR)
    assert due(shorter, "handover") == ("20261201T090000Z", START + DAY - HOUR)


def test_a_shift_of_an_hour_needs_no_handover():
    assert due(shift(length=HOUR), "handover") is None


# --- zones and clocks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "utc"),
    [
        (datetime(2026, 10, 25, 8, 0, tzinfo=UTC), "24 07:00"),  # 9:00 in Berlin, an hour gained in the night
        (datetime(2027, 3, 28, 7, 0, tzinfo=UTC), "27 08:00"),  # 9:00 in Berlin, an hour lost
    ],
)
def test_a_day_before_is_the_same_time_of_day_when_clocks_change(start: datetime, utc: str):
    mine = shift(start=start, zone="Europe/Berlin", known=2 * DAY)

    mine = mine.after_sending(shift_agenda(mine, POLICY)[0], at=mine.known_since)

    found = due(mine)
    assert found
    assert (found[0], f"{found[1]:%d %H:%M}") == ("1d", utc)


def test_an_hour_before_is_an_hour_also_on_the_night_when_clocks_change():
    start = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 2:30 in Berlin, for the second time that night
    mine = shift(start=start, zone="Europe/Berlin", known=30 * HOUR)

    said = lived(mine, start)

    assert "warning/1h -1 day, 23:00:00" in said


def test_a_person_who_moves_zone_is_warned_by_their_new_clock():
    start = datetime(2026, 10, 25, 8, 0, tzinfo=UTC)
    mine = shift(start=start, zone="Europe/Berlin", known=2 * DAY)
    mine = mine.after_sending(shift_agenda(mine, POLICY)[0], at=mine.known_since)

    moved = mine.seen(mine.turn, person="U0ANA", zone="Asia/Kolkata", at=start - 30 * HOUR)

    assert due(moved) == ("1d", start - DAY)


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001  given a zone below
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Apia"]),
    known=st.integers(-100, 500),
    down=st.integers(-400, 50),
)
def test_no_warning_comes_twice_or_after_the_end_and_the_next_is_always_later(
    start: datetime, zone: str, known: int, down: int
):
    mine = shift(start=start.replace(tzinfo=UTC), zone=zone, known=known * HOUR)

    said = lived(mine, mine.end, awake_from=mine.start + down * HOUR)

    names = [it.split()[0] for it in said]
    assert len(names) == len(set(names))


# --- schedules --------------------------------------------------------------------------------------------


def test_entries_that_follow_each_other_are_one_shift():
    entries = [
        turn(length=DAY),
        turn(start=START + DAY, length=DAY),
        turn("PURAJ", start=START + 2 * DAY, length=HOUR),
        turn(start=START + 2 * DAY + HOUR, length=DAY),
    ]

    shifts = unbroken(reversed(entries))

    assert [(it.user, it.start - START, it.end - START) for it in shifts] == [
        ("PUANA", 0 * DAY, 2 * DAY),
        ("PURAJ", 2 * DAY, 2 * DAY + HOUR),
        ("PUANA", 2 * DAY + HOUR, 3 * DAY + HOUR),
    ]


# --- too many incidents -----------------------------------------------------------------------------------


def opened(*hours: float, drill: bool = False) -> list[Incident]:
    return [
        Incident.declared(number, Declared(at=START + it * HOUR, by="U0ANA", name="down", drill=drill))
        for number, it in enumerate(hours, start=41)
    ]


@pytest.mark.parametrize(
    ("incidents", "are_too_many"),
    [
        (opened(1, 5), False),
        (opened(1, 5, 13), False),
        (opened(2, 5, 13), True),
        (opened(-1, 5, 13), False),
        (opened(2, 5, 13, drill=True), False),
    ],
)
def test_three_incidents_in_twelve_hours_of_a_shift_are_too_many(
    incidents: list[Incident], *, are_too_many: bool
):
    weighed = shift().after_incidents(incidents, POLICY.timers, at=START + 13 * HOUR)

    assert due(weighed, "overload") == (("once", START + 13 * HOUR) if are_too_many else None)


def test_relief_is_offered_once_a_shift():
    weighed = shift().after_incidents(opened(1, 2, 3), POLICY.timers, at=START + 3 * HOUR)
    timer = next(it for it in shift_agenda(weighed, POLICY) if it.reminder == "overload")
    offered = weighed.after_sending(timer, at=timer.due_at)

    again = offered.after_incidents(opened(1, 2, 3, 4), POLICY.timers, at=START + 4 * HOUR)

    assert due(again, "overload") is None
    assert again.overload
    assert again.overload.incidents == (41, 42, 43)
