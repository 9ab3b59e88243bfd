"""Phone numbers: shown to who asks and to nobody else, from the pager's copy or the Slack profile, kept nowhere."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.commands.request import Source
from bot.domain.oncall.shift import Turn
from bot.domain.paging.effects import ShowPhones
from bot.domain.policy import Account
from bot.ports import OnCallShift, OutboxItem, Profile, Rejected, Ringing
from bot.services.oncall.oncall import OnCall
from bot.services.oncall.shifts import Shifts
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.testing import POLICY, FrozenClock, SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.support.folders import PLUGINS
from tests.support.templates import shipped

AWAY = "PagerDuty did not answer: the connection was refused"


@dataclass
class World:
    spy: SpyKit
    chat: FakeChat = field(default_factory=FakeChat)

    def on_call(self, *shifts: OnCallShift) -> None:
        with self.spy.tx() as tx:
            OnCall(tx).synced(shifts)

    def deliver(self, *, after: timedelta = timedelta()) -> str:
        """Deliver the last request for numbers, and return what its asker alone reads."""
        effect = self.spy.asked(ShowPhones)[-1]
        item = OutboxItem(
            id=1, effect=effect, attempts=1, uncertain=False, queued_at=self.spy.clock.now() - after
        )
        with self.spy.tx() as tx:
            handlers = Handlers(Clients(templates=self.spy.templates, chat=self.chat))
            attempt = handlers.attempt(item, tx)
        if attempt is None:
            return ""
        attempt.call()
        return [*self.chat.ephemerals, *self.chat.posts][-1].message.text


@pytest.fixture
def world() -> World:
    clock = FrozenClock()
    policy = replace(POLICY, teams={k: replace(it, manager="U0MGR") for k, it in POLICY.teams.items()})
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=policy)
    with spy.tx() as tx:
        for person, name in {"U0ANA": "Ana Lima", "U0KIM": "Kim Park", "U0RAJ": "Raj Patel"}.items():
            People(tx).met(person, Profile(name=name, email=f"{name[:3].casefold()}@example.com"))
    return World(spy=spy)


KIM = OnCallShift(policy="PPOL2", level=1, name="Kim Park", phone="+1 555 0102")
RAJ = OnCallShift(policy="PPOL2", level=2, name="Raj Patel", email="raj@example.com", user="PURAJ")


def knows_raj(world: World) -> None:
    world.spy.adopt(replace(world.spy.policy, people={"U0RAJ": Account(pager_id="PURAJ")}))


def test_numbers_of_the_pager_are_answered_to_the_asker_alone(world: World):
    world.on_call(KIM)

    answer = world.spy.say("oncall phone :payments")

    assert answer.message
    assert "Kim Park: +1 555 0102" in answer.message.text
    assert not answer.shared


def test_a_number_that_the_pager_lacks_comes_from_the_slack_profile(world: World):
    knows_raj(world)
    world.on_call(KIM, RAJ)
    world.chat.phones["U0RAJ"] = "+91 22 0000"

    answer = world.spy.say("oncall phone :payments")

    assert answer.message
    assert "Raj Patel: not in PagerDuty; Spy looks in the Slack profile" in answer.message.text
    assert "Raj Patel: +91 22 0000" in world.deliver()
    assert [it.person for it in world.chat.ephemerals] == ["U0ANA"]


def test_a_terminal_says_that_the_profile_was_not_looked_at(world: World):
    world.chat.phones["U0RAJ"] = "+91 22 0000"

    answer = world.spy.say("oncall phone <@U0RAJ>", source=Source.TERMINAL, channel=None)

    assert answer.message
    assert "Raj Patel: no number in PagerDuty; Spy did not look in the Slack profile" in answer.message.text
    assert "or the Slack profile" not in answer.message.text


def test_no_number_of_a_profile_is_stored(world: World):
    world.chat.phones["U0RAJ"] = "+91 22 0000"
    world.spy.say("oncall phone <@U0RAJ>")
    world.deliver()

    assert not [it for it in world.spy.sessions.queued() if "+91" in str(it.effect)]


def test_a_person_without_a_number_is_named(world: World):
    world.chat.fail("phone", Rejected("user_not_found", "Slack knows no such person here."))
    world.spy.say("oncall phone <@U0RAJ>")

    assert "Raj Patel: no number in PagerDuty or the Slack profile" in world.deliver()


def test_a_guest_gets_none(world: World):
    with world.spy.tx() as tx:
        People(tx).met("U0ZOE", Profile(name="Zoe Novak", is_guest=True))
    world.spy.confirms = False
    world.on_call(KIM)

    answer = world.spy.say("oncall phone :payments", by="U0ZOE")

    assert answer.is_refusal
    assert answer.message
    assert "555" not in answer.message.text


def test_aloud_in_a_channel_only_the_asker_reads_them(world: World):
    world.on_call(KIM)
    world.spy.say("oncall phone :payments", source=Source.MENTION)

    assert not world.spy.posts("C0GENERAL")
    assert any("555 0102" in it.text for it in world.spy.private())


def test_a_page_that_does_not_leave_shows_its_requester_whom_to_call_and_the_channel_no_number(world: World):
    world.on_call(KIM)
    world.spy.say('page :payments "checkout is down"')
    with world.spy.tx() as tx:
        PagerResults(tx).delayed(1, AWAY)

    told = world.deliver()

    assert "*Page 1 to :payments does not ring.* Call by hand:" in told
    assert "Kim Park: +1 555 0102" in told
    shown = world.spy.message_type("page", 1).text
    assert "Reach them another way: Kim Park" in shown
    assert "555" not in shown


def test_one_that_the_pager_takes_meanwhile_shows_nothing(world: World):
    world.on_call(KIM)
    world.spy.say('page :payments "checkout is down"')
    with world.spy.tx() as tx:
        PagerResults(tx).delayed(1, AWAY)
    with world.spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="Q1", url="https://x", status="triggered", assigned="Kim Park"))

    assert world.deliver() == ""


def test_numbers_that_come_too_late_are_not_shown(world: World):
    world.spy.say("oncall phone <@U0RAJ>")

    assert world.deliver(after=timedelta(hours=1)) == ""


def test_a_page_that_fails_and_nobody_on_call_names_the_manager(world: World):
    world.spy.say('page :payments "checkout is down"')
    world.chat.phones["U0MGR"] = "+44 20 0000"
    with world.spy.tx() as tx:
        PagerResults(tx).failed(1, "PagerDuty refuses the token.")

    assert "+44 20 0000" in world.deliver()


def test_a_shift_that_has_ended_since_the_copy_is_followed_by_the_copied_schedule(world: World):
    now = world.spy.clock.now()
    hour = timedelta(hours=1)
    turns = [
        Turn(
            schedule="PSCH2",
            user="PUKIM",
            name="Kim Park",
            email="kim@example.com",
            start=now - hour,
            end=now + hour,
        ),
        Turn(
            schedule="PSCH2",
            user="PURAJ",
            name="Raj Patel",
            email="raj@example.com",
            start=now + hour,
            end=now + 9 * hour,
        ),
    ]
    world.on_call(replace(KIM, end=now + hour))
    with world.spy.tx() as tx:
        Shifts(tx).synced(world.spy.policy.teams["payments"], turns)
    world.spy.clock.tick(hours=2)

    answer = world.spy.say("oncall :payments").message

    assert answer
    assert "*:payments* Raj Patel until" in answer.text


def test_who_is_on_call_comes_with_the_time_of_the_copy_while_the_pager_is_away(world: World):
    world.on_call(KIM)
    copied_at = world.spy.clock.now()
    world.spy.clock.tick(minutes=25)
    with world.spy.tx() as tx:
        OnCall(tx).not_synced(AWAY)

    answer = world.spy.say("oncall :payments").message

    assert answer
    assert f"As of <!date^{int(copied_at.timestamp())}^" in answer.text
    assert f"25 min ago; PagerDuty does not answer ({AWAY})." in answer.text
