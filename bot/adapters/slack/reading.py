"""Read JSON from Slack, in which any value may be missing, null or of the wrong type."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.text import storable


class Unreadable(ValueError):  # noqa: N818  named for what happened
    """A required value is missing in Slack's JSON, or is not a text."""


def required(of: Any, *path: str) -> str:
    """Return the text at a path of names. Raise Unreadable if there is none."""
    found = maybe(of, *path)
    if found is None:
        raise Unreadable(f"there is no {'.'.join(path)}")
    return found


def maybe(of: Any, *path: str) -> str | None:
    """Return the text at a path of names; None if it is missing, empty or not a text."""
    for name in path:
        of = of.get(name) if isinstance(of, Mapping) else None
    return storable(of) if isinstance(of, str) and of else None


def part(of: Any, name: str) -> Mapping[str, Any]:
    """Return the object under a name; an empty one if there is none."""
    found = of.get(name) if isinstance(of, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def listed(of: Any, name: str) -> Sequence[Any]:
    """Return the list under a name; an empty one if there is none."""
    found = of.get(name) if isinstance(of, Mapping) else None
    return found if isinstance(found, list) else ()
