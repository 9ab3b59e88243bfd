"""Read the event that an entry of the timeline stores."""

from functools import cache
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.domain.event import EVENT_KINDS, Event
from bot.domain.incident.timeline import Entry

log = structlog.get_logger()


def event_of(entry: Entry) -> Event | None:
    """Return the event of an entry; None if this Spy doesn't know its kind, or can't read its facts."""
    reader = _reader(entry.kind)
    if reader is None:
        return None
    facts = {**entry.data, "at": entry.occurred_at, "by": entry.actor, "supersedes": entry.supersedes}
    try:
        event: Event = reader.validate_python(facts)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        _tell(entry.kind, ".".join(map(str, first["loc"])), first["msg"])
        return None
    return event


@cache
def _reader(kind: str) -> TypeAdapter[Any] | None:
    event = EVENT_KINDS.get(kind)
    return TypeAdapter(event) if event else None


@cache
def _tell(kind: str, field: str, why: str) -> None:
    log.warning("an event of a timeline can't be read here", kind=kind, field=field, why=why)
