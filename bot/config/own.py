"""The settings of one process: where it listens on its machine. All others are the organisation's.

Several processes may share a database and differ in these. So what they say besides is compared without them, and a
process that starts with the version of another keeps its own.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from socket import gethostname
from typing import Any

from bot.config.sections import Sections
from bot.config.values import OWN, ConfigSection
from bot.config.yaml_lines import Place, read

OwnSettings = Mapping[Place, Any]
"""The values that a file has for them, by place."""


def named(path: Path) -> str:
    """Return what tells this file from those of other processes: its machine and its path."""
    return f"{gethostname()}:{path.absolute()}"  # a link may lead to another file tomorrow


@cache
def own_places() -> tuple[Place, ...]:
    """Return where the settings are that are declared to be a process's own."""
    return tuple(_own_places())


def own_in(text: str) -> OwnSettings | None:
    """Return what a file says of them; None if it is no YAML."""
    found = read(text)
    if found.mistakes and found.data is None:
        return None
    return {place: value for place in own_places() if (value := _value(found.data, place)) is not None}


def with_own(data: Any, own: OwnSettings) -> Any:
    """Return the data of a file with these settings in place of its own."""
    if not isinstance(data, Mapping | None):
        return data
    changed = dict(data or {})
    for section in dict.fromkeys(section for section, _ in own_places()):
        there = changed.pop(section, None) or {}
        if isinstance(there, Mapping):
            rest = {key: value for key, value in there.items() if (section, key) not in own_places()}
            there = rest | {key: value for (its, key), value in own.items() if its == section}
        if there:
            changed[section] = there
    return changed


def effective(sections: Sections, place: Place) -> Any:
    """Return the value that one of them has, also if the file does not name it."""
    section, key = place
    return getattr(getattr(sections, str(section)), str(key))


def content_of(text: str) -> str:
    """Return the hash of what a file says besides: the same for processes that differ in their own settings alone."""
    found = read(text)
    told = text if found.mistakes else json.dumps(with_own(found.data, {}), default=str)
    return sha256(told.encode()).hexdigest()


def _own_places() -> Iterator[Place]:
    for section, field in Sections.model_fields.items():
        if isinstance(kind := field.annotation, type) and issubclass(kind, ConfigSection):
            yield from ((section, key) for key, it in kind.model_fields.items() if OWN in it.metadata)


def _value(data: Any, place: Place) -> Any:
    for key in place:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data
