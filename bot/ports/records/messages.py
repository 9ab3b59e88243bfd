"""The records of messages in Slack, in and out."""

from datetime import datetime
from typing import Protocol

from bot.ports.chat import Posted


class MessageRecords(Protocol):
    def get(self, slot: str) -> Posted | None: ...
    def put(self, slot: str, posted: Posted) -> None: ...
    def moved(self, channel: str, to: str) -> None:
        """Record that a channel, with all its messages, has a new id."""


class InboundRecords(Protocol):
    def remember(self, request: str, *, at: datetime) -> str | None:
        """Remember a request by its id. Return None if it is new, otherwise its answer ("" if none is stored yet)."""

    def answered(self, request: str, answer: str) -> None: ...
    def forget(self, *, before: datetime, limit: int) -> int:
        """Delete requests of before then, the oldest first. Return how many."""
