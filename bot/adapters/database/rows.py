"""Rows as domain values. A newer Spy beside this one may write what can't be read here: no list is lost to one row."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeVar

import structlog
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
log = structlog.get_logger()


def readable(adapter: TypeAdapter[T], rows: Iterable[Any], table: str) -> Iterator[T]:
    """Yield the values of the rows that can be read; log once for each table and mistake what is left out."""
    for row in rows:
        try:
            yield adapter.validate_python(row)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            _tell(table, ".".join(map(str, first["loc"])), first["msg"])


@cache
def _tell(table: str, field: str, why: str) -> None:
    log.warning("a row is left out that can't be read here", table=table, field=field, why=why)
