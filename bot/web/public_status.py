"""The public status page over HTTP. It stays cheap under a crowd: what was read is kept for a second.

A crowd comes when something is down. While the database does not answer, the last pages are shown again.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.ports import Unavailable
from bot.web.answer import WebAnswer

KEPT = 1.0
"""Seconds for which a page is shown again without looking at the database."""
MOST = 100
"""How many pages are kept: older parts of the history are read seldom."""
BROWSERS = 5
"""Seconds for which a browser or a proxy may show a page again without asking."""
LONGEST_NUMBER = 9
HTML, ATOM, CSS = "text/html", "application/atom+xml", "text/css"
SECURITY: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": (
            "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class StatusSources:
    """What the pages are made of. Each of these runs in a thread.

    `may_read` decides about a request if the page is not public; `refused` is what others get.
    """

    is_public: Callable[[], bool]
    may_read: Callable[[Request], bool]
    refused: Callable[[Request], WebAnswer]
    now: Callable[[], str]
    history: Callable[[int | None], str]
    feed: Callable[[], str]
    nothing: Callable[[], str]
    style: Callable[[], str]


@dataclass(frozen=True, kw_only=True)
class _Kept:
    body: bytes
    etag: str
    made_at: float


@dataclass(kw_only=True)
class _KeptPages:
    """The pages that were made last, by address. Many requests for one page make it once."""

    uptime: Callable[[], float]
    pages: OrderedDict[str, _Kept] = field(default_factory=OrderedDict)
    making: dict[str, asyncio.Task[_Kept]] = field(default_factory=dict)

    async def get(self, key: str, make: Callable[[], str]) -> _Kept:
        """Return a page that is fresh; an older one while the database does not answer."""
        kept = self.pages.get(key)
        if kept and self.uptime() - kept.made_at < KEPT:
            return kept
        if key not in self.making:
            self.making[key] = asyncio.create_task(self._make(key, make))
        try:
            return await asyncio.shield(self.making[key])
        except Unavailable:
            if kept is None:
                raise
            return kept

    async def _make(self, key: str, make: Callable[[], str]) -> _Kept:
        try:
            body = (await asyncio.to_thread(make)).encode()
            etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
            self.pages[key] = kept = _Kept(body=body, etag=etag, made_at=self.uptime())
            self.pages.move_to_end(key)
            while len(self.pages) > MOST:
                self.pages.popitem(last=False)
        finally:
            del self.making[key]
        return kept


def status_routes(sources: StatusSources, *, uptime: Callable[[], float] = time.monotonic) -> list[Route]:
    """Return the routes of the page, its history, its feed and its style sheet. `uptime` is in seconds."""
    pages_kept = _KeptPages(uptime=uptime)

    async def answered(
        request: Request, key: str, make: Callable[[], str], kind: str, status: int = 200
    ) -> Response:
        is_public = sources.is_public()
        try:
            if not is_public and not await asyncio.to_thread(sources.may_read, request):
                refused = await asyncio.to_thread(sources.refused, request)
                return Response(refused.body, refused.status, headers=dict(refused.headers))
            kept = await pages_kept.get(key, make)
        except Unavailable:
            _log.warning("the status page can't be read", path=request.url.path)
            return Response("The status can't be read just now. Try again in a minute.\n", 503)
        return _response(request, kept, kind, is_public=is_public, status=status)

    async def now(request: Request) -> Response:
        return await answered(request, "", sources.now, HTML)

    async def history(request: Request) -> Response:
        before = _number(request.query_params.get("before", ""))
        return await answered(request, f"history:{before}", lambda: sources.history(before), HTML)

    async def feed(request: Request) -> Response:
        return await answered(request, "feed", sources.feed, ATOM)

    async def style(request: Request) -> Response:
        return await answered(request, "style", sources.style, CSS)

    async def nothing(request: Request) -> Response:
        return await answered(request, "nothing", sources.nothing, HTML, status=404)

    return [
        Route("/status", now, methods=["GET"]),
        Route("/status/history", history, methods=["GET"]),
        Route("/status/feed.atom", feed, methods=["GET"]),
        Route("/status/style.css", style, methods=["GET"]),
        Route("/status/{other:path}", nothing, methods=["GET"]),
    ]


def _response(request: Request, kept: _Kept, kind: str, *, is_public: bool, status: int) -> Response:
    """Return a page, or only that it has not changed."""
    who = "public" if is_public else "private"
    headers = {
        **SECURITY,
        "etag": kept.etag,
        "cache-control": f"{who}, max-age={BROWSERS if is_public else 0}",
        "content-type": f"{kind}; charset=utf-8",
    }
    known = (it.strip().removeprefix("W/") for it in request.headers.get("if-none-match", "").split(","))
    if kept.etag in known:
        return Response(status_code=304, headers=headers)
    return Response(kept.body, status, headers=headers)


def _number(words: str) -> int | None:
    """Return the number of a publication from an address; None if it is no such number."""
    is_one = words.isascii() and words.isdigit() and len(words) <= LONGEST_NUMBER
    return int(words) if is_one else None
