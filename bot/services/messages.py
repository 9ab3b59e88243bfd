"""Lasting messages: posted once, then edited. A feature declares each of its own with `@message`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.effects import UpsertMessage
from bot.domain.registering import at_start_only
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered

Facts = Mapping[str, Any]
ReadFacts = Callable[[Transaction, UpsertMessage], Facts]
OnRefused = Callable[[Transaction, UpsertMessage, str], None]
OnDelivered = Callable[[Transaction, UpsertMessage], None]


@dataclass(frozen=True, kw_only=True)
class MessageType:
    """How one lasting message is rendered and delivered."""

    template: str
    facts: ReadFacts
    """Reads the facts from the database each time. Nothing is parsed from Slack."""
    on_refused: OnRefused
    """What to do if Slack refuses the message for good. The last argument is the reason, as a sentence."""
    on_delivered: OnDelivered
    is_worth_posting: Callable[[Facts], bool]
    """Whether it has anything to show. One that has nothing is not posted; one that is there already is edited."""
    finds_reopened: bool
    """Whether to try the incident's channel each time, even if Spy has it as closed."""


MESSAGE_TYPES: dict[str, MessageType] = {}
"""By the name in `UpsertMessage.message_type`."""


def tell_maintainers(tx: Transaction, effect: UpsertMessage, why: str) -> None:
    Undelivered(tx).tell_maintainers(effect, why)


def nothing(_tx: Transaction, _effect: UpsertMessage) -> None:
    """Do nothing."""


def always(_facts: Facts) -> bool:
    return True


def message(
    name: str,
    template: str,
    *,
    on_refused: OnRefused = tell_maintainers,
    on_delivered: OnDelivered = nothing,
    is_worth_posting: Callable[[Facts], bool] = always,
    finds_reopened: bool = False,
) -> Callable[[ReadFacts], ReadFacts]:
    """Declare a lasting message. The decorated function returns its facts."""

    def declare(facts: ReadFacts) -> ReadFacts:
        at_start_only("a lasting message")
        if name in MESSAGE_TYPES:
            raise ValueError(f"two lasting messages are called {name}")
        MESSAGE_TYPES[name] = MessageType(
            template=template,
            facts=facts,
            on_refused=on_refused,
            on_delivered=on_delivered,
            is_worth_posting=is_worth_posting,
            finds_reopened=finds_reopened,
        )
        return facts

    return declare
