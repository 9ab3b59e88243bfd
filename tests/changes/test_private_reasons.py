"""A deploy lock's reason that was given in private stays there; the lock itself is known to all."""

import pytest

from bot.commands.request import Request, Source
from bot.domain.effects import UpsertMessage
from bot.services.changes.locks import Locks
from bot.testing import SpyKit

REASON = "payroll leaks"


def lock(spy: SpyKit, *, is_private: bool = False, channel: str = "C0GENERAL", words: str = "lock") -> str:
    request = Request(
        id="ask-lock",
        text=f'{words} checkout "{REASON}"',
        user="U0ANA",
        source=Source.SLASH,
        channel=channel,
        is_private=is_private,
    )
    answer = spy.request(request).message
    assert answer
    return answer.text


def why(spy: SpyKit) -> str:
    with spy.tx() as tx:
        found = Locks(tx).of("checkout")
    assert found
    return found.why


def private_incident(spy: SpyKit) -> None:
    spy.say('incident me "stolen laptop" private', by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")


@pytest.mark.parametrize(("channel", "words"), [("C0ROOM", "lock"), ("C0GENERAL", "inc-1 lock")])
def test_a_reason_from_a_private_incident_is_not_stored(spy: SpyKit, channel: str, words: str):
    private_incident(spy)

    answer = lock(spy, channel=channel, words=words)

    assert why(spy) == "reason in a private incident"
    assert "with _reason in a private incident_ instead of your words" in answer


def test_a_reason_from_a_private_channel_is_not_stored(spy: SpyKit):
    lock(spy, is_private=True)

    assert why(spy) == "reason in a private channel"


def test_a_reason_from_elsewhere_is_shown(spy: SpyKit):
    lock(spy)

    assert why(spy) == REASON


def test_others_learn_of_the_lock_and_not_of_its_reason(spy: SpyKit):
    private_incident(spy)
    lock(spy, channel="C0ROOM")

    [announced] = [it.ref for it in spy.asked(UpsertMessage) if it.message_type == "lock"]
    listed = spy.say("locks", by="U0KIM")
    refused = spy.say('lock checkout "mine"', by="U0KIM")

    shown = f"{spy.message_type('lock', announced)} {listed} {refused}"
    assert "reason in a private incident" in shown
    assert REASON not in shown


def test_a_list_of_locks_is_for_everybody_also_with_one_of_a_private_incident(spy: SpyKit):
    private_incident(spy)
    lock(spy, channel="C0ROOM")

    assert spy.say("locks", by="U0ANA").shared
