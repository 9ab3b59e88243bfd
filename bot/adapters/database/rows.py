"""The rows of a table. One that can't be read is left out of lists: a newer Spy may have written it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, TypeVar

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, delete, select

from bot.adapters.database.statements import table
from bot.adapters.database.tables import Row
from bot.adapters.database.writes import Writes

T = TypeVar("T")
log = structlog.get_logger()


class Rows:
    """A table and the connection of a session."""

    row: ClassVar[type[Row]]

    def __init__(self, connection: Connection, writes: Writes) -> None:
        self._connection = connection
        self._writes = writes
        self._dialect = connection.dialect.name
        self._table = table(self.row)

    def _delete_old(self, end: ColumnElement[datetime], *, before: datetime, limit: int) -> int:
        """Delete the oldest rows of which this time (UTC) is before then. Return how many."""
        [key] = self._table.primary_key
        old = select(key).where(end < before).order_by(end).limit(limit)
        keys = list(self._connection.execute(old).scalars())
        if keys:
            self._connection.execute(delete(self._table).where(key.in_(keys)))
        return len(keys)

    def flush(self) -> object:
        """Write what waits for it. Most tables write at once."""


def readable(read: Callable[[Any], T], rows: Iterable[Any], table: str) -> Iterator[T]:
    """Yield the values of the rows that can be read. Log what is left out, once for each table and mistake."""
    for row in rows:
        try:
            yield read(row)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            _tell(table, ".".join(map(str, first["loc"])), first["msg"])


@cache
def _tell(table: str, field: str, why: str) -> None:
    log.warning("a row is left out that can't be read here", table=table, field=field, why=why)
