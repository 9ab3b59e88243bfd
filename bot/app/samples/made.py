"""Sample facts for messages and events that have none of their own, made from the names of what they need."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import datetime, timedelta
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from bot.app.samples.world import ABOUT, HALF_HOUR, INCIDENTS, NOON, NOW, PAGES, SENT, TYPED, Facts
from bot.domain.event import Event
from bot.testing import POLICY

_BY_NAME: Mapping[str, Any] = {
    **dict.fromkeys(("by", "who"), "U0ANA"),
    **dict.fromkeys(("person", "to"), "U0RAJ"),
    **dict.fromkeys(("at", "since", "until", "due_at"), NOON),
    "now": NOW,
    "channel": "C0ROOM",
    "drill": False,
    "lasts": HALF_HOUR,
    "page": SENT,
    "pages": PAGES,
    "severities": list(POLICY.severities),
    "team": "payments",
    "url": "https://example.com",
}
_BY_TYPE: Mapping[Any, Any] = {
    str: TYPED,
    int: 5,
    bool: True,
    datetime: NOON,
    timedelta: HALF_HOUR,
    tuple: (),
}


def facts_for(names: set[str]) -> Sequence[Facts]:
    """Return facts of these names. A name that is not known gets words that a person typed."""
    facts = {name: _BY_NAME.get(name, TYPED) for name in names}
    return [{**facts, "incident": it} for it in INCIDENTS] if "incident" in names else [facts]


def event_of(kind: type[Event]) -> Event:
    """Return an event of this kind, with a value for each field that needs one."""
    hints = get_type_hints(kind)
    needed = [it.name for it in fields(kind) if it.default is MISSING and it.default_factory is MISSING]
    return kind(**{it: _BY_NAME[it] if it in _BY_NAME else _of_type(hints[it]) for it in needed} | ABOUT)


def _of_type(hint: Any) -> Any:
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if isinstance(hint, UnionType):
        return _of_type(get_args(hint)[0])
    return _BY_TYPE[get_origin(hint) or hint]
