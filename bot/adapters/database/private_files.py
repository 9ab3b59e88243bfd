"""SQLite's files are for Spy's own user: they hold what people wrote in private incidents."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
from sqlalchemy import URL, Engine

from bot.ports import Unavailable

OURS = 0o600
OTHERS = 0o007
"""The rights of users who are neither Spy's own nor in its group."""
BESIDE = ("", "-wal", "-shm", "-journal")
"""The endings of the files of one database."""

log = structlog.get_logger()


class File:
    """The file of a database. It is created once: one that vanishes later must not become an empty database."""

    def __init__(self, url: URL) -> None:
        self._path = next(_main(url), None)
        self._is_created = False

    def create(self, *_connecting: object) -> None:
        """Create it for its owner only. SQLite gives the files beside it the same rights.

        A file that is there is never opened: closing it would end all of this process's locks on it, which are
        SQLite's.
        """
        if self._path is None:
            return
        if self._is_created and not self._path.exists():
            raise Unavailable("its file was moved or deleted")
        with suppress(OSError):  # it is there; or SQLite itself says why it can't be created
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OURS))
        self._is_created = self._path.exists()

    def identity(self) -> tuple[int, int] | None:
        """Return what tells it from another file of its name; None if there is none, or it is in memory."""
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found else None


def is_missing(engine: Engine) -> bool:
    """Return whether the database is a file that is not there. Opening it would make it."""
    return any(not path.exists() for path in _main(engine.url))


def remove(engine: Engine) -> None:
    """Delete a database's files."""
    engine.dispose()
    for path in _main(engine.url):
        for ending in BESIDE:
            Path(f"{path}{ending}").unlink(missing_ok=True)


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Yield a file for its owner only, to be written. It gets its name at the end, if nothing went wrong.

    Raise FileExistsError if a file of this name is there.
    """
    if file.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OURS))
    try:
        yield unfinished
        _flush_to_disk(unfinished)
        unfinished.rename(file)
        _flush_to_disk(file.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a power failure."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def shut_out_others(engine: Engine) -> None:
    """Take the rights of other users from the files. A group keeps its rights: backups may need them."""
    for path in open_to_more(engine):
        mode = path.stat().st_mode & 0o777
        if mode & OTHERS:
            try:
                path.chmod(mode & ~OTHERS)
            except OSError:
                log.warning("other users of this machine can read the database", file=str(path))
            else:
                log.warning(
                    "other users of this machine could read the database; now they can't", file=str(path)
                )


def open_to_more(engine: Engine) -> tuple[Path, ...]:
    """Return the files that more than their owner may use."""
    beside = (Path(f"{path}{ending}") for path in _main(engine.url) for ending in BESIDE)
    return tuple(path for path in beside if path.is_file() and path.stat().st_mode & 0o777 & ~OURS)


def _main(url: URL) -> Iterator[Path]:
    """Yield the file, if the database is one."""
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith((":", "file:")):
        yield Path(url.database)
