"""What an incident and its pages were at any moment: their state is a fold of the events of the timeline."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.event import Event
from bot.domain.incident.events import Declared, Reopened
from bot.domain.incident.incident import Incident
from bot.domain.incident.merging import MERGED_FROM, MergedInto
from bot.domain.incident.timeline import Entry
from bot.domain.paging.events import PageAdopted, PageEvent, PageRequested
from bot.domain.paging.page import Page

Pages = Mapping[int, Page]
_WHOM = re.compile(r":(?P<team>.+)|<@(?P<person>[UW][A-Z0-9]+)>")
"""Whom a page rang, as its events tell it: see `Page.whom`."""


@dataclass(frozen=True, kw_only=True)
class PastState:
    """The state from `at` (UTC) on, until the next one. `line` is the entry of the timeline that led to it."""

    at: datetime
    line: int
    incident: Incident
    pages: Pages
    """By number. Of each is known what its events tell."""


def replayed(number: int, happened: Iterable[tuple[Entry, Event | None]]) -> Iterator[PastState]:
    """Yield the states of an incident, one after each event that changed it or one of its pages.

    `happened` is its whole timeline in recorded order, with the event of each entry; None if it can't be read.
    """
    now: PastState | None = None
    paged = _Paged()
    for entry, event in happened:
        if event is None:
            continue
        paged = paged.after(entry, event)
        incident = _after(number, now.incident if now else None, entry, event)
        if incident is None or (now and incident is now.incident and paged.pages is now.pages):
            continue
        at = entry.occurred_at if incident.recorded else entry.recorded_at
        now = PastState(
            at=max(at, now.at) if now else at,
            line=entry.seq,
            incident=replace(incident, entries=entry.seq),
            pages=paged.pages,
        )
        yield now


def is_of_here(entry: Entry) -> bool:
    """Whether an entry tells what happened in its own incident: no correction of a line, and none from a merge."""
    return entry.supersedes is None and not entry.data.get(MERGED_FROM)


def _after(number: int, incident: Incident | None, entry: Entry, event: Event) -> Incident | None:
    if incident is None:
        return Incident.declared(number, event) if isinstance(event, Declared) else None
    return incident.after(event) if is_of_here(entry) else incident


def state_at(states: Sequence[PastState], moment: datetime) -> PastState | None:
    """Return the state at a moment (UTC); None before the first one."""
    return next((it for it in reversed(states) if it.at <= moment), None)


# --- pages ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Paged:
    """The pages of an incident. Those that go on with another one, because of a merge, are `away`.

    Of a page that came with a merge the timeline has only some lines, so it is left out.
    """

    pages: Pages = field(default_factory=dict)
    away: Pages = field(default_factory=dict)

    def after(self, entry: Entry, event: Event) -> "_Paged":
        match event:
            case PageEvent() if is_of_here(entry):
                return self._paging(event)
            case MergedInto():
                away = {it: page for it, page in self.pages.items() if it in event.pages}
                staying = {it: page for it, page in self.pages.items() if it not in away}
                return replace(self, pages=staying, away=away) if away else self
            case Reopened() if self.away:
                return replace(self, pages={**self.away, **self.pages}, away={})
        return self

    def _paging(self, event: PageEvent) -> "_Paged":
        before = self.pages.get(event.page)
        if before is None and isinstance(event, PageRequested | PageAdopted):
            before = requested(event)
        page = before.after(event) if before else None
        if page is None or page is self.pages.get(event.page):
            return self
        return replace(self, pages={**self.pages, event.page: page})


def requested(event: PageRequested | PageAdopted) -> Page:
    """Return a page as its first event tells it."""
    whom = _WHOM.fullmatch(event.whom)
    return Page(
        number=event.page,
        key="",
        message=event.message,
        requested_by=event.by,
        requested_at=event.at,
        team=whom["team"] if whom else None,
        person=whom["person"] if whom else None,
    )
