"""Reading JSON of Slack's in which anything may be missing, null or of another kind than promised."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.text import storable


class Unreadable(ValueError):  # noqa: N818  named for what happened
    """What Slack sent lacks what it is read for, or has something of another kind there."""


def required(of: Any, *path: str) -> str:
    """Return the text at the end of a path of names; Unreadable where there is none."""
    found = maybe(of, *path)
    if found is None:
        raise Unreadable(f"there is no {'.'.join(path)}")
    return found


def maybe(of: Any, *path: str) -> str | None:
    """Return the text at the end of a path of names, None where there is none."""
    for name in path:
        of = of.get(name) if isinstance(of, Mapping) else None
    return storable(of) if isinstance(of, str) and of else None


def part(of: Any, name: str) -> Mapping[str, Any]:
    found = of.get(name) if isinstance(of, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def listed(of: Any, name: str) -> Sequence[Any]:
    found = of.get(name) if isinstance(of, Mapping) else None
    return found if isinstance(found, list) else ()
