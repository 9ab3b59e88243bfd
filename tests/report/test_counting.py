"""What a report counts of an incident, word for word as in docs/reports.md."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.incident.timeline import Entry
from bot.domain.postmortem.statistics import Update, clocks
from bot.domain.report.counting import (
    Distribution,
    Exclusion,
    Punctuality,
    ReliefCount,
    TimeTo,
    exclusion,
    is_of,
    percentile,
    relief,
    times,
)
from bot.domain.service import Service

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DOWN = Incident(
    number=1,
    name="down",
    declared_by="U0ANA",
    declared_at=NOON,
    channel_name="inc-1",
    commander="U0ANA",
)


def test_drills_merged_ones_and_false_alarms_are_not_counted():
    found = [
        exclusion(it)
        for it in (
            DOWN,
            replace(DOWN, recorded=True, phase=Phase.RESOLVED),
            replace(DOWN, drill=True, phase=Phase.MERGED),
            replace(DOWN, phase=Phase.MERGED),
            replace(DOWN, phase=Phase.FALSE_ALARM),
        )
    ]

    assert found == [None, None, Exclusion.DRILL, Exclusion.MERGED, Exclusion.FALSE_ALARM]


def test_an_incident_is_of_teams_that_were_paged_or_told_and_of_its_services_teams():
    services = {"checkout": Service(key="checkout", team="payments"), "api": Service(key="api")}
    told = replace(DOWN, told=("support",), services=("checkout", "api", "gone"))

    assert {
        it
        for it in ("payments", "support", "imoc", "search")
        if is_of(it, told, paged=False, services=services)
    } == {
        "payments",
        "support",
    }
    assert is_of("search", DOWN, paged=True, services={})


def test_times_count_from_the_impact_or_from_the_declaration():
    known = replace(
        DOWN,
        impact_since=NOON - 5 * MINUTE,
        first_acknowledged_at=NOON + 2 * MINUTE,
        first_updated_at=NOON + 10 * MINUTE,
        mitigated_at=NOON + 20 * MINUTE,
        resolved_at=NOON + 30 * MINUTE,
    )

    assert times(clocks(known, (), now=NOON)) == {
        TimeTo.DETECT: 5 * MINUTE,
        TimeTo.ACKNOWLEDGE: 2 * MINUTE,
        TimeTo.FIRST_UPDATE: 10 * MINUTE,
        TimeTo.MITIGATE: 25 * MINUTE,
        TimeTo.RESOLVE: 30 * MINUTE,
    }


def test_what_is_unknown_is_unknown_and_not_zero():
    assert set(times(clocks(DOWN, (), now=NOON)).values()) == {None}


def test_a_page_that_was_acknowledged_before_the_declaration_took_no_time():
    early = replace(DOWN, first_acknowledged_at=NOON - MINUTE)

    assert times(clocks(early, (), now=NOON))[TimeTo.ACKNOWLEDGE] == timedelta()


@pytest.mark.parametrize(
    ("minutes", "median", "high"),
    [([], None, None), ([7], 7, 7), ([10, 20], 15, 19), ([50, 10, 40, 20, 30], 30, 46)],
)
def test_percentiles_are_those_of_spreadsheets(minutes: list[int], median: int | None, high: int | None):
    """PERCENTILE.INC of 10, 20, 30, 40, 50 is 46 at 0.9."""
    found = [percentile([it * MINUTE for it in minutes], it) for it in (50, 90)]

    assert found == [None if it is None else it * MINUTE for it in (median, high)]


def test_unknown_times_are_counted_beside_the_known_ones():
    found = Distribution.of(TimeTo.DETECT, [MINUTE, None, 3 * MINUTE, None, None])

    assert (found.known, found.unknown, found.median) == (2, 3, 2 * MINUTE)


def test_updates_are_on_time_within_the_minute_that_people_promise():
    found = Punctuality.of(
        Update(at=NOON + it, promised=promised)
        for it, promised in (
            (timedelta(seconds=59), NOON),
            (timedelta(seconds=60), NOON),
            (timedelta(), None),
        )
    )

    assert found == Punctuality(on_time=1, late=1, not_promised=1)


# --- relief -----------------------------------------------------------------------------------------------


def happened(*kinds: tuple[str, dict[str, object]], actor: str = "U0RAJ") -> list[Entry]:
    return [
        Entry(
            incident=1,
            seq=seq,
            kind=kind,
            occurred_at=NOON,
            recorded_at=NOON,
            actor=actor,
            source="spy",
            data=data,
        )
        for seq, (kind, data) in enumerate(kinds, start=1)
    ]


def asked(period: int, step: str) -> tuple[str, dict[str, object]]:
    return "reminded", {"reminder": "relief", "occurrence": f"{period}.{step}", "mark": str(period)}


def taken(before: str | None, by: str) -> tuple[str, dict[str, object]]:
    return "command_taken", {"before": before, "commander": by}


PEOPLE = {"7": "U0ANA", "8": "U0KIM"}


def test_relief_counts_once_for_each_work_period_and_is_given_by_who_takes_over():
    one = happened(asked(7, "warn"), asked(7, "ask"), asked(7, "page"), taken("U0ANA", "U0RAJ"))
    other = happened(asked(7, "ask"), asked(8, "ask"))

    assert relief([one, other], PEOPLE) == ReliefCount(asked=2, given=1)


def test_a_warning_to_the_person_alone_asks_nobody():
    assert relief([happened(asked(7, "warn"), taken("U0ANA", "U0RAJ"))], PEOPLE) == ReliefCount()


def test_who_took_over_before_anybody_was_asked_gave_no_relief():
    timeline = happened(taken("U0ANA", "U0RAJ"), asked(7, "ask"), taken("U0RAJ", "U0KIM"))

    assert relief([timeline], PEOPLE) == ReliefCount(asked=1)


def test_a_role_that_goes_to_somebody_else_is_relief_too():
    timeline = happened(
        ("role_given", {"role": "scribe", "person": "U0KIM"}),
        asked(8, "ask"),
        ("role_given", {"role": "scribe", "person": "U0RAJ"}),
        ("relief_put_off", {"until": "2026-11-23T13:00:00Z"}),
    )

    assert relief([timeline], PEOPLE) == ReliefCount(asked=1, given=1, put_off=1)


def test_a_work_period_that_is_no_longer_kept_is_unknown():
    assert relief([happened(asked(9, "ask"))], PEOPLE) == ReliefCount(asked=1, unknown=1)
