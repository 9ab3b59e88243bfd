"""The records of levers."""

from typing import Protocol

from bot.domain.lever import LeverHistory


class LeverRecords(Protocol):
    """The history of each plan and runbook that relieves something. It has few: one for each."""

    def get(self, key: str) -> LeverHistory | None: ...
    def put(self, history: LeverHistory) -> None: ...
