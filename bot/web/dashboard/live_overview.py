"""What is new on open overviews: drawn once for all who see the same, and sent to those that show another state."""

import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from bot.services.people import People
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction
from bot.web.dashboard.live_event import GONE, LiveEvent, LivePace, Watcher
from bot.web.dashboard.overview import LAST, shown_to
from bot.web.dashboard.site import DashboardSite


class LiveOverviews:
    """All overviews that are open in one process. They change together, so that a drawing serves many."""

    def __init__(self, site: DashboardSite, pace: LivePace) -> None:
        self._site, self._pace = site, pace
        self._lines: Mapping[int, int] = {}
        """The last line of each open incident at the last look."""
        self._changed_at = 0.0

    def news(self, watchers: Sequence[Watcher], tx: Transaction) -> Iterator[tuple[Watcher, LiveEvent]]:
        """Yield what is new, for whom: after a change, and for those who were not looked at for a while."""
        now = time.monotonic()
        if not watchers or now < self._changed_at + self._pace.overview:
            return
        lines = tx.session.timeline.last_open_lines()
        is_changed, self._lines = lines != self._lines, lines
        if is_changed:
            self._changed_at = now
        look = _OverviewLook(self._site, tx)
        for it in watchers:
            if is_changed or it.is_due(self._pace):
                it.looked_at = now
                if found := look.news(it):
                    it.mark = found.mark
                    yield it, found


class _OverviewLook:
    """One look: what was read in it for all who see the same incidents, and drawn for all who are shown the same."""

    def __init__(self, site: DashboardSite, tx: Transaction) -> None:
        self._site, self._tx = site, tx
        self._access, self._names = ReadAccess(tx), cache(People(tx).name)
        self._facts: dict[Hashable, Mapping[str, Any]] = {}
        self._drawings: dict[Hashable, str] = {}

    def news(self, watcher: Watcher) -> LiveEvent | None:
        """Return what a page is told; None if it shows what is true."""
        viewer = self._site.viewer(watcher.request, self._tx)
        if viewer is None:
            return GONE
        facts, is_wall = self._shown_to(viewer.id, watcher.request.query), watcher.request.is_wall
        if facts["state"] == watcher.mark:
            return None
        key = (facts["state"], viewer.zone, is_wall)
        if key not in self._drawings:
            self._drawings[key] = self._drawn(facts, viewer.zone, is_wall=is_wall)
        return LiveEvent(name="change", mark=facts["state"], html=self._drawings[key])

    def _shown_to(self, person: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        key = (self._access.audience(person, past=LAST), query.get("page"))
        if key not in self._facts:
            self._facts[key] = shown_to(person, query, self._tx)
        return self._facts[key]

    def _drawn(self, facts: Mapping[str, Any], zone: str, *, is_wall: bool) -> str:
        around = {"is_wall": is_wall, "severities": list(self._tx.policy.severities), "now": self._tx.now}
        return self._site.templates.page(
            "web/overview_live", {**around, **facts}, names=self._names, zone=zone
        )
