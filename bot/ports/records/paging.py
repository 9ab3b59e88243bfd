"""The records of pages."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.limits import PageCounts
from bot.domain.paging.page import Page


class PageRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> Page | None: ...
    def by_key(self, key: str) -> Page | None: ...
    def by_pager_id(self, pager_id: str) -> Page | None: ...
    def following(self, pager_id: str) -> Sequence[Page]:
        """Return all pages with this id at the pager. Merged pages share one."""

    def of(self, incident: int) -> Sequence[Page]: ...
    def ringing(self) -> Sequence[Page]: ...
    def since(self, since: datetime) -> Sequence[Page]:
        """Return the pages requested since then, oldest first."""

    def between(self, since: datetime, until: datetime) -> Sequence[Page]:
        """Return the pages requested in this time, oldest first."""

    def paged_for(self, team: str, incidents: Collection[int]) -> Collection[int]:
        """Return those of these incidents for which a team was paged."""

    def counts(self, person: str, team: str | None, *, since: datetime) -> PageCounts:
        """Count the pages that a person has requested since then, and those that rang a team.

        Pages of commanders in their own incident are not limited, and leave the count of the team to others.
        """

    def unanswered(self, team: str | None, *, since: datetime) -> Sequence[Page]:
        """Return the newest pages to a team (None: to people) that were requested since then and nobody answered."""

    def rang(self, team: str | None, *, since: datetime) -> Sequence[Page]:
        """Return the newest pages to a team (None: to people) since then that ring or rang by themselves."""

    def folded_into(self, number: int) -> Sequence[Page]:
        """Return the pages for which this one rings, oldest first."""

    def put(self, page: Page) -> None: ...
