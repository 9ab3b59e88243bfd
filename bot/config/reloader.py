"""The configuration in force while Spy runs. `bot.app.live.configuration` decides which version of the file that is."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.config.file import read_file, version_of
from bot.config.mistakes import ConfigError
from bot.config.settings import Settings
from bot.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class News:
    """The file has changed. It has `settings`, or `mistakes` for which it can't be used."""

    version: str
    text: str = ""
    settings: Settings | None = None
    mistakes: tuple[str, ...] = ()


class Reloader:
    """Teams, severities, timers, milestones and permissions follow the file. The rest needs a restart."""

    def __init__(self, settings: Settings, load: Callable[[str], Settings]) -> None:
        """`load` reads the text of a file."""
        self._path = settings.path
        self._load = load
        self._settings, self._policy = settings, settings.policy()
        self._decided = version_of(settings.text)
        self._seen = ""
        """A version that one look has found. It counts when the next one finds it too: it may be half written."""

    @property
    def settings(self) -> Settings:
        """Return the settings of the version in force. Spy runs with those of its start where a restart is needed."""
        return self._settings

    def policy(self) -> Policy:
        return self._policy

    def look(self) -> News | None:
        """Read the file. None if `adopt` or `leave` has decided on this version, or if the last look found another."""
        found = read_file(self._path) if self._path else None
        if found is None or found.version == self._decided:
            self._seen = ""
            return None
        if found.version != self._seen:
            self._seen = found.version
            return None
        if found.mistake:
            return News(version=found.version, mistakes=(found.mistake,))
        try:
            return News(version=found.version, text=found.text, settings=self._load(found.text))
        except ConfigError as error:
            return News(version=found.version, text=found.text, mistakes=error.lines)

    def adopt(self, settings: Settings) -> None:
        """Use these settings from now on."""
        self._settings, self._policy = settings, settings.policy()
        self._decided = version_of(settings.text)

    def leave(self, version: str) -> None:
        """Keep the settings in force, although the file has this version."""
        self._decided = version
