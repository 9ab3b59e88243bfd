"""The course of an incident, read from its timeline."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.incident.timeline import Entry
from bot.domain.postmortem.statistics import Bar, phases, updates

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def entry(kind: str, minute: int, **data: Any) -> Entry:
    at = NOON + timedelta(minutes=minute)
    return Entry(
        incident=1,
        seq=minute + 1,
        kind=kind,
        occurred_at=at,
        recorded_at=at,
        actor="U0ANA",
        source="",
        data=data,
    )


def until(minute: int) -> str:
    return (NOON + timedelta(minutes=minute)).isoformat()


def test_an_update_is_held_to_the_promise_that_stood_when_it_came():
    found = updates(
        [
            entry("declared", 0, next_due=until(15)),
            entry("update_posted", 15, next_due=until(30)),
            entry("severity_set", 20, next_due=until(25)),
            entry("update_posted", 32, next_due=None),
            entry("update_posted", 90, next_due=None),
        ]
    )

    assert [it.late for it in found] == [None, timedelta(minutes=7), None]
    assert [bool(it.promised) for it in found] == [True, True, False]


def test_phases_follow_each_other_and_a_reopened_incident_goes_on():
    found = phases(
        [
            entry("declared", 0),
            entry("phase_changed", 10, phase="mitigated"),
            entry("resolved", 20),
            entry("reopened", 60),
        ],
        now=NOON + timedelta(minutes=70),
    )

    assert [(it.label, it.state) for it in found] == [
        ("triage", "done"),
        ("mitigated", "done"),
        ("investigating", "active"),
    ]
    assert isinstance(found[0], Bar)
    assert found[2].end == NOON + timedelta(minutes=70)
