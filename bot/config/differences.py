"""What is different between two versions of config.yaml, by key."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.config.yaml_lines import Place, YamlLines, dotted, read

NAMED = 3
"""How many changed keys one line names."""
LONGEST = 30
NOTHING = "comments or layout only"
_ABSENT = object()


def differences(before: str, after: str) -> dict[Place, tuple[Any, Any]]:
    """Return the changed keys, in the order of the later file, each with both values; None if it is not there."""
    old, new = dict(_values(read(before).data, ())), dict(_values(read(after).data, ()))
    places = [*new, *(it for it in old if it not in new)]
    return {it: (old.get(it), new.get(it)) for it in places if old.get(it, _ABSENT) != new.get(it, _ABSENT)}


def in_one_line(before: str, after: str) -> str:
    """Return what is different, in one line: `timers.relief_ask 60m → 30m, and 2 more`."""
    changed = differences(before, after)
    named = [f"{dotted(place)} {shown(old)} → {shown(new)}" for place, (old, new) in changed.items()]
    more = [f"and {len(named) - NAMED} more"] if len(named) > NAMED else []
    return ", ".join([*named[:NAMED], *more]) or NOTHING


def begun_by(changed: Iterable[Place], sections: Sequence[str]) -> list[str]:
    """Return the changed keys that are in one of these sections."""
    return [key for place in changed if (key := dotted(place)) and any(_begins(key, it) for it in sections)]


def cause(keys: Sequence[str], changed: Mapping[Place, tuple[Any, Any]], lines: YamlLines) -> tuple[int, str]:
    """Return the line and the key of the change that is the likeliest cause of something about these keys.

    If none of them has changed, it is the first change. A key that was removed has the line of its section.
    """
    for key in (*keys, ""):
        if place := next((it for it in changed if _begins(dotted(it), key)), None):
            return lines.line(place) or 1, dotted(place)
    return 1, ""


def _begins(key: str, words: str) -> bool:
    return key == words or not words or key.startswith((f"{words}.", f"{words}_"))


def _values(data: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Yield the values by place. A list counts as one value."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _values(value, (*place, key))
    elif data is not None:
        yield place, data


def shown(value: Any) -> str:
    """Return a value in few words."""
    if value is None:
        return "nothing"
    words = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
    flat = " ".join(words.split())
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
