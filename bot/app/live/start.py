"""Choose the configuration to start with: the file, or the last good version if the file can't be used."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.app.settings import load
from bot.config import ConfigError, News, Settings, read_file
from bot.config.own import OwnSettings, named, own_in
from bot.domain.config_version import LISTED, ConfigVersion, newest_of


@dataclass(frozen=True, kw_only=True)
class Start:
    """The settings to start with. If they are not those of the file, `refused` says why."""

    settings: Settings
    refused: News | None = None


Lacks = Callable[[Settings], Sequence[str]]
"""Returns what the environment lacks for some settings, one line each."""


def nothing(_settings: Settings) -> Sequence[str]:
    """Return that nothing is missing: a command of the terminal needs no tokens."""
    return ()


def choose(path: Path, *, lacks: Lacks = Settings.missing) -> Start:
    """Return the file's settings, or the last good ones. Raises ConfigError with every mistake if there are none."""
    found, settings = read_file(path), None
    mistakes: Sequence[str] = (found.mistake,) if found.mistake else ()
    if not mistakes:
        try:
            settings = load(path, text=found.text)
            mistakes = lacks(settings)
        except ConfigError as error:
            mistakes = error.lines
    if settings and not mistakes:
        return Start(settings=settings)
    refused = News(version=found.version, text=found.text, mistakes=tuple(mistakes))
    return last_good(path, refused, lacks=lacks)


def last_good(path: Path, refused: News, *, lacks: Lacks = Settings.missing) -> Start:
    """Return the newest version that was taken and with which Spy can start; else raise the mistakes of the file.

    It may be another process's. This one listens where its file says, or else where it listened last.
    """
    taken, file = _taken(refused.mistakes), read_file(path)
    refused_too = {it.content for it in taken if it.hash == refused.version}
    others = [it for it in taken if it.content not in refused_too]
    found = (None if file.mistake else own_in(file.text), _last_own(path, taken))
    for own in tuple(it for it in found if it is not None) or (None,):
        if start := _newest(path, refused, others, own, lacks):
            return start
    raise ConfigError(refused.mistakes)


def elsewhere(path: Path, start: Start, why: str) -> Start | None:
    """Return the last good version if the file is new, and names ports on which this machine does not let Spy listen.

    None if the file is in use already, or if this process has never listened anywhere else: then the ports are taken
    by something else, such as a Spy that still stops.
    """
    settings, line = start.settings, f"{path}: {why}"
    refused = start.refused or News(version=settings.version, text=settings.text)
    refused = replace(refused, mistakes=(*refused.mistakes, line))
    try:
        taken = _taken(())
        own = _last_own(path, taken)
        if own is None or refused.version in {it.hash for it in taken if it.is_of(named(path))}:
            return None
        other = _newest(path, refused, taken, own, Settings.missing)
    except ConfigError:
        return None
    return other if other and other.settings.web != settings.web else None


def _newest(
    path: Path, refused: News, taken: Sequence[ConfigVersion], own: OwnSettings | None, lacks: Lacks
) -> Start | None:
    """Return the newest version with which Spy can start, with these settings of its own; None: as it stands."""
    for version in taken:
        if version.text is not None and version.hash != refused.version:
            with suppress(ConfigError):
                settings = load(path, text=version.text, own=own)
                if not lacks(settings):
                    return Start(settings=settings, refused=refused)
    return None


def _last_own(path: Path, taken: Sequence[ConfigVersion]) -> OwnSettings | None:
    """Return the process's own settings as it had them last; None if nothing of it is kept."""
    texts = [it for it in taken if it.text is not None]
    last = newest_of(texts, named(path))
    return own_in(last.text) if last and last.text is not None else None


def _taken(mistakes: Sequence[str]) -> Sequence[ConfigVersion]:
    # loaded only if the file can't be used: a start asks Slack first, and loads meanwhile
    from bot.adapters.database import CannotOpen  # noqa: PLC0415
    from bot.adapters.database.last_good import last_taken  # noqa: PLC0415
    from bot.app.build import open_database  # noqa: PLC0415
    from bot.ports import Unavailable  # noqa: PLC0415

    try:
        database = open_database(load(None))
    except ConfigError:  # the environment has mistakes, which are among those of the file
        raise ConfigError(mistakes) from None
    try:
        return last_taken(database, limit=LISTED)
    except (CannotOpen, Unavailable) as error:
        raise ConfigError([*mistakes, f"The last good configuration can't be read: {error}."]) from error
    finally:
        database.engine.dispose()
