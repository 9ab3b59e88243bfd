"""The end of a channel: off by default, announced a day before, put off by a press, and then archived once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.incident.effects import ArchiveChannel
from bot.domain.policy import Policy, ResolutionSettings
from bot.testing import POLICY, SpyKit
from bot.testing.clock import FrozenClock
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.support.folders import PLUGINS
from tests.support.outbox import deliver
from tests.support.templates import shipped

OWN = "C0ROOM"
ARCHIVES = replace(POLICY, resolution=ResolutionSettings(archive_channels=timedelta(days=14)))


def reviewed(policy: Policy = ARCHIVES) -> SpyKit:
    """Return a Spy whose only incident was reviewed a moment ago, on a Monday at noon."""
    clock = FrozenClock()
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=policy)
    spy.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel")
    spy.say('incident me "checkout is down" sev3')
    spy.create_channel(1, channel=OWN)
    spy.say('incident resolve "rolled back"', channel=OWN)
    for category in ("detection", "escalation", "recovery", "prevention"):
        spy.say(f'postmortem none {category} "it went well"', channel=OWN)
    spy.say("postmortem close", channel=OWN)
    return spy


@pytest.fixture
def spy() -> SpyKit:
    return reviewed()


def announced(spy: SpyKit) -> list[str]:
    return [it for it in spy.lines(1) if "will be archived" in it]


def pass_days(spy: SpyKit, days: int) -> None:
    for _ in range(days):
        spy.clock.tick(days=1)
        spy.tick()


def test_by_default_no_channel_is_archived():
    spy = reviewed(POLICY)

    pass_days(spy, 100)

    assert announced(spy) == []
    assert spy.asked(ArchiveChannel) == []


def test_where_no_channel_is_archived_there_is_nothing_to_keep():
    spy = reviewed(POLICY)

    answer = spy.say("incident channel keep", channel=OWN)

    assert answer.is_refusal
    assert answer.message
    assert "Spy does not archive channels here" in answer.message.text


def test_it_is_announced_a_day_before_and_then_done_once(spy: SpyKit):
    pass_days(spy, 12)
    assert announced(spy) == []

    pass_days(spy, 2)
    assert len(announced(spy)) == 1
    assert spy.asked(ArchiveChannel) == []

    pass_days(spy, 30)
    assert len(announced(spy)) == 1
    assert len(spy.asked(ArchiveChannel)) == 1


def test_one_press_keeps_the_channel(spy: SpyKit):
    pass_days(spy, 14)

    spy.say("incident channel keep", channel=OWN, by="U0RAJ")
    pass_days(spy, 30)

    assert [it for it in spy.lines(1) if "This channel stays" in it]
    assert spy.asked(ArchiveChannel) == []
    again = spy.say("incident channel keep", channel=OWN).message
    assert again
    assert "stays already" in again.text


def test_an_incident_that_was_opened_again_keeps_its_channel(spy: SpyKit):
    pass_days(spy, 14)

    spy.say("incident reopen", channel=OWN)
    pass_days(spy, 30)

    assert spy.asked(ArchiveChannel) == []


def test_after_an_outage_there_is_still_a_day_between(spy: SpyKit):
    spy.clock.tick(days=60)
    spy.tick()
    assert len(announced(spy)) == 1
    assert spy.asked(ArchiveChannel) == []

    pass_days(spy, 1)

    assert len(spy.asked(ArchiveChannel)) == 1


def test_slack_archives_it_unless_the_incident_was_opened_again_meanwhile(spy: SpyKit):
    chat = FakeChat()
    chat.has_channel(OWN, "inc-1-checkout-is-down", people=["U0ANA"])
    handlers = Handlers(Clients(templates=spy.templates, chat=chat))
    pass_days(spy, 16)
    [effect] = spy.asked(ArchiveChannel)

    spy.say("incident reopen", channel=OWN)
    assert not deliver(spy, handlers, effect)
    assert not chat.channels[OWN].archived

    spy.say('incident resolve "again"', channel=OWN)
    assert deliver(spy, handlers, effect)
    assert chat.channels[OWN].archived
