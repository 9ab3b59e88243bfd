"""What the page shows, and to whom. All of it is in the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import parse_qs, urlencode

HOME = "home"
DOCKS = ("phones", "oncall", "sites", "github", "statuspage", "mail", "inspector")


@dataclass(frozen=True, kw_only=True)
class PageLocation:
    """`person` is a handle, `place` a channel's id or "home", `thread` a message's ts, `issue` a number."""

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
        return location if location.dock in DOCKS else replace(location, dock=cls.dock)

    def address(self, **changes: str) -> str:
        """Return the address with these changes. Another place or person closes the thread."""
        moved = replace(self, **changes)
        if "thread" not in changes and (moved.place, moved.person) != (self.place, self.person):
            moved = replace(moved, thread="")
        return f"/?{moved.query()}"

    def query(self, **more: str) -> str:
        """Return the query of the address, without empty parts."""
        own: Mapping[str, str] = {key: getattr(self, field.name) for field, key in KEYS}
        return urlencode({key: value for key, value in {**own, **more}.items() if value})


KEYS = tuple(zip(fields(PageLocation), ("as", "in", "thread", "dock", "issue"), strict=True))
