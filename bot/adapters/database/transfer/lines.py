"""The form of an export: one JSON object a line.

    {"spy": "0.1.0", "schema": "0029", "exported_at": "2026-11-30T12:00:00+00:00"}
    {"table": "incident", "columns": {"number": 1, "name": "checkout", …}}
    {"rows": {"incident": 1, …}, "sha256": "…"}

The first line says what made it. The last line has the number of rows of each table, and the digest of all lines
before it, so that a file that was cut off or changed is noticed.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime

Values = Mapping[str, Any]


class NotAnExport(Exception):  # noqa: N818  named for what was found
    """A file is no whole export. The message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class ExportHeader:
    """What made an export: Spy's version, the number of its last migration, and when (ISO 8601, UTC)."""

    spy: str
    schema: str
    exported_at: str


class LineWriter:
    """Makes the lines of an export, and counts them."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self._digest = hashlib.sha256()

    def header(self, header: ExportHeader) -> bytes:
        return self._line(asdict(header))

    def row(self, table: str, columns: Values) -> bytes:
        self.rows[table] += 1
        return self._line({"table": table, "columns": columns})

    def end(self) -> bytes:
        return _dump({"rows": self.rows, "sha256": self._digest.hexdigest()})

    def _line(self, value: Values) -> bytes:
        line = _dump(value)
        self._digest.update(line)
        return line


class LineReader:
    """Reads an export line by line. The rows are whole only if `rows` ends without an error."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._digest = hashlib.sha256()
        self.line = 0
        """The number of the line that was read last."""
        self.counts: Counter[str] = Counter()
        self.header = self._header()

    def _header(self) -> ExportHeader:
        found = self._next()
        names = ("spy", "schema", "exported_at")
        if not found or any(not isinstance(found.get(name), str) for name in names):
            raise NotAnExport("The first line is not one of an export: it must say which Spy made it")
        return ExportHeader(**{name: found[name] for name in names})

    def rows(self) -> Iterator[tuple[str, Values]]:
        """Yield each row with its table. Raise NotAnExport if the last line is missing or does not fit."""
        while (found := self._next()) is not None:
            match found:
                case {"table": str(table), "columns": dict(columns)}:
                    self.counts[table] += 1
                    yield table, columns
                case {"rows": dict(rows), "sha256": str(digest)}:
                    self._check_end(rows, digest)
                    return
                case _:
                    raise NotAnExport(f"Line {self.line} is not a row of a table")
        raise NotAnExport(f"It is cut off after line {self.line}: the last line is missing")

    def _next(self) -> Mapping[str, Any] | None:
        line = next(self._lines, None)
        if line is None:
            return None
        self.line += 1
        self._before, digest = self._digest.hexdigest(), self._digest
        digest.update(line)
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise NotAnExport(f"Line {self.line} is damaged or cut off") from None
        if not isinstance(found, dict):
            raise NotAnExport(f"Line {self.line} is not a row of a table")
        return found

    def _check_end(self, rows: Mapping[str, int], digest: str) -> None:
        if self.counts != Counter(rows):
            raise NotAnExport("The last line counts other rows than there are: lines are missing or doubled")
        if digest != self._before:
            raise NotAnExport("It was changed after it was made: its digest does not fit")
        if next(self._lines, None) is not None:
            raise NotAnExport(f"There are further lines after its end, line {self.line}")


def to_json(value: Any) -> Any:
    """Return a column's value as JSON takes it. A time gets its zone: SQLite stores UTC without saying so."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return value


def from_json(value: Any, column: Column[Any], dialect: str) -> Any:
    """Return a column's value as this database takes it."""
    if value is None or not isinstance(column.type, DateTime):
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None) if dialect == "sqlite" else moment


def _dump(value: Values) -> bytes:
    """Return a line in ASCII: no reader takes a character of it for the end of a line."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"
