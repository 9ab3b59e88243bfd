"""Who looks at the workspace, at what, and what stands open beside it: the address of the page says all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import parse_qs, urlencode

HOME = "home"
DOCKS = ("phones", "oncall", "sites", "github", "inspector")
RENAMED = {"hood": "inspector", "sky": "toolbar", "room": "chat", "weather": "faults"}
"""Names in addresses of earlier versions, and what they are called now."""


@dataclass(frozen=True, kw_only=True)
class PageLocation:
    """`person` is a handle, `place` a channel's id or "home", `thread` its root's ts, `issue` a number."""

    person: str = "ana"
    place: str = "C0GENERAL"
    thread: str = ""
    dock: str = "phones"
    issue: str = ""

    @classmethod
    def of(cls, query: str) -> PageLocation:
        given = parse_qs(query)
        wanted = {field.name: given[key][-1] for field, key in KEYS if given.get(key)}
        location = cls(**wanted)
        location = replace(location, dock=RENAMED.get(location.dock, location.dock))
        return location if location.dock in DOCKS else replace(location, dock=cls.dock)

    def address(self, **changes: str) -> str:
        """The page with these changes; another place or person closes the thread."""
        moved = replace(self, **changes)
        if "thread" not in changes and (moved.place, moved.person) != (self.place, self.person):
            moved = replace(moved, thread="")
        return f"/?{moved.query()}"

    def query(self, **more: str) -> str:
        """As the address has it, without what is empty."""
        own: Mapping[str, str] = {key: getattr(self, field.name) for field, key in KEYS}
        return urlencode({key: value for key, value in {**own, **more}.items() if value})


KEYS = tuple(zip(fields(PageLocation), ("as", "in", "thread", "dock", "issue"), strict=True))
