"""Tell open pages at once what changes: server-sent events.

One look a process at the database serves all pages that are open, and there is none while nobody watches. What is
found is rendered once for all who see the same. Whoever watches is looked at again before each event, and every few
seconds: a session that ended, or an incident that became private, ends the stream.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Lines
from bot.ports import Unavailable
from bot.services.incident.page import IncidentPage
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.web.dashboard.browser import WebRequest
from bot.web.dashboard.incident import NAMES, lines_of, number_of
from bot.web.dashboard.page import Viewer
from bot.web.dashboard.site import Site

LOOK_EVERY = 0.25
"""Seconds between two looks at what is new, while somebody watches."""
CHECK_EVERY = 20
"""After so many looks without news, whoever watches is looked at again: about 5 s."""
PING_EVERY = 15.0
"""Seconds of silence after which a comment is sent, so that no proxy thinks the stream is dead."""
MOST = 200
"""How many pages may be open in one process."""
UNSENT = 20
"""A page that does not read so many events is let go. It comes back by itself, and asks for what it missed."""
HEADERS = {
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class LiveEvent:
    """`name` is change, reload (too much is new) or gone (there is nothing to see any more). `last` is a line."""

    name: str
    last: int
    html: str = ""

    @property
    def is_last(self) -> bool:
        return self.name != "change"

    def encoded(self) -> bytes:
        data = json.dumps({"html": self.html})
        return f"id: {self.last}\nevent: {self.name}\ndata: {data}\n\n".encode()


@dataclass(kw_only=True, eq=False)
class Watcher:
    """An open page: who looks, at which incident and which lines. `last` is the last line that it was told of."""

    request: WebRequest
    number: int
    wanted: Lines
    last: int
    looks: int = 0
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

    def __init__(self, site: Site) -> None:
        self._site = site
        self._watchers: list[Watcher] = []
        self._looking: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live")

    @property
    def watchers(self) -> int:
        """How many pages are open."""
        return len(self._watchers)

    async def stream(self, request: Request) -> Response:
        """Answer a page that wants to know what is new in an incident."""
        number = number_of(request.path_params["number"])
        if len(self._watchers) >= MOST:
            return PlainTextResponse("Too many pages are open here.\n", status_code=503)
        watcher = Watcher(
            request=WebRequest(path=request.url.path, cookies=request.cookies),
            number=number or 0,
            wanted=lines_of(request.query_params),
            last=_last_line(request),
        )
        is_seen = await asyncio.get_running_loop().run_in_executor(self._thread, self._is_seen, watcher)
        if not is_seen:
            return PlainTextResponse("There is nothing to see here.\n", status_code=404)
        return StreamingResponse(self._events(watcher), media_type="text/event-stream", headers=HEADERS)

    def close(self) -> None:
        """End all streams: the server stops."""
        for it in self._watchers:
            it.tell(None)

    def shutdown(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _events(self, watcher: Watcher) -> AsyncIterator[bytes]:
        self._watchers.append(watcher)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield b"retry: 2000\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(watcher.events.get(), PING_EVERY)
                except TimeoutError:
                    yield b": nothing is new\n\n"
                    continue
                if event is None:
                    return
                yield event.encoded()
                if event.is_last:
                    return
        finally:
            self._watchers.remove(watcher)

    # --- looking ------------------------------------------------------------------------------------------

    async def _look_on(self) -> None:
        """Look as long as somebody watches."""
        loop = asyncio.get_running_loop()
        while self._watchers:
            for watcher, event in await loop.run_in_executor(self._thread, self._found, [*self._watchers]):
                watcher.last = event.last
                watcher.tell(event)
            await asyncio.sleep(LOOK_EVERY)

    def _found(self, watchers: Sequence[Watcher]) -> Sequence[tuple[Watcher, LiveEvent]]:
        """Return what is new for whom. While the database does not answer, nothing is."""
        try:
            with self._site.reading() as tx:
                return list(_news(self._site, watchers, tx))
        except Unavailable:
            return ()
        except Exception:
            log.exception("a look at what is new failed")
            return ()

    def _is_seen(self, watcher: Watcher) -> bool:
        with self._site.reading() as tx:
            return _seen(self._site, watcher, tx) is not None


def _last_line(request: Request) -> int:
    """Return the last line that a page knows: it says so when it comes, and its browser when it comes back."""
    known = request.headers.get("last-event-id") or request.query_params.get("since", "")
    return number_of(known) or 0


def _seen(site: Site, watcher: Watcher, tx: Transaction) -> tuple[Viewer, Incident] | None:
    """Return who watches and what; None if they are not signed in, or may not see it."""
    viewer = site.viewer(watcher.request, tx)
    incident = IncidentPage(tx).seen_by(viewer.id, watcher.number) if viewer else None
    return (viewer, incident) if viewer and incident else None


def _news(
    site: Site, watchers: Iterable[Watcher], tx: Transaction
) -> Iterator[tuple[Watcher, LiveEvent]]:
    known = list(watchers)
    last = tx.session.timeline.last_lines({it.number for it in known})
    rendered: dict[tuple[Any, ...], LiveEvent] = {}
    for it in known:
        it.looks += 1
        if last[it.number] <= it.last and it.looks < CHECK_EVERY:
            continue
        it.looks = 0
        seen = _seen(site, it, tx)
        if seen is None:
            yield it, LiveEvent(name="gone", last=it.last)
        elif last[it.number] > it.last:
            viewer, incident = seen
            key = (it.number, it.last, it.wanted, viewer.zone)
            if key not in rendered:
                rendered[key] = _rendered(site, incident, it, viewer.zone, tx)
            yield it, rendered[key]


def _rendered(site: Site, incident: Incident, watcher: Watcher, zone: str, tx: Transaction) -> LiveEvent:
    page = IncidentPage(tx)
    news = page.news(incident, watcher.last, watcher.wanted)
    if news.is_too_much:
        return LiveEvent(name="reload", last=news.last)
    facts: Mapping[str, Any] = {"f": page.now(incident), "names": NAMES, "news": news, "now": tx.now}
    html = site.templates.page("web/incident_news", facts, names=People(tx).name, zone=zone)
    return LiveEvent(name="change", last=news.last, html=html)
