"""Who may see a private incident is compared with Slack, because Spy may have missed who joined or left."""

import pytest

from bot.commands.request import ClosedNotice, Joined, Left, MadePrivateNotice
from bot.domain.incident.effects import Invite, ReadMembers
from bot.ports import Rejected, Unreachable
from bot.services.incident.members import INVITING, JOINING, Members
from bot.testing import SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.sync import Sync
from plugins import channel as channel_plugin
from plugins import incident
from tests.fakes.chat import FakeChat
from tests.support.outbox import deliver
from tests.support.templates import shipped

OWN = "C0ROOM"


@pytest.fixture
def spy() -> SpyKit:
    """Return a Spy with a private incident: Ana declared it, and Raj and Kim joined long ago."""
    spy = SpyKit(incident, channel_plugin)
    spy.say('incident me "payroll" private', by="U0ANA")
    spy.create_channel(1, channel=OWN)
    for person in ("U0RAJ", "U0KIM"):
        spy.notice(Joined(id=f"Ev{person}", channel=OWN, person=person))
    spy.clock.tick(seconds=INVITING.total_seconds() + 1)
    return spy


@pytest.fixture
def chat(spy: SpyKit) -> FakeChat:
    chat = FakeChat()
    chat.has_channel(OWN, "inc-1-payroll", private=True, people=["U0ANA", "U0RAJ", "U0KIM"])
    return chat


def sync(spy: SpyKit, chat: FakeChat) -> None:
    Sync(
        sessions=spy.sessions,
        clock=spy.clock,
        policy=lambda: spy.policy,
        chat=chat,
        pager=None,
        wake=lambda: None,
        owner="this process",
    ).members()


def members(spy: SpyKit) -> set[str]:
    return {*spy.incident(1).members}


def test_who_was_removed_while_spy_was_deaf_sees_it_no_more(spy: SpyKit, chat: FakeChat):
    chat.channels[OWN].people.remove("U0RAJ")

    sync(spy, chat)

    assert members(spy) == {"U0ANA", "U0KIM"}
    answer = spy.say("incident 1 tldr", by="U0RAJ").message
    assert answer
    assert "There is no INC-1 that you can see" in answer.text


def test_who_was_added_while_spy_was_deaf_sees_it(spy: SpyKit, chat: FakeChat):
    chat.channels[OWN].people.append("U0ZOE")

    sync(spy, chat)

    assert "U0ZOE" in members(spy)


def test_who_is_added_again_sees_it_again(spy: SpyKit, chat: FakeChat):
    spy.notice(Left(id="Ev1", channel=OWN, person="U0RAJ"))
    spy.clock.tick(seconds=1)

    sync(spy, chat)

    assert "U0RAJ" in members(spy)
    assert not spy.incident(1).has_left("U0RAJ")


def test_a_new_channel_to_which_everybody_is_invited_again_removes_nobody(spy: SpyKit, chat: FakeChat):
    spy.notice(ClosedNotice(id="Ev1", channel=OWN, how="deleted"))
    spy.create_channel(1, channel="C0NEW")
    chat.has_channel("C0NEW", "inc-1-payroll-2", private=True, people=["U0ANA"])

    sync(spy, chat)

    assert members(spy) == {"U0ANA", "U0RAJ", "U0KIM"}


def test_who_was_invited_and_joined_without_an_event_counts_as_joined(spy: SpyKit, chat: FakeChat):
    spy.say("incident role scribe <@U0LEE>", by="U0ANA", channel=OWN)
    chat.channels[OWN].people.append("U0LEE")
    spy.clock.tick(seconds=JOINING.total_seconds() + 1)
    sync(spy, chat)
    chat.channels[OWN].people.remove("U0LEE")
    spy.clock.tick(minutes=1)

    sync(spy, chat)

    assert "U0LEE" not in members(spy)


def test_an_old_invitation_does_not_bring_back_who_was_removed(spy: SpyKit, chat: FakeChat):
    spy.say("incident role scribe <@U0LEE>", by="U0ANA", channel=OWN)
    invited = spy.asked(Invite)[-1]
    spy.notice(Left(id="Ev1", channel=OWN, person="U0LEE"))

    deliver(spy, Handlers(Clients(templates=shipped(spy.clock), chat=chat)), invited)

    assert "U0LEE" not in chat.channels[OWN].people


def test_an_invitation_that_is_on_its_way_counts(spy: SpyKit, chat: FakeChat):
    spy.say("incident role scribe <@U0LEE>", by="U0ANA", channel=OWN)

    sync(spy, chat)
    before = members(spy)
    spy.clock.tick(seconds=INVITING.total_seconds() + 1)
    sync(spy, chat)

    assert "U0LEE" in before
    assert "U0LEE" not in members(spy)


def test_who_left_while_the_list_was_read_stays_out(spy: SpyKit):
    read_at = spy.clock.now()
    spy.notice(Left(id="Ev1", channel=OWN, person="U0RAJ"))

    with spy.tx() as tx:
        Members(tx).read(OWN, ["U0ANA", "U0RAJ", "U0KIM"], read_at=read_at)

    assert "U0RAJ" not in members(spy)


@pytest.mark.parametrize(
    "failure", [Rejected("channel_not_found", "Spy can't see it."), Unreachable("no answer")]
)
def test_a_list_that_cannot_be_read_changes_nothing(spy: SpyKit, chat: FakeChat, failure: Exception):
    chat.channels[OWN].people.clear()
    chat.fail("channel_members", failure)

    sync(spy, chat)

    assert members(spy) == {"U0ANA", "U0RAJ", "U0KIM"}


def test_public_incidents_are_not_asked_about(chat: FakeChat):
    spy = SpyKit(incident)
    spy.say('incident me "checkout is down"')
    spy.create_channel(1, channel=OWN)

    sync(spy, chat)

    assert "channel_members" not in chat.calls


def test_many_channels_take_turns():
    spy = SpyKit(incident)
    for number in range(1, 31):
        spy.say(f'incident me "secret {number}" private', by=f"U0{number:03}")
        spy.create_channel(number)

    asked: set[str] = set()
    for _ in range(4):
        with spy.tx() as tx:
            asked |= {*Members(tx).due()}
        spy.clock.tick(minutes=1)

    assert len(asked) == 30


def test_a_channel_made_private_is_compared_at_once():
    spy = SpyKit(incident, channel_plugin)
    spy.say('incident me "checkout is down"')
    spy.create_channel(1, channel=OWN)

    spy.notice(MadePrivateNotice(id="Ev1", channel=OWN))

    assert [it.incident for it in spy.asked(ReadMembers)] == [1]
