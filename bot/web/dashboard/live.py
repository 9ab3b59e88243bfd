"""Tell open pages at once what changes: server-sent events.

One look a process at the database serves all pages that are open, and there is none while nobody watches. What it
finds is rendered once for all who see the same. Whoever watches is looked at again before each event, and every few
seconds: a session that ended, or an incident that became private, ends the stream.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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
from bot.web.dashboard.page import Viewer
from bot.web.dashboard.site import DashboardSite

MOST = 200
"""How many pages may be open in one process."""
UNSENT = 20
"""A page that does not read so many events is let go. It comes back by itself, and asks for what it missed."""
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff"}

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class LivePace:
    """How often (seconds) Spy looks while somebody watches, and how often a stream says something."""

    look: float = 0.25
    checks: int = 20
    """After so many looks without news, Spy looks again whether somebody may still watch: about 5 s."""
    overview: float = 1.0
    """The least time between two events of an overview: its page is loaded anew after each."""
    ping: float = 15.0
    """After so much silence a comment is sent, so that no proxy thinks that the stream is dead."""


USUAL_PACE = LivePace()


@dataclass(frozen=True, kw_only=True)
class LiveEvent:
    """`name` is change, reload (too much is new) or gone (there is nothing to see any more). `last` is a line."""

    name: str
    last: int = 0
    html: str = ""

    @property
    def is_last(self) -> bool:
        return self.name != "change"

    def encoded(self) -> bytes:
        data = json.dumps({"html": self.html})
        return f"id: {self.last}\nevent: {self.name}\ndata: {data}\n\n".encode()


GONE = LiveEvent(name="gone")


@dataclass(kw_only=True, eq=False)
class Watcher:
    """An open page: an incident, of which it shows the lines that are `wanted`, or the overview (no number).

    `last` are the last lines that it was told of: of its incident, or of each open one that its reader sees.
    """

    request: WebRequest
    number: int | None
    wanted: WantedLines
    last: dict[int, int] = field(default_factory=dict)
    looks: int = 0
    told_at: float = 0.0
    events: asyncio.Queue[LiveEvent | None] = field(default_factory=lambda: asyncio.Queue(UNSENT))

    def tell(self, event: LiveEvent | None) -> None:
        """Queue an event; None ends the stream, and so does a page that does not read."""
        if self.events.full():
            while not self.events.empty():
                self.events.get_nowait()
            event = None
        self.events.put_nowait(event)


class Live:
    """The streams of one process. All but the look itself runs in the event loop."""

    def __init__(self, site: DashboardSite, pace: LivePace = USUAL_PACE) -> None:
        self._site, self._pace = site, pace
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
                    yield b": nothing is new\n\n"
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
            for watcher, event in await loop.run_in_executor(self._thread, self._found, [*self._watchers]):
                watcher.tell(event)
            await asyncio.sleep(self._pace.look)

    # --- in the thread ------------------------------------------------------------------------------------

    def _begun(self, watcher: Watcher) -> bool:
        """Return whether somebody may watch this."""
        try:
            with self._site.reading() as tx:
                look = _Look(self._site, self._pace, tx)
                if watcher.number is None:
                    watcher.last = look.seen_open(watcher)
                return look.viewer(watcher) is not None
        except Unavailable:
            return False

    def _found(self, watchers: Sequence[Watcher]) -> Sequence[tuple[Watcher, LiveEvent]]:
        """Return what is new for whom. While the database does not answer, nothing is."""
        try:
            with self._site.reading() as tx:
                return list(_Look(self._site, self._pace, tx).news(watchers))
        except Unavailable:
            return ()
        except Exception:
            log.exception("a look at what is new failed")
            return ()


class _Look:
    """One look at the database, for all who watch."""

    def __init__(self, site: DashboardSite, pace: LivePace, tx: Transaction) -> None:
        self._site, self._pace, self._tx = site, pace, tx
        self._pages = IncidentPage(tx)
        self._rendered: dict[tuple[Any, ...], LiveEvent] = {}

    def news(self, watchers: Sequence[Watcher]) -> Iterator[tuple[Watcher, LiveEvent]]:
        """Yield what is new, for whom."""
        numbers = {it.number for it in watchers if it.number is not None}
        timeline = self._tx.session.timeline
        of_open = timeline.last_open_lines() if any(it.number is None for it in watchers) else {}
        lines = {**timeline.last_lines(numbers), **of_open}
        for it in watchers:
            it.looks += 1
            found = self._overview(it, of_open) if it.number is None else self._incident(it, lines)
            if found:
                yield it, found

    def viewer(self, watcher: Watcher) -> Viewer | None:
        """Return who watches; None if they are signed out, or may not see the incident."""
        viewer = self._site.viewer(watcher.request, self._tx)
        if viewer is None or watcher.number is None:
            return viewer
        return viewer if self._pages.seen_by(viewer.id, watcher.number) else None

    def seen_open(self, watcher: Watcher) -> dict[int, int]:
        """Return the last lines of the open incidents that somebody sees."""
        viewer = self.viewer(watcher)
        lines = self._tx.session.timeline.last_open_lines()
        return {n: line for n, line in lines.items() if viewer and self._pages.seen_by(viewer.id, n)}

    def _incident(self, watcher: Watcher, lines: Mapping[int, int]) -> LiveEvent | None:
        number = watcher.number or 0
        before, now = watcher.last.get(number, 0), lines.get(number, 0)
        if now <= before and watcher.looks < self._pace.checks:
            return None
        watcher.looks = 0
        viewer = self.viewer(watcher)
        incident = self._pages.seen_by(viewer.id, number) if viewer else None
        if viewer is None or incident is None:
            return GONE
        if now <= before:
            return None
        key = (number, before, watcher.wanted, viewer.zone)
        if key not in self._rendered:
            self._rendered[key] = self._change(incident, before, watcher.wanted, viewer.zone)
        watcher.last[number] = self._rendered[key].last
        return self._rendered[key]

    def _change(self, incident: Incident, before: int, wanted: WantedLines, zone: str) -> LiveEvent:
        news = self._pages.news(incident, before, wanted)
        if news.is_too_much:
            return LiveEvent(name="reload", last=news.last)
        facts = {"incident": incident, "f": self._pages.now(incident), "names": NAMES, "news": news}
        names = People(self._tx).name
        html = self._site.templates.page(
            "web/incident_news", {**facts, "now": self._tx.now}, names=names, zone=zone
        )
        return LiveEvent(name="change", last=news.last, html=html)

    def _overview(self, watcher: Watcher, lines: Mapping[int, int]) -> LiveEvent | None:
        """Tell of a change of an open incident that somebody sees, or saw until now."""
        is_due = time.monotonic() - watcher.told_at >= self._pace.overview
        changed = {n for n in lines.keys() | watcher.last.keys() if lines.get(n) != watcher.last.get(n)}
        if not (is_due and changed) and watcher.looks < self._pace.checks:
            return None
        watcher.looks = 0
        viewer = self.viewer(watcher)
        if viewer is None:
            return GONE
        if not is_due:
            return None
        seen = {n for n in changed if n in lines and self._pages.seen_by(viewer.id, n)}
        gone = {n for n in changed - seen if n in watcher.last}
        watcher.last = {n: it for n, it in watcher.last.items() if n not in gone} | {
            n: lines[n] for n in seen
        }
        if not (seen or gone):
            return None
        watcher.told_at = time.monotonic()
        return LiveEvent(name="change")


def _watcher(request: Request) -> Watcher | None:
    """Return who watches what, as a page asks for it; None if it names no incident."""
    asked, number = request.path_params.get("number"), None
    if asked is not None and (number := number_of(asked)) is None:
        return None
    known = request.headers.get("last-event-id") or request.query_params.get("since", "")
    return Watcher(
        request=WebRequest(path=request.url.path, cookies=request.cookies),
        number=number,
        wanted=lines_of(request.query_params),
        last={number: number_of(known) or 0} if number else {},
    )
