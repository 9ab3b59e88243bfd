"""The bot's web app, in Starlette: Slack's requests, webhooks, deploy locks, health and metrics."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.web.access import REFUSED, SeesAll
from bot.web.answer import Handler, Page, WebAnswer
from bot.web.api.routes import api_routes
from bot.web.api.site import ApiSite
from bot.web.calls import Endpoint, Unread, body_of, in_thread
from bot.web.dashboard.live import Live
from bot.web.dashboard.live_event import USUAL_PACE, LivePace
from bot.web.dashboard.routes import missing_of, routes_of
from bot.web.dashboard.site import DashboardSite
from bot.web.health import Check, examine
from bot.web.mcp.endpoint import McpEndpoint
from bot.web.pace import TokenPace
from bot.web.readers import Readers

BROWSERS = PROGRAMS = 4
"""How many requests of browsers run side by side, and of programs. Few, so that Slack's find the interpreter free."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What GET requests see: `metrics`, and `pages` by path. A page that is missing needs the token."""

    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    pages: Mapping[str, Page] = field(default_factory=dict)


def build_web(
    *,
    to_all: Shown,
    with_token: Shown,
    sees_all: SeesAll,
    to_people: Mapping[str, Page] = MappingProxyType({}),
    readiness: Mapping[str, Check],
    notes: Mapping[str, Check] = MappingProxyType({}),
    handlers: Mapping[str, Handler] = MappingProxyType({}),
    routes: Sequence[Route] = (),
    site: DashboardSite | None = None,
    api: ApiSite | None = None,
    most: TokenPace | None = None,
    agents: McpEndpoint | None = None,
    threads: int = 64,
    patience: float = 2.0,
    pace: LivePace = USUAL_PACE,
) -> Starlette:
    """Build the app. `handlers` take POST requests by path. `threads` requests run side by side.

    `routes` come before all others, and answer by themselves.

    `to_people` are pages for people who are signed in, and for those who see everything.
    A request sees `with_token` if `sees_all` says so of its headers, else `to_all`, and of readiness only whether.
    A readiness check that has not answered after `patience` seconds counts as failed. `notes` are shown beside the
    checks, and make nobody unready: the process serves as well as without them. `site` is the dashboard, `agents` the
    MCP server, and `api` the API, where one token may ask as often as `most` says.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="web")
    browsers = ThreadPoolExecutor(BROWSERS, thread_name_prefix="dashboard")
    programs = ThreadPoolExecutor(PROGRAMS, thread_name_prefix="api")
    live = Live(site, pace) if site else None

    readers = Readers(sees_all=sees_all, site=site)

    async def readyz(request: Request) -> Response:
        trouble = await examine(readiness, patience=patience)
        is_ready = not any(trouble.values())
        detail = await _detail(trouble, notes, patience) if sees_all(request.headers) else {}
        return JSONResponse({"ready": is_ready, **detail}, status_code=200 if is_ready else 503)

    async def show_metrics(request: Request) -> Response:
        shown = with_token if sees_all(request.headers) else to_all
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        text = await asyncio.get_running_loop().run_in_executor(pool, encode, shown.metrics)
        return Response(text, headers={"content-type": content_type})

    def chosen(path: str) -> Callable[[Request], Page]:
        def page(request: Request) -> Page:
            shown = with_token if sees_all(request.headers) else to_all
            return shown.pages.get(path, _refused)

        return page

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with pool, browsers, programs:
            async with AsyncExitStack() as stack:
                if agents:
                    await stack.enter_async_context(agents.running())
                yield
        if live:
            live.shut()

    app = Starlette(
        lifespan=lifespan,
        routes=[
            *routes,
            *([agents.route] if agents else []),
            *(Route(path, _through(handler, pool), methods=["POST"]) for path, handler in handlers.items()),
            *(Route(path, _shown(chosen(path), pool), methods=["GET"]) for path in with_token.pages),
            *(
                Route(path, _shown(partial(readers.only, page), browsers), methods=["GET"])
                for path, page in to_people.items()
            ),
            Route("/healthz", _healthz),
            Route("/readyz", readyz),
            Route("/metrics", show_metrics),
            *(api_routes(api, programs, most) if api else []),
            *(routes_of(site, live, browsers) if site and live else [Route("/", _index)]),
        ],
        exception_handlers={404: missing_of(site, browsers)} if site else {},
    )
    app.state.streams = [it for it in (live, agents) if it]
    return app


async def _detail(
    trouble: Mapping[str, str], notes: Mapping[str, Check], patience: float
) -> dict[str, object]:
    noted = {name: words for name, words in (await examine(notes, patience=patience)).items() if words}
    checks = {name: words or "ok" for name, words in trouble.items()}
    return {"checks": checks, **({"notes": noted} if noted else {})}


def _refused(_name: str, _query: Mapping[str, str]) -> WebAnswer:
    return REFUSED


async def _healthz(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _index(_: Request) -> Response:
    return PlainTextResponse("Spy is here. Talk to it in Slack.\n")


def _through(handler: Handler, pool: Executor) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        came, body = time.monotonic(), await body_of(request)
        if isinstance(body, Unread):
            return body.response
        return await in_thread(pool, partial(handler, body, dict(request.headers)), request.url.path, came)

    return endpoint


def _shown(chosen: Callable[[Request], Page], pool: Executor) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        name = str(request.path_params.get("name", ""))
        shown = partial(chosen(request), name, dict(request.query_params))
        return await in_thread(pool, shown, request.url.path)

    return endpoint
