"""Several changes of one incident in one transaction: none is lost, and none undoes another."""

from dataclasses import replace

import pytest

from bot.adapters.rendering.templates import JinjaTemplates
from bot.commands.request import Shared
from bot.domain.incident.events import CauseSuspected, ImpactStated
from bot.testing import POLICY, FrozenClock, SpyKit
from plugins import incident, timeline
from tests.support.folders import TEMPLATES

CHANNEL = "C0ROOM"
SEV1 = replace(POLICY.severities["sev1"], page=("imoc", "payments"))


@pytest.fixture
def spy() -> SpyKit:
    """Sev1 pages two teams here."""
    clock = FrozenClock()
    return SpyKit(
        incident,
        timeline,
        policy=replace(POLICY, severities={**POLICY.severities, "sev1": SEV1}),
        templates=JinjaTemplates([TEMPLATES], clock=clock),
        clock=clock,
    )


def paged(spy: SpyKit) -> list[str]:
    return [it.data["whom"] for it in spy.timeline(1) if it.kind == "page_requested"]


def test_a_severity_that_pages_two_teams_opens_the_incident_and_pages_both(spy: SpyKit):
    spy.say('incident me "checkout is down" sev1')

    assert paged(spy) == [":imoc", ":payments"]


def test_a_raised_severity_pages_each_of_its_teams(spy: SpyKit):
    spy.say('incident me "checkout is down" sev3')
    spy.create_channel(1, channel=CHANNEL)

    spy.say("incident sev sev1", channel=CHANNEL)

    assert paged(spy) == [":imoc", ":payments"]


def test_each_picture_of_a_message_is_on_the_timeline(spy: SpyKit):
    spy.say('incident me "checkout is down" sev3')
    spy.create_channel(1, channel=CHANNEL)
    images = tuple((name, f"https://slack/{name}") for name in ("errors", "latency", "traffic"))

    spy.notice(Shared(id="Ev1", channel=CHANNEL, person="U0ZOE", ts="2.2", text="look", images=images))

    shared = [it.data["name"] for it in spy.timeline(1) if it.kind == "image_shared"]
    assert shared == ["errors", "latency", "traffic"]


def test_a_change_follows_those_before_it_also_if_its_caller_does_not_know_them(spy: SpyKit):
    spy.say('incident me "checkout is down" sev3')
    with spy.tx() as tx:
        known = tx.incident(1)
        tx.record(known, ImpactStated(at=tx.now, by="U0ANA", impact="EU", since=tx.now))
        tx.record(known, CauseSuspected(at=tx.now, by="U0ANA", cause="a deploy"))

    assert [it.kind for it in spy.timeline(1)] == ["declared", "impact_stated", "cause_suspected"]
    assert (spy.incident(1).impact, spy.incident(1).cause) == ("EU", "a deploy")
