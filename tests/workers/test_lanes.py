"""A lane that stands still is told where it can be read, once, and once more when it moves again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.effects import Effect, MeetPerson, Notify, Post, UpsertMessage
from bot.domain.incident.effects import Invite, SetTopic
from bot.domain.message import Message
from bot.domain.paging.effects import SendPage, ShowPhones
from bot.domain.subject import IncidentChannel
from bot.ports import OutboxItem
from bot.services.transaction import Transaction
from bot.testing import POLICY, SpyKit
from bot.workers.deliver.attempt import Attempt
from bot.workers.lanes import TOLD, Lanes
from bot.workers.outbox import Delivery
from plugins import incident

LEASE = timedelta(seconds=20)
ADMIN = replace(POLICY, permissions={"admin": frozenset({"U0ADMIN"})})


class Willing:
    """A handler to whom everything succeeds."""

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt:
        del item, tx
        return Attempt(call=lambda: None)

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        raise AssertionError(f"{item} was given up at {tx.now}: {why}")


class Play:
    def __init__(self) -> None:
        self.spy = SpyKit(incident, policy=ADMIN)
        self.spy.say('incident me "checkout is down" sev1')
        self.spy.create_channel(1, channel="C0ROOM")
        self.spy.deliver()
        self.lanes = Lanes(
            sessions=self.spy.sessions,
            clock=self.spy.clock,
            policy=lambda: ADMIN,
            lease=LEASE,
            wake=lambda: None,
            is_chat_down=lambda: self.is_chat_down,
        )
        self.is_chat_down = False

    def hang(self, effect: Effect) -> None:
        """Let an effect be under way for longer than its lease."""
        with self.spy.tx() as tx:
            tx.send(effect)
        with self.spy.sessions.begin() as session:
            session.outbox.claim("hangs", now=self.spy.clock.now(), lease=LEASE, limit=1)
        self.spy.clock.tick(minutes=1)

    def look(self, times: int = 3) -> list[Notify]:
        for _ in range(times):
            self.lanes.look()
        return list(self.spy.asked(Notify))

    def move_on(self) -> None:
        """Let all that waits leave."""
        delivery = Delivery(
            Willing(), sessions=self.spy.sessions, clock=self.spy.clock, policy=ADMIN, lease=LEASE, senders=2
        )
        assert delivery.drain(within=timedelta(seconds=10))
        delivery.stop()


@pytest.fixture
def play() -> Play:
    return Play()


OF_AN_INCIDENT = [
    SendPage(key="page", page=1),
    SetTopic(key="topic", incident=1),
    Invite(key="invite", incident=1, people=("U0KIM",)),
    Post(key="answer", to="C0ROOM", message=Message(text="here")),
    ShowPhones(key="phones", asker="U0KIM", to=IncidentChannel(1)),
    UpsertMessage(key="page:7", message_type="page", ref=7, to=IncidentChannel(1)),
]


@pytest.mark.parametrize("effect", OF_AN_INCIDENT, ids=lambda it: type(it).__name__)
def test_it_is_told_once_in_the_incidents_channel(play: Play, effect: Effect):
    play.hang(effect)

    [told] = play.look()

    assert (told.to, told.template, told.lane) == (IncidentChannel(1), "shared/stuck", told.key)


OF_NONE = [MeetPerson(key="meet", person="U0KIM"), Post(key="dm", to="D0KIM", message=Message(text="secret"))]


@pytest.mark.parametrize("effect", OF_NONE, ids=lambda it: type(it).__name__)
def test_without_an_incident_who_looks_after_spy_is_told_and_no_private_word(play: Play, effect: Effect):
    play.hang(effect)

    [told] = play.look()

    assert told.to == "U0ADMIN"
    assert "secret" not in str(told)


def test_what_is_taken_up_again_by_the_next_look_is_not_told(play: Play):
    play.hang(SetTopic(key="topic", incident=1))
    play.look(times=1)
    play.move_on()

    assert play.look() == []


def test_when_it_has_left_a_second_line_says_so(play: Play):
    play.hang(SetTopic(key="topic", incident=1))
    play.look()
    play.move_on()

    assert [it.template for it in play.look()] == ["shared/stuck", "shared/left"]


def test_what_was_late_and_never_told_needs_no_second_line(play: Play):
    play.hang(SetTopic(key="topic", incident=1))
    play.move_on()

    assert play.look() == []


def test_readiness_tells_kinds_and_seconds_and_no_more(play: Play):
    assert play.lanes.trouble() == ""

    play.hang(Post(key="dm", to="D0KIM", message=Message(text="secret")))

    assert play.lanes.trouble() == "1 lanes stand still, for up to 40 s: Post"
    assert play.lanes.by_kind() == {"Post": 1}


def test_while_slack_answers_nobody_no_report_is_queued_for_it():
    play = Play()
    play.is_chat_down = True
    play.hang(SetTopic(key="topic:1:x", incident=1))

    in_vain = play.look()
    play.is_chat_down = False

    assert in_vain == []
    assert [it.template for it in play.look()] == ["shared/stuck"]


def test_of_a_report_that_waits_nobody_gets_a_report(play: Play):
    play.hang(SetTopic(key="topic", incident=1))
    play.look()
    play.spy.clock.tick(minutes=1)

    assert [it.template for it in play.look()] == ["shared/stuck"]


def test_if_all_waits_the_maintainers_are_told_once_and_the_channels_nothing(play: Play):
    with play.spy.tx() as tx:
        for at in range(TOLD + 1):
            tx.send(Invite(key=f"invite:{at}", incident=1, people=(f"U{at}",)))
    play.spy.clock.tick(minutes=1)

    [told] = play.look()

    assert (told.to, told.template) == ("U0ADMIN", "shared/behind")
