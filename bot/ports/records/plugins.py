"""The records of a team's own plugins."""

from typing import Protocol

from bot.domain.plugin import PluginHealth, ReloadRequest


class PluginRecords(Protocol):
    """How each version of a plugin fares that has failed. It has few."""

    def get(self, key: str) -> PluginHealth | None: ...
    def put(self, health: PluginHealth) -> None: ...


class ReloadRecords(Protocol):
    """The last request to load plugins again: one record."""

    def get(self, key: str) -> ReloadRequest | None: ...
    def put(self, request: ReloadRequest) -> None: ...
