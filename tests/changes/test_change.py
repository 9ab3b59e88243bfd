"""What is known of a change, which ones an incident looks at, and what a suspect brings about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.changes.change import TOOL, Change, ChangeWindow, before_impact, suspect
from bot.domain.changes.events import ChangeCleared
from bot.domain.incident.agenda import agenda
from bot.domain.incident.events import (
    CauseSuspected,
    Declared,
    ImpactStated,
    PhaseChanged,
    Reopened,
    Resolved,
)
from bot.domain.incident.incident import Incident
from bot.domain.incident.milestone import holds
from bot.domain.incident.reminders import ROLL_BACK, change_suspected_at
from bot.domain.refusal import Refusal
from bot.domain.service import is_service_name, service_name
from bot.domain.text import one_line
from bot.testing import POLICY

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def deploy(**more: object) -> Change:
    facts = {
        "number": 12,
        "key": "k",
        "source": TOOL,
        "kind": "deploy",
        "service": "checkout",
        "title": "deploy 42",
        "happened_at": NOON,
        "as_of": NOON,
        "heard_at": NOON,
    }
    return Change(**(facts | more))


def declared() -> Incident:
    return Incident.declared(42, Declared(at=NOON, by="U0ANA", name="down", severity="sev1"))


def suspecting(at: datetime = NOON) -> Incident:
    event = suspect(declared(), deploy(), by="U0ANA", at=at)
    assert event
    return declared().after(event)


def rollback_due(incident: Incident) -> list[datetime]:
    return [it.due_at for it in agenda(incident, POLICY) if it.reminder == ROLL_BACK.name]


# --- one change -------------------------------------------------------------------------------------------


def test_what_is_told_later_counts_in_whatever_order_it_arrives():
    begun = deploy(outcome="in_progress", author="ana")
    ended = deploy(
        number=0, outcome="success", happened_at=NOON + MINUTE, as_of=NOON + MINUTE, url="https://x"
    )

    both = begun.updated_by(ended)

    assert both == replace(begun, outcome="success", as_of=NOON + MINUTE, url="https://x")
    assert replace(ended, number=12).updated_by(begun) == both


def test_an_old_word_takes_nothing_back():
    ended = deploy(outcome="failure", as_of=NOON + HOUR)

    assert ended.updated_by(deploy(outcome="queued", as_of=NOON)) == ended


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("checkout", "checkout"),
        (":checkout", "checkout"),
        ("Checkout API", "checkout-api"),
        ("acme/Checkout.API_2", "acme-checkout.api_2"),
        ("!?", None),
        ("", None),
        ("x" * 100, "x" * 80),
    ],
)
def test_a_services_name_is_made_of_what_people_call_it(words: str, name: str | None):
    assert service_name(words) == name
    assert name is None or is_service_name(name)


def test_a_title_is_one_line_that_any_database_keeps():
    assert one_line("a\n b\x00\ud800 ünïx 🔥") == "a b ünïx 🔥"
    assert one_line("x" * 400) == "x" * 299 + "…"


# --- in an incident ---------------------------------------------------------------------------------------


def test_an_incident_looks_at_the_hour_before_its_impact():
    stated = declared().after(ImpactStated(at=NOON, by="U0ANA", impact="x", since=NOON - 30 * MINUTE))

    assert before_impact(declared()).until == NOON
    assert before_impact(declared()).since == NOON - HOUR
    assert before_impact(stated).until == NOON - 30 * MINUTE


def test_what_came_back_is_sought_in_the_hour_before_it_did():
    reopened = declared().after(Resolved(at=NOON + HOUR, by="U0ANA"))
    reopened = reopened.after(Reopened(at=NOON + 5 * HOUR, by="U0ANA"))

    assert before_impact(reopened) == ChangeWindow(since=NOON + 4 * HOUR, until=NOON + 5 * HOUR)


def test_a_change_is_in_a_time_if_any_of_it_was():
    window = before_impact(declared())

    assert window.holds(deploy(happened_at=NOON - 2 * HOUR, as_of=NOON - HOUR))
    assert not window.holds(deploy(happened_at=NOON - 2 * HOUR, as_of=NOON - 61 * MINUTE))
    assert not window.holds(deploy(happened_at=NOON + MINUTE, as_of=NOON + MINUTE))


def test_a_change_is_suspected_once():
    incident = suspecting()

    assert [it.change for it in incident.suspects] == [12]
    assert suspect(incident, deploy(), by="U0RAJ", at=NOON) is None


def test_a_suspect_can_be_cleared_and_nothing_else():
    incident = suspecting()

    cleared = incident.clear(12, by="U0RAJ", at=NOON)

    assert cleared == ChangeCleared(at=NOON, by="U0RAJ", change=12, title="deploy 42")
    assert incident.after(cleared).suspects == ()
    with pytest.raises(Refusal):
        incident.clear(13, by="U0RAJ", at=NOON)


def test_a_suspect_is_a_cause():
    assert not holds("cause", declared())
    assert holds("cause", suspecting())


# --- roll back? -------------------------------------------------------------------------------------------


def test_a_suspect_asks_for_a_rollback_ten_minutes_in():
    assert rollback_due(suspecting()) == [NOON + 10 * MINUTE]
    assert rollback_due(suspecting(NOON + 25 * MINUTE)) == [NOON + 25 * MINUTE]
    assert rollback_due(declared()) == []


def test_once_it_is_mitigated_or_cleared_nobody_asks():
    mitigated = PhaseChanged(at=NOON, by="U0ANA", phase="mitigated", before="triage")

    assert rollback_due(suspecting().after(mitigated)) == []
    assert rollback_due(suspecting().after(ChangeCleared(at=NOON, by="U0ANA", change=12, title="x"))) == []


def test_the_words_of_a_stated_cause_still_count_and_the_earlier_of_the_two():
    stated = CauseSuspected(at=NOON + 5 * MINUTE, by="U0ANA", cause="the last deploy")

    assert change_suspected_at(declared().after(stated)) == NOON + 5 * MINUTE
    assert change_suspected_at(suspecting(NOON + 7 * MINUTE).after(stated)) == NOON + 5 * MINUTE
    assert change_suspected_at(suspecting().after(stated)) == NOON
