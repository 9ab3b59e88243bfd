"""Tell open pages at once what changes: server-sent events.

One look a process at the database serves all pages that are open, and there is none while nobody watches. What it
finds is rendered once for all who see the same. Whoever watches is looked at again before each event, and every few
seconds: a session that ended, or an incident that became private, ends the stream.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import WantedLines
from bot.ports import Unavailable
from bot.services.incident.page import IncidentPage
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.web.dashboard.browser import WebRequest
from bot.web.dashboard.incident import NAMES, lines_of, number_of
from bot.web.dashboard.live_event import GONE, USUAL_PACE, LiveEvent, LivePace, Watcher
from bot.web.dashboard.live_overview import LiveOverviews
from bot.web.dashboard.page import Viewer
from bot.web.dashboard.site import DashboardSite

MOST = 200
"""How many pages may be open in one process."""
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff"}

log = structlog.get_logger()


class Live:
    """The streams of one process. All but the look itself runs in the event loop."""

    def __init__(self, site: DashboardSite, pace: LivePace = USUAL_PACE) -> None:
        self._site, self._pace = site, pace
        self._overviews = LiveOverviews(site, pace)
        self._watchers: list[Watcher] = []
        self._looking: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self.looks = 0
        """How often it looked: not while nobody watches."""

    @property
    def watchers(self) -> int:
        """How many pages are open."""
        return len(self._watchers)

    async def stream(self, request: Request) -> Response:
        """Answer a page that wants to know what is new."""
        if len(self._watchers) >= MOST:
            return PlainTextResponse("Too many pages are open here.\n", status_code=503)
        watcher = _watcher(request)
        loop = asyncio.get_running_loop()
        if watcher is None or not await loop.run_in_executor(self._thread, self._begun, watcher):
            return PlainTextResponse("There is nothing to see here.\n", status_code=404)
        return StreamingResponse(self._events(watcher), media_type="text/event-stream", headers=HEADERS)

    def close(self) -> None:
        """End all streams: the server stops."""
        for it in self._watchers:
            it.tell(None)

    def shut(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _events(self, watcher: Watcher) -> AsyncIterator[bytes]:
        self._watchers.append(watcher)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield b"retry: 2000\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(watcher.events.get(), self._pace.ping)
                except TimeoutError:
                    yield b"event: ping\ndata: {}\n\n"
                    continue
                if event:
                    yield event.encoded()
                if event is None or event.is_last:
                    return
        finally:
            self._watchers.remove(watcher)

    async def _look_on(self) -> None:
        """Look as long as somebody watches."""
        loop = asyncio.get_running_loop()
        while self._watchers:
            self.looks += 1
            took, found = await loop.run_in_executor(self._thread, self._looked, [*self._watchers])
            for watcher, event in found:
                watcher.tell(event)
            await asyncio.sleep(self._pace.until_next(took))

    # --- in the thread ------------------------------------------------------------------------------------

    def _begun(self, watcher: Watcher) -> bool:
        """Return whether somebody may watch this."""
        try:
            with self._site.reading() as tx:
                return _Look(self._site, self._pace, tx).viewer(watcher) is not None
        except Unavailable:
            return False

    def _looked(self, watchers: Sequence[Watcher]) -> tuple[float, Sequence[tuple[Watcher, LiveEvent]]]:
        """Return what is new for whom, and how much time of a processor that took. Commands go first."""
        self._site.sessions.give_way()
        began = time.thread_time()
        found = self._found(watchers)
        return time.thread_time() - began, found

    def _found(self, watchers: Sequence[Watcher]) -> Sequence[tuple[Watcher, LiveEvent]]:
        """Return what is new for whom. While the database does not answer, nothing is."""
        try:
            with self._site.reading() as tx:
                of_incidents = [it for it in watchers if it.number is not None]
                of_overviews = [it for it in watchers if it.number is None]
                return [
                    *_Look(self._site, self._pace, tx).news(of_incidents),
                    *self._overviews.news(of_overviews, tx),
                ]
        except Unavailable:
            return ()
        except Exception:
            log.exception("a look at what is new failed")
            return ()


class _Look:
    """One look at the database, for all who watch an incident."""

    def __init__(self, site: DashboardSite, pace: LivePace, tx: Transaction) -> None:
        self._site, self._pace, self._tx = site, pace, tx
        self._pages = IncidentPage(tx)
        self._rendered: dict[tuple[Any, ...], LiveEvent] = {}

    def news(self, watchers: Sequence[Watcher]) -> Iterator[tuple[Watcher, LiveEvent]]:
        """Yield what is new, for whom."""
        lines = self._tx.session.timeline.last_lines({it.number for it in watchers if it.number is not None})
        for it in watchers:
            if found := self._incident(it, lines):
                yield it, found

    def viewer(self, watcher: Watcher) -> Viewer | None:
        """Return who watches; None if they are signed out, or may not see the incident."""
        viewer = self._site.viewer(watcher.request, self._tx)
        if viewer is None or watcher.number is None:
            return viewer
        return viewer if self._pages.seen_by(viewer.id, watcher.number) else None

    def _incident(self, watcher: Watcher, lines: Mapping[int, int]) -> LiveEvent | None:
        number = watcher.number or 0
        before, now = number_of(watcher.mark) or 0, lines.get(number, 0)
        if now <= before and not watcher.is_due(self._pace):
            return None
        watcher.looked_at = time.monotonic()
        viewer = self.viewer(watcher)
        incident = self._pages.seen_by(viewer.id, number) if viewer else None
        if viewer is None or incident is None:
            return GONE
        if now <= before:
            return None
        key = (number, before, watcher.wanted, viewer.zone)
        if key not in self._rendered:
            self._rendered[key] = self._change(incident, before, watcher.wanted, viewer.zone)
        watcher.mark = self._rendered[key].mark
        return self._rendered[key]

    def _change(self, incident: Incident, before: int, wanted: WantedLines, zone: str) -> LiveEvent:
        news = self._pages.news(incident, before, wanted)
        if news.is_too_much:
            return LiveEvent(name="reload", mark=str(news.last))
        facts = {"incident": incident, "f": self._pages.now(incident), "names": NAMES, "news": news}
        names = People(self._tx).name
        html = self._site.templates.page(
            "web/incident_news", {**facts, "now": self._tx.now}, names=names, zone=zone
        )
        return LiveEvent(name="change", mark=str(news.last), html=html)


def _watcher(request: Request) -> Watcher | None:
    """Return who watches what, as a page asks for it; None if it names no incident."""
    asked, number = request.path_params.get("number"), None
    if asked is not None and (number := number_of(asked)) is None:
        return None
    known = request.headers.get("last-event-id") or request.query_params.get("since", "")
    return Watcher(
        request=WebRequest(path=request.url.path, query=dict(request.query_params), cookies=request.cookies),
        number=number,
        wanted=lines_of(request.query_params),
        mark=known,
    )
