"""What a newer Spy beside this one has written is shown by its text, and its effects are left to it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.adapters.database import Database, open_engine
from bot.adapters.rendering.templates import JinjaTemplates
from bot.domain.effects import Post
from bot.domain.incident.timeline import Entry
from bot.domain.message import Message
from bot.ports import OutboxItem
from bot.services.postmortem.documents import Documents
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, FrozenClock, SpyKit
from bot.workers.deliver.attempt import Attempt
from bot.workers.outbox import Delivery
from plugins import incident, timeline
from tests.support.folders import TEMPLATES

WORDS = JinjaTemplates([TEMPLATES], clock=FrozenClock())


@pytest.fixture
def spy() -> SpyKit:
    """An incident whose last event is of a kind that this Spy does not know."""
    spy = SpyKit(incident, timeline, templates=WORDS)
    spy.say('incident me "checkout is down" sev1')
    spy.create_channel(1, channel="C0ROOM")
    with spy.tx() as tx:
        tx.session.timeline.append(
            Entry(
                incident=1,
                seq=90,
                kind="pigeon_sent",
                occurred_at=NOON,
                recorded_at=NOON,
                actor="U0ANA",
                source="slash",
                text="a pigeon is on its way",
                data={"colour": "grey"},
            )
        )
    return spy


@pytest.mark.parametrize("words", ["incident tldr", "incident timeline"])
def test_an_unknown_event_is_shown_by_its_text(spy: SpyKit, words: str):
    answer = spy.say(words, channel="C0ROOM")

    assert answer.message
    assert "a pigeon is on its way" in answer.message.text


def test_an_unknown_event_is_in_the_postmortem_by_its_text(spy: SpyKit):
    with spy.tx() as tx:
        facts = Documents(tx).document(tx.incident(1))

    document = WORDS.document("postmortem/document", facts)

    assert "a pigeon is on its way" in " ".join(section.text for section in document.sections)


class Willing:
    def __init__(self) -> None:
        self.done: list[str] = []

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt:
        del tx
        return Attempt(call=lambda: self.done.append(item.effect.key))

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        raise AssertionError(f"{item} was given up at {tx.now}: {why}")


@pytest.fixture
def sessions(sqlite_url: str) -> Iterator[Database]:
    engine = open_engine(sqlite_url)
    yield Database(engine)
    engine.dispose()


def test_an_unknown_effect_is_left_to_who_knows_it_and_holds_up_no_other_lane(sessions: Database):
    willing, clock = Willing(), FrozenClock()
    with sessions.begin() as session:
        posts = [Post(key=key, to=key, message=Message(text=key)) for key in ("theirs", "mine")]
        session.outbox.add(posts, now=NOON)
    with sessions.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET kind = 'SendPigeon' WHERE key = 'theirs'")
    delivery = Delivery(
        willing, sessions=sessions, clock=clock, policy=POLICY, lease=timedelta(seconds=20), senders=2
    )

    with capture_logs() as logged:
        assert not delivery.drain(within=timedelta(seconds=0.5))
        delivery.stop()

    with sessions.read() as session:
        states = {it.kind: it.state for it in session.outbox.latest(limit=9)}
    assert (willing.done, states) == (["mine"], {"Post": "done", "SendPigeon": "ready"})
    assert [it["event"] for it in logged].count("an effect is left to a newer Spy") == 1
