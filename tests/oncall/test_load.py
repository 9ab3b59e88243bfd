"""What being on call asks of people, counted."""

from datetime import UTC, datetime, timedelta

from bot.domain.incident.timeline import Entry
from bot.domain.oncall.load import CommandPeriod, Ring, command_periods, is_night, loads, most_at_once
from bot.domain.oncall.schedule import Schedule
from bot.domain.oncall.shift import Shift, Turn
from bot.domain.policy import Timers

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ring(hours: float, about: str = "INC-1", person: str = "U0ANA") -> Ring:
    return Ring(person=person, at=NOON + hours * HOUR, about=about)


def entry(kind: str, hours: float, by: str = "U0ANA", **data: str) -> Entry:
    at = NOON + hours * HOUR
    return Entry(
        incident=1, seq=1, kind=kind, occurred_at=at, recorded_at=at, actor=by, source="slash", data=data
    )


def test_pages_about_one_thing_are_one_incident():
    assert most_at_once([ring(0), ring(1), ring(2)]) == 1


def test_the_busiest_twelve_hours_count_wherever_they_begin():
    several = [ring(0, "INC-1"), ring(11, "INC-2"), ring(13, "INC-3"), ring(22, "INC-4")]

    assert most_at_once(several) == 3
    assert most_at_once([ring(0, "INC-1"), ring(12, "INC-2")]) == 1


def test_night_is_where_the_person_lives():
    late = NOON.replace(hour=20)

    assert [is_night(late, zone, Timers()) for zone in ("UTC", "Asia/Kolkata", "America/Los_Angeles")] == [
        False,
        True,
        False,
    ]
    assert [is_night(NOON.replace(hour=hour), "UTC", Timers()) for hour in (21, 22, 6, 7)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_night_may_lie_within_one_day_or_not_be_at_all():
    small_hours, none = Timers(night_from=0, night_until=8), Timers(night_from=0, night_until=0)

    assert [is_night(NOON.replace(hour=hour), "UTC", small_hours) for hour in (23, 0, 7, 8)] == [
        False,
        True,
        True,
        False,
    ]
    assert not is_night(NOON.replace(hour=3), "UTC", none)


def test_time_in_command_is_cut_at_the_beginning_of_what_is_asked():
    led = {"INC-1": [CommandPeriod(person="U0ANA", start=NOON - 5 * HOUR, end=NOON + HOUR)]}

    load = loads([], led, since=NOON, zones={}, timers=Timers())[0]

    assert (load.person, load.commanded, load.incidents) == ("U0ANA", HOUR, 1)


def test_the_most_burdened_come_first_and_two_in_a_shift_are_marked():
    rings = [ring(0, person="U0KIM"), ring(0, "INC-1"), ring(1, "INC-2")]

    first, second = loads(rings, {}, since=NOON, zones={}, timers=Timers())

    assert (first.person, first.pages, first.is_heavy) == ("U0ANA", 2, True)
    assert (second.person, second.is_heavy) == ("U0KIM", False)


def test_what_somebody_leads_weighs_as_what_they_are_paged_for():
    led = {
        name: [CommandPeriod(person="U0ANA", start=NOON + at * HOUR, end=NOON + 9 * HOUR)]
        for name, at in (("INC-1", -9), ("INC-2", 1), ("INC-3", 2))
    }

    [load] = loads([ring(1, "INC-2")], led, since=NOON, zones={}, timers=Timers())

    assert (load.pages, load.incidents, load.busiest, load.is_heavy) == (1, 3, 2, True)


def test_command_is_read_from_the_timeline_over_handovers_and_reopening():
    told = [
        entry("declared", 0),
        entry("command_taken", 1, by="U0RAJ", commander="U0RAJ"),
        entry("resolved", 2, by="U0RAJ"),
        entry("reopened", 5, by="U0KIM"),
    ]

    found = command_periods(told, now=NOON + 6 * HOUR)

    assert [(it.person, it.end - it.start) for it in found] == [
        ("U0ANA", HOUR),
        ("U0RAJ", HOUR),
        ("U0RAJ", HOUR),
    ]


def test_the_time_in_command_ends_when_the_incident_is_merged_into_another():
    [led] = command_periods([entry("declared", 0), entry("merged_into", 1)], now=NOON + 9 * HOUR)

    assert led.end == NOON + HOUR


def test_who_was_on_call_is_found_among_shifts_that_overlap():
    def shift(start: int, end: int, person: str) -> Shift:
        turn = Turn(
            schedule="PSCH1",
            user=person,
            name=person,
            email=None,
            start=NOON + start * HOUR,
            end=NOON + end * HOUR,
        )
        return Shift(number=1, turn=turn, team="imoc", known_since=NOON, person=person)

    schedule = Schedule(
        [shift(0, 9, "U0ANA"), shift(1, 2, "U0RAJ"), shift(3, 4, "U0KIM"), shift(20, 21, "U0ZOE")]
    )

    assert [schedule.person_at(NOON + it * HOUR) for it in (-1, 0, 1, 3, 8, 9, 20, 21)] == [
        None,
        "U0ANA",
        "U0ANA",
        "U0ANA",
        "U0ANA",
        None,
        "U0ZOE",
        None,
    ]
