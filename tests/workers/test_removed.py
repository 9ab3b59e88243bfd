"""What was queued about a private incident does not reach a person who was removed from it meanwhile."""

from typing import Any

import pytest

from bot.adapters.rendering.templates import JinjaTemplates
from bot.commands.request import Joined, Left
from bot.domain.effects import Notify, Post, PostEphemeral, Respond, UpsertMessage
from bot.domain.message import Message
from bot.ports import OutboxItem, Rejected
from bot.testing import SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.support.folders import TEMPLATES
from tests.support.outbox import deliver

SHIPPED = JinjaTemplates([TEMPLATES])
OWN = "C0ROOM"
SECRET = Message(text="payroll is copied")


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat()


@pytest.fixture
def spy(spy: SpyKit) -> SpyKit:
    """Return a Spy with a private incident that Ana declared and Raj joined."""
    spy.say('incident me "payroll" sev1 private', by="U0ANA")
    spy.create_channel(1, channel=OWN)
    spy.notice(Joined(id="Ev1", channel=OWN, person="U0RAJ"))
    return spy


def reached(spy: SpyKit, chat: FakeChat, effect: Any) -> str:
    """Deliver, and return all that left."""
    deliver(spy, Handlers(Clients(templates=SHIPPED, chat=chat)), effect)
    return str([*chat.posts, *chat.ephemerals, *chat.responses])


def brief(spy: SpyKit) -> UpsertMessage:
    spy.say("hand <@U0RAJ>", by="U0ANA", channel=OWN)
    return next(it for it in spy.asked(UpsertMessage) if it.message_type == "brief")


QUEUED: dict[str, Any] = {
    "an answer in a channel": PostEphemeral(
        key="1", to="C0GENERAL", person="U0RAJ", message=SECRET, about=(1,)
    ),
    "an answer by DM": PostEphemeral(key="1", to="U0RAJ", person="U0RAJ", message=SECRET, about=(1,)),
    "an answer to a button": Respond(key="1", url="https://r", message=SECRET, person="U0RAJ", about=(1,)),
    "an answer in a DM": Post(key="1", to="D0RAJ", message=SECRET, asker="U0RAJ", about=(1,)),
    "a notice": Notify(key="1", to="U0RAJ", template="incident/put_out", facts={"by": "payroll"}, incident=1),
}


@pytest.mark.parametrize("effect", QUEUED.values(), ids=QUEUED)
def test_a_queued_answer_does_not_reach_who_was_removed(spy: SpyKit, chat: FakeChat, effect: Any):
    before = reached(spy, chat, effect)
    spy.notice(Left(id="Ev2", channel=OWN, person="U0RAJ"))
    after = FakeChat()

    assert before != "[]"
    assert reached(spy, after, effect) == "[]"


def test_a_queued_brief_does_not_reach_who_was_removed(spy: SpyKit, chat: FakeChat):
    effect = brief(spy)
    spy.notice(Left(id="Ev2", channel=OWN, person="U0RAJ"))

    assert reached(spy, chat, effect) == "[]"


def test_an_answer_in_the_channel_becomes_no_dm_for_who_is_not_in_it(spy: SpyKit, chat: FakeChat):
    chat.fail("whisper", Rejected("user_not_in_channel", "They are not in it."))
    effect = PostEphemeral(key="1", to=OWN, person="U0RAJ", message=SECRET, about=(1,))

    assert reached(spy, chat, effect) == "[]"


def test_an_answer_that_the_channel_refuses_for_another_reason_becomes_a_dm(spy: SpyKit, chat: FakeChat):
    chat.fail("whisper", Rejected("is_archived", "It is archived."))
    effect = PostEphemeral(key="1", to=OWN, person="U0RAJ", message=SECRET, about=(1,))

    assert "payroll" in reached(spy, chat, effect)


def test_an_answer_that_could_not_be_posted_reaches_only_members_by_dm(spy: SpyKit):
    effect = Post(key="1", to=OWN, message=SECRET, asker="U0RAJ", about=(1,))
    handlers = Handlers(Clients(templates=SHIPPED, chat=FakeChat()))
    item = OutboxItem(id=1, effect=effect, attempts=1, uncertain=False, queued_at=spy.clock.now())

    with spy.tx() as tx:
        handlers.on_giving_up(item, tx, "It is archived.")

    [instead] = [it for it in spy.asked(PostEphemeral) if it.key == "unsaid:1"]
    assert instead.about == (1,)
