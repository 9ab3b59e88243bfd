"""Whether Spy can read a row, as its tables do."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from bot.adapters.database import effects
from bot.adapters.database.identities import occurrence, subject
from bot.adapters.database.incidents import TimelineTable
from bot.adapters.database.table import Table
from bot.domain.effects import Unknown

Row = Mapping[str, Any]


def is_legible(table: str, row: Row) -> bool:
    """Whether a row of this table can be read. A table that Spy doesn't know has no rule."""
    reads = _readers().get(table)
    try:
        return reads is None or bool(reads(row))
    except (ValueError, LookupError):  # pydantic's errors are ValueErrors
        return False


@cache
def _readers() -> Mapping[str, Callable[[Row], object]]:
    """Return by table what reads a row of it."""
    return {
        **{str(it.row.__tablename__): _record(it) for it in Table.__subclasses__()},
        "timeline": _entry,
        "outbox": _effect,
        "timer": lambda row: (subject(row["subject"]), occurrence(row["reminder"], row["occurrence"])),
    }


def _record(kind: type[Table[Any]]) -> Callable[[Row], object]:
    return lambda row: kind.adapter.validate_python(row["kept"])


def _entry(row: Row) -> object:
    return TimelineTable.adapter.validate_python({name: it for name, it in row.items() if name != "id"})


def _effect(row: Row) -> object:
    return not isinstance(effects.load(row["key"], row["kind"], row["payload"]), Unknown)
