"""Slack is away for hours: pages leave, nothing is lost, what is late comes in order, dated, and asks for nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.effects import MeetPerson
from bot.domain.message import Message
from bot.ports import Posted, Unreachable
from bot.testing import FrozenClock, SpyKit
from bot.workers.attempt_result import FEWEST_TRIES, LONGEST_OUTAGE
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.outbox import Delivery
from tests.fakes.chat import FakeChat
from tests.fakes.pager import FakePager
from tests.support.delivering import Inline
from tests.support.folders import PLUGINS
from tests.support.templates import shipped

LEASE = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)


class Chat(FakeChat):
    """A chat that may be away for all, or fail for one method while it answers others."""

    def __init__(self, clock: FrozenClock) -> None:
        super().__init__()
        self.clock = clock
        self.is_away = False
        self.broken: set[str] = set()
        self.breaks_after = ""
        """The words of the message that is posted while its answer is lost."""

    def _called(self, method: str) -> None:
        if self.is_away:
            away = Unreachable("Slack did not answer: the connection was refused")
            away.steady_since = self.clock.now()
            raise away
        if method in self.broken:
            raise Unreachable(f"Slack answered {method} with 500")
        super()._called(method)

    def post(self, to: str, message: Message, *, key: str, thread: str | None = None) -> Posted:
        posted = super().post(to, message, key=key, thread=thread)
        if self.breaks_after and self.breaks_after in message.text:
            self.breaks_after, self.is_away = "", True
            self._called("post")
        return posted


@dataclass
class World:
    spy: SpyKit
    chat: Chat
    pager: FakePager = field(default_factory=FakePager)

    def __post_init__(self) -> None:
        handlers = Handlers(Clients(templates=self.spy.templates, chat=self.chat, maybe_pager=self.pager))
        self.delivery = Delivery(
            handlers,
            sessions=self.spy.sessions,
            clock=self.spy.clock,
            policy=self.spy.policy,
            lease=LEASE,
            senders=4,
            pool=Inline(),
        )

    def declare_while_slack_is_away(self, severity: str = "sev1") -> None:
        self.chat.is_away = True
        self.spy.say(f'incident me "checkout is down" {severity}', channel=None)

    def slack_returns(self, *, after: int) -> None:
        """Let so many minutes pass, and deliver what has waited."""
        self.spy.clock.tick(minutes=after)
        self.chat.is_away = False
        self.deliver()

    def drain(self) -> None:
        """Try all that is due."""
        while not self.delivery.step():
            pass

    def deliver(self) -> None:
        """Deliver all that can be delivered."""
        for _ in range(100):
            self.spy.clock.tick(seconds=31)
            self.drain()
            if not self.waiting():
                return
        raise AssertionError(self.waiting())

    def try_in_vain(self, **of: float) -> None:
        """Let time pass while Spy tries, with all reminders that come due."""
        until = self.spy.clock.now() + timedelta(**of)
        while self.spy.clock.now() < until:
            self.spy.pass_time(minutes=5)
            self.drain()

    def waiting(self) -> list[str]:
        return [it.effect.key for it in self.spy.sessions.queued() if it.state not in {"done", "failed"}]

    def say(self, text: str, **more: Any) -> None:
        self.spy.say(text, channel=None, incident=1, **more)

    @property
    def channel(self) -> str:
        [channel] = [it.id for it in self.chat.channels.values() if it.name.startswith("inc-1-")]
        return channel

    @property
    def texts(self) -> list[str]:
        return self.chat.said_in(self.channel)


@pytest.fixture
def world() -> Iterator[World]:
    clock = FrozenClock()
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock)
    spy.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel")
    world = World(spy=spy, chat=Chat(clock))
    yield world
    world.delivery.stop()


def dated(world: World, ago: timedelta) -> str:
    return f"<!date^{int((world.spy.clock.now() - ago).timestamp())}^"


def test_pages_leave_at_once_and_the_channel_is_made_and_filled_in_order_when_slack_returns(world: World):
    world.declare_while_slack_is_away()
    world.drain()
    paged = len(world.pager.pages)
    world.spy.clock.tick(minutes=5)
    world.say('incident update "rolling back"')
    world.spy.clock.tick(minutes=5)
    world.say('incident impact "nobody can pay"')

    world.slack_returns(after=5)

    assert paged == 1
    card, late = world.texts[:2]
    assert "checkout is down" in card
    assert "While Slack did not take messages" in late
    assert late.index("rolling back") < late.index("nobody can pay")
    assert late.count("<!date^") >= 4
    assert sum("rolling back" in it for it in world.texts[1:]) == 1


def test_no_message_is_given_up_because_slack_is_away_for_a_night(world: World):
    world.declare_while_slack_is_away("sev3")
    world.try_in_vain(hours=4)
    world.say('incident update "it is the payment provider"')

    world.slack_returns(after=2)

    lost = [it.effect for it in world.spy.sessions.queued() if it.state == "failed"]
    assert [it for it in lost if not isinstance(it, MeetPerson)] == []  # a job asks who they are again
    assert any("it is the payment provider" in it for it in world.texts)


def test_what_slack_fails_while_it_answers_others_is_given_up_as_ever(world: World):
    world.chat.broken = {"create_channel"}
    world.spy.say('incident me "checkout is down" sev3', channel=None)

    for _ in range(8):
        world.spy.clock.tick(minutes=10)
        world.drain()

    assert world.spy.incident(1).channel_refused


def test_nothing_is_tried_for_ever(world: World):
    world.declare_while_slack_is_away("sev3")
    world.drain()
    world.spy.clock.tick(minutes=LONGEST_OUTAGE / MINUTE + 1)
    for _ in range(FEWEST_TRIES):
        world.drain()
        world.spy.clock.tick(minutes=1)

    assert world.spy.incident(1).channel_refused


def test_what_another_clock_dates_hours_back_is_not_given_up_at_its_first_failure(world: World):
    world.chat.broken = {"create_channel"}
    world.spy.say('incident me "checkout is down" sev3', channel=None)
    world.spy.clock.tick(hours=2)
    world.drain()
    world.chat.broken = set()

    world.deliver()

    assert world.spy.incident(1).channel


def test_no_reminder_whose_update_has_come_is_posted_late(world: World):
    world.declare_while_slack_is_away()
    world.try_in_vain(hours=1)
    world.say('incident update next 30m "rolling back"')

    world.slack_returns(after=2)

    everything = [it.message.text for it in world.chat.posts]
    assert not [it for it in everything if "pdate is due" in it or "pdate is overdue" in it]


def test_an_incident_that_is_over_asks_nobody_for_anything(world: World):
    world.declare_while_slack_is_away()
    world.spy.clock.tick(minutes=3)
    world.say("incident hand @raj")
    world.try_in_vain(hours=2)
    world.say('incident resolve "rolled back"')

    world.slack_returns(after=2)

    everything = [
        it.message.text for it in world.chat.posts if "postmortem" not in it.message.text.casefold()
    ]
    asking = (
        "press *I have command*",
        "no longer offered",
        "Who could take over",
        "is due",
        "is overdue",
        "Now paging",
    )
    assert not [it for it in everything if any(words in it for words in asking)]
    assert any("rolled back" in it for it in world.texts)


def test_lines_that_waited_in_a_channel_come_together_after_the_one_that_was_tried_first(world: World):
    world.spy.say('incident me "checkout is down" sev3', channel=None)
    world.deliver()
    world.chat.is_away = True
    for words in ("one", "two", "three"):
        world.say(f'incident update "{words}"')
        world.spy.clock.tick(minutes=2)
        world.drain()
    world.chat.is_away = False

    world.deliver()

    first, late = (it for it in world.texts if "*Update*" in it)
    assert "one" in first
    assert late.index("two") < late.index("three")


def test_a_line_that_had_arrived_after_all_is_not_repeated_with_the_late_ones(world: World):
    world.spy.say('incident me "checkout is down" sev3', channel=None)
    world.deliver()
    world.chat.breaks_after = "one"
    for words in ("one", "two", "three"):
        world.say(f'incident update "{words}"')
        world.spy.clock.tick(minutes=2)
        world.drain()
    world.chat.is_away = False

    world.deliver()

    about = [it for it in world.texts if "one" in it or "two" in it or "three" in it]
    assert sum("one" in it for it in about) == 1
    assert sum("two" in it for it in about) == 1


def test_lines_that_came_after_a_lost_answer_have_a_message_of_their_own(world: World):
    """What arrived stays as it is. More than one message holds would be cut off there."""
    world.spy.say('incident me "checkout is down" sev3', channel=None)
    world.deliver()
    world.chat.is_away = True
    for number in range(3):
        world.say(f'incident update "early {number}."')
    world.try_in_vain(minutes=5)
    world.chat.is_away, world.chat.breaks_after = False, "early 0"
    while not world.chat.is_away:
        world.spy.clock.tick(seconds=31)
        world.drain()
    for number in range(60):
        world.say(f'incident update "later {number}."')
    world.try_in_vain(minutes=5)
    [arrived] = [it for it in world.texts if it.startswith("*While Slack")]
    world.chat.is_away = False

    world.deliver()

    about = [it for it in world.texts if it.startswith("*While Slack")]
    assert about[0] == arrived
    said = [*(f"early {it}." for it in range(3)), *(f"later {it}." for it in range(60))]
    assert [sum(each in it for it in about) for each in said] == [1] * len(said)


def test_one_late_line_says_when_it_happened(world: World):
    world.spy.say('incident me "checkout is down" sev3', channel=None)
    world.deliver()
    world.chat.is_away = True
    world.say('incident update "rolling back"')
    said_at = world.spy.clock.now()
    world.try_in_vain(minutes=20)
    world.chat.is_away = False

    world.deliver()

    [line] = [it for it in world.texts if "rolling back" in it and "*Update*" in it]
    assert line.startswith(f"<!date^{int(said_at.timestamp())}^")
    assert "While Slack" not in line
