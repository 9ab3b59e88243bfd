"""What may be published, and how publications of one trouble belong together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.refusal import Refusal
from bot.domain.status.component import USUAL_STATES, Level
from bot.domain.status.publication import (
    Publication,
    Stage,
    StatusDraft,
    must_be_for_customers,
    publish,
    stage_of,
)
from tests.support.status import CHECKOUT

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
INCIDENT = Incident.declared(3, events.Declared(at=NOON, by="U0ANA", name="ledger theft", private=True))
DRAFT = StatusDraft(
    number=1,
    component="checkout",
    state="degraded",
    words="Payments are slow.",
    by="U0ANA",
    at=NOON,
    stage=Stage.INVESTIGATING,
)


def published(number: int, state: str, before: Publication | None) -> Publication:
    return publish(
        replace(DRAFT, state=state),
        number=number,
        component=CHECKOUT,
        state=USUAL_STATES[state],
        before=before,
        by="U0ANA",
        at=NOON + timedelta(minutes=number),
    )


def test_a_trouble_lasts_from_its_first_publication_until_it_works_again():
    slow = published(1, "degraded", None)
    down = published(2, "major_outage", slow)
    works = published(3, "operational", down)
    again = published(4, "degraded", works)

    assert [it.thread for it in (slow, down, works, again)] == [1, 1, 1, 4]
    assert [it.since for it in (down, again)] == [slow.at, again.at]
    assert [it.is_over for it in (slow, down, works, again)] == [False, False, True, False]


def test_the_ids_of_publications_are_stable_and_differ_between_databases():
    one = published(1, "degraded", None)
    elsewhere = replace(one, at=one.at + timedelta(milliseconds=1))

    assert one.ident == replace(one, words="other words", report="inc1").ident
    assert one.ident.startswith("urn:uuid:")
    assert one.ident != elsewhere.ident
    assert one.mark != elsewhere.mark


@pytest.mark.parametrize(
    ("phase", "stage"),
    [
        (Phase.TRIAGE, Stage.INVESTIGATING),
        (Phase.INVESTIGATING, Stage.INVESTIGATING),
        (Phase.IDENTIFIED, Stage.IDENTIFIED),
        (Phase.MITIGATED, Stage.MONITORING),
        (Phase.MONITORING, Stage.MONITORING),
    ],
)
def test_the_stage_follows_the_phase_of_the_incident(phase: Phase, stage: Stage):
    assert stage_of(Level.DEGRADED, replace(INCIDENT, phase=phase)) is stage


def test_what_works_is_resolved_and_what_nobody_looks_at_is_investigated():
    assert stage_of(Level.OPERATIONAL, INCIDENT) is Stage.RESOLVED
    assert stage_of(Level.DEGRADED, None) is Stage.INVESTIGATING


def test_without_the_incident_the_stage_stays_as_it_was():
    watched = replace(published(1, "degraded", None), stage=Stage.MONITORING)
    over = published(2, "operational", watched)

    assert stage_of(Level.PARTIAL_OUTAGE, None, before=watched) is Stage.MONITORING
    assert stage_of(Level.PARTIAL_OUTAGE, None, before=over) is Stage.INVESTIGATING


@pytest.mark.parametrize(
    "words",
    [
        "<@U0ANA> looks into it",
        "See <#C0PAY|pay>",
        "<!channel> we are down",
        "INC-3 is open",
        "more in inc 3",
        "#inc-3-ledger-theft",
        "The Ledger Theft goes on",
        " ",
        "x" * 2_001,
    ],
)
def test_words_with_a_person_a_channel_or_the_incident_stay_inside(words: str):
    with pytest.raises(Refusal):
        must_be_for_customers(words, INCIDENT)


def test_plain_words_may_leave():
    words = "Payments in the EU are slow.\nNews at 14:00 UTC: https://example.com/a_b"

    assert must_be_for_customers(f" {words} ", INCIDENT) == words


def test_the_name_of_a_public_incident_may_be_the_words():
    public = replace(INCIDENT, private=False, name="checkout is down")

    assert must_be_for_customers("Checkout is down", public)
