"""The one place that asks the machine for the time; in a rehearsal, for a time that somebody moves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class RehearsalClock:
    """Is ahead of the machine's by as many seconds as a file holds now.

    Where the file is gone or holds no number, it stays as far ahead as it was.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._read()

    def _read(self) -> timedelta:
        try:
            self._ahead = timedelta(seconds=float(self._file.read_text(encoding="ascii")))
        except (OSError, ValueError, OverflowError):
            return self._ahead
        return self._ahead
