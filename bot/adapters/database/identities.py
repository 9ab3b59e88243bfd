"""Store occurrences and addresses as short strings, such as `relief/17.ask` and `incident:42`.

pydantic asks a class how to read and write it. The domain knows nothing of pydantic, so it is told here.
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic_core import CoreSchema, core_schema

from bot.domain.subject import CardOnly, IncidentChannel, MilestoneName, Occurrence, ReminderName, Subject

T = TypeVar("T")
MILESTONE, AT_STOP = "milestone:", "@stop"


def subject(text: str) -> Subject:
    kind, _, ref = text.partition(":")
    return Subject(kind, ref)


def reminder_name(text: str) -> ReminderName:
    return milestone_name(text) if text.startswith(MILESTONE) else text


def milestone_name(text: str) -> MilestoneName:
    if not text.startswith(MILESTONE):
        raise ValueError("no milestone")
    return MilestoneName(text.removeprefix(MILESTONE).removesuffix(AT_STOP), at_stop=text.endswith(AT_STOP))


def occurrence(reminder: str, text: str) -> Occurrence:
    """Return an occurrence from its two columns."""
    cycle, dot, n = text.rpartition(".")
    return Occurrence(reminder_name(reminder), cycle, n) if dot else Occurrence(reminder_name(reminder), n)


def _named_occurrence(text: str) -> Occurrence:
    """Read `reminder/occurrence`. Earlier versions stored some without the reminder's name."""
    reminder, _, name = text.rpartition("/")
    return occurrence(reminder, name)


def _numbered(kind: Callable[[int], T], prefix: str) -> Callable[[str], T]:
    def read(text: str) -> T:
        if not text.startswith(prefix):
            raise ValueError(f"no {prefix}")
        return kind(int(text.removeprefix(prefix)))

    return read


def _store(kind: type[T], read: Callable[[str], T], write: Callable[[T], str] = str) -> None:
    """Make pydantic store values of this class as strings."""

    def validate(value: object) -> T:
        if isinstance(value, kind):
            return value
        if isinstance(value, str):
            return read(value)
        raise ValueError(f"no {kind.__name__}")

    def schema(_kind: type, _source: object, _handler: object) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(
            write, return_schema=core_schema.str_schema()
        )
        return core_schema.no_info_plain_validator_function(validate, serialization=written)

    kind.__get_pydantic_core_schema__ = classmethod(schema)  # type: ignore[attr-defined]


_store(IncidentChannel, _numbered(IncidentChannel, "incident:"))
_store(CardOnly, _numbered(CardOnly, "card:"))
_store(MilestoneName, milestone_name)
_store(Occurrence, _named_occurrence, lambda it: f"{it.reminder}/{it}" if it.reminder else str(it))
