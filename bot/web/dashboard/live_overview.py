"""Open overviews: what is new is drawn once for all who may see the same, and sent to those that show another state."""

import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from bot.services.people import People
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction
from bot.web.dashboard.live_event import GONE, LiveEvent, LivePace, Watcher
from bot.web.dashboard.overview import shown_to
from bot.web.dashboard.page import Viewer
from bot.web.dashboard.site import DashboardSite


class LiveOverviews:
    """All overviews that are open in one process. They change together, so that one drawing serves them."""

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
    """One look: what was read and drawn in it, by who may see it and how they see it."""

    def __init__(self, site: DashboardSite, tx: Transaction) -> None:
        self._site, self._tx = site, tx
        self._access, self._names = ReadAccess(tx), cache(People(tx).name)
        self._facts: dict[Hashable, Mapping[str, Any]] = {}
        self._events: dict[Hashable, LiveEvent] = {}

    def news(self, watcher: Watcher) -> LiveEvent | None:
        """Return what a page is told; None if it shows what is true."""
        viewer, query = self._site.viewer(watcher.request, self._tx), watcher.request.query
        if viewer is None:
            return GONE
        key = (self._access.audience(viewer.id), viewer.zone, query.get("page"), query.get("wall"))
        if key not in self._facts:
            self._facts[key] = shown_to(viewer.id, query, self._tx)
        facts = self._facts[key]
        if facts["state"] == watcher.mark:
            return None
        if key not in self._events:
            self._events[key] = self._drawn(facts, viewer, is_wall=query.get("wall") == "1")
        return self._events[key]

    def _drawn(self, facts: Mapping[str, Any], viewer: Viewer, *, is_wall: bool) -> LiveEvent:
        around = {"is_wall": is_wall, "severities": list(self._tx.policy.severities), "now": self._tx.now}
        html = self._site.templates.page(
            "web/overview_live", {**around, **facts}, names=self._names, zone=viewer.zone
        )
        return LiveEvent(name="change", mark=facts["state"], html=html)
