"""`spy config history` and `spy config back`: which versions of config.yaml were used, and the way back to one."""

import difflib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.adapters.database.last_good import last_taken
from bot.adapters.database.private_files import is_missing
from bot.app.build import open_database
from bot.app.settings import load
from bot.config import ConfigError, read_file
from bot.config.own import named, own_in
from bot.config.secrets_in_file import without_secrets
from bot.config.yaml_lines import dotted
from bot.domain.config_version import AGES, LISTED, ConfigVersion, in_force, takings

SHORTEST = 4
"""Characters of a hash that are enough to name a version."""
KEPT_AS = ".before"
"""What is added to the name of a file whose text nobody else keeps."""


class CannotGoBack(Exception):  # noqa: N818  named for what happened
    """There is no such version, or the file can't be written. The message is a sentence for people."""


def versions() -> Sequence[ConfigVersion]:
    """Return the versions that were taken, newest first. The file may be as broken as it likes."""
    database = open_database(load(None))
    try:
        if is_missing(database.engine):
            raise CannotGoBack(f"There is no database {database.engine.url.database}. Look at DATABASE_URL.")
        return last_taken(database, limit=LISTED)
    finally:
        database.engine.dispose()


def in_words(taken: Sequence[ConfigVersion], path: Path) -> Iterator[str]:
    """Yield a line for each time that a version was taken."""
    here = read_file(path)
    if not taken:
        yield "No configuration was taken yet. `spy run` takes the first one."
    for nth, it in enumerate(takings(taken)[:LISTED]):
        notes = [
            *(["last taken"] if nth == 0 else []),
            *(["in the file"] if it.hash == here.version else []),
            *([] if it.text is not None else ["text not kept"]),
        ]
        marks = f"  ({', '.join(notes)})" if notes else ""
        yield f"{it.taken_at:%Y-%m-%d %H:%M:%S} UTC  {it.short}  {it.taken_by}  {it.change}{marks}"
    if taken and here.version not in {it.hash for it in taken}:
        yield f"{path} holds none of these{f': {here.mistake}' if here.mistake else ''}."


@dataclass(frozen=True, kw_only=True)
class WayBack:
    """An earlier version, and what it would change in the file."""

    version: ConfigVersion
    path: Path
    text: str
    diff: Sequence[str]
    mistakes: Sequence[str]
    """Why a restarted Spy could not use it either: a folder or a variable may be gone."""
    here: str
    """The version that the file holds."""
    is_known: bool
    """Whether the database keeps that one."""

    @property
    def warnings(self) -> Sequence[str]:
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        if not self.version.is_of(named(self.path)) and (own := own_in(self.text)):
            keys = ", ".join(map(dotted, own))
            yield f"This version is of another process: {self.version.files[-1]}. Set {keys} again afterwards."
        if self.mistakes:
            yield "This version has mistakes too, because something around it has changed:"
            yield from self.mistakes

    def go(self) -> Iterator[str]:
        """Write the file, and yield what was done. What it held is kept beside it, if the database does not keep it."""
        if read_file(self.path).version != self.here:
            raise CannotGoBack(f"{self.path} has changed meanwhile. Nothing was written; look again.")
        if not self.is_known and self.path.exists():
            kept = self.path.with_name(self.path.name + KEPT_AS)
            _write(kept, self.path.read_bytes(), like=self.path)
            yield f"{kept} keeps what the file held."
        _write(self.path, self.text.encode(), like=self.path)
        yield f"{self.path} holds {self.version.short} now. A running Spy takes it within seconds."


def way_back(taken: Sequence[ConfigVersion], path: Path, wanted: str | None, *, now: datetime) -> WayBack:
    """Return the way to a version: by the beginning of its hash, by its age (5m, 1h, 24h), or to the one before.

    The last two are those of this file, if it has a history: other processes may have files of their own.
    """
    here = read_file(path)
    of_file = [it for it in taken if it.is_of(named(path))] or taken
    version = _chosen(taken if wanted and wanted not in AGES else of_file, here.version, wanted, now)
    if version.text is None:
        raise CannotGoBack(f"The text of {version.short} is not kept. `spy config history` shows which are.")
    if version.hash == here.version:
        raise CannotGoBack(f"{path} holds {version.short} already.")
    try:
        load(path, text=version.text)
        mistakes: Sequence[str] = ()
    except ConfigError as error:
        mistakes = error.lines
    diff = difflib.unified_diff(
        here.text.splitlines(), version.text.splitlines(), str(path), version.short, lineterm=""
    )
    return WayBack(
        version=version,
        path=path,
        text=version.text,
        diff=[_shown(it) for it in diff],
        mistakes=mistakes,
        here=here.version,
        is_known=any(it.hash == here.version and it.text is not None for it in taken),
    )


def _chosen(taken: Sequence[ConfigVersion], here: str, wanted: str | None, now: datetime) -> ConfigVersion:
    if wanted is None:
        found = [it for it in taken if it.hash != here and it.text is not None][:1]
    elif wanted in AGES:
        found = [it for it in [in_force(taken, now - AGES[wanted])] if it]
    else:
        word = wanted.casefold()
        found = [it for it in taken if len(word) >= SHORTEST and it.is_called(word)]
    if len(found) == 1:
        return found[0]
    if wanted is None:
        raise CannotGoBack("There is no earlier configuration to go back to.")
    how_many = f"{len(found)} configurations begin" if found else "No configuration begins"
    raise CannotGoBack(
        f"{how_many} with {wanted!r}. Give a hash from `spy config history`, or {', '.join(AGES)}."
    )


def _shown(line: str) -> str:
    """Return a line for a terminal: without secrets, and without what would move its cursor."""
    return "".join(it if it.isprintable() or it == "\t" else "?" for it in without_secrets(line))


def _write(path: Path, data: bytes, *, like: Path) -> None:
    """Replace a file at once, or its contents if it can't be replaced: it may be mounted by itself."""
    target = path.resolve()  # a link stays a link
    try:
        _replace(target, data, mode=like.stat().st_mode & 0o777 if like.exists() else 0o600)
    except OSError:
        try:
            target.write_bytes(data)
        except OSError as error:
            raise CannotGoBack(
                f"{path} can't be written: {error.strerror}. Write the file where it comes from."
            ) from error


def _replace(target: Path, data: bytes, *, mode: int) -> None:
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(number)
        Path(name).chmod(mode)
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
