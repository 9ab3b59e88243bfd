"""The configuration in force while Spy runs. It is read again on a change, and kept if the new one is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.config.mistakes import ConfigError
from bot.config.settings import Settings
from bot.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class News:
    """The file has changed. `mistakes` are why it is not applied; if there are none, the policy is the new one."""

    version: str
    mistakes: tuple[str, ...] = ()


class Reloader:
    """Teams, severities, timers, milestones and permissions follow the file. The rest needs a restart."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings]) -> None:
        self._path = settings.path
        self._reread = reread
        self._policy = settings.policy()
        self._version = self._look()

    def policy(self) -> Policy:
        return self._policy

    def refresh(self) -> News | None:
        """Read the file again if it has changed. None if it has not."""
        version = self._look()
        if version == self._version:
            return None
        self._version = version
        try:
            self._policy = self._reread().policy()
        except ConfigError as error:
            return News(version=version, mistakes=error.lines)
        return News(version=version)

    def _look(self) -> str:
        """Return a value that identifies this state of the file. A missing file is a state too."""
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return "gone"
        return f"{found.st_mtime_ns}-{found.st_size}" if found else ""
