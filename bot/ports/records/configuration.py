"""The records of the versions of config.yaml."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.config_version import ConfigVersion


class ConfigVersionRecords(Protocol):
    def get(self, key: str) -> ConfigVersion | None: ...
    def put(self, value: ConfigVersion) -> None: ...
    def taken(self, *, limit: int) -> Sequence[ConfigVersion]:
        """Return the versions that were taken, newest first."""

    def last_refused(self) -> ConfigVersion | None:
        """Return the version that was refused last."""

    def forget(self, *, before: datetime, keep: Collection[str]) -> None:
        """Delete what was neither taken nor refused since then, except the hashes in `keep`."""
