"""The dashboard's routes in the bot's web app. Their own few threads keep browsers from delaying Slack's requests."""

from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from types import MappingProxyType
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.services.features import load_features
from bot.web import dashboard
from bot.web.answer import WebAnswer
from bot.web.calls import Endpoint, Unread, body_of, in_thread
from bot.web.dashboard.browser import WebRequest
from bot.web.dashboard.live import Live
from bot.web.dashboard.page import PAGES
from bot.web.dashboard.say import say
from bot.web.dashboard.sign_in import ask, sign_in, sign_out
from bot.web.dashboard.site import DashboardSite
from bot.web.dashboard.static_files import static_file
from bot.web.dashboard.unfollow import unfollow

FIELDS = 50
"""The most fields of a form."""
_Answering = Callable[[WebRequest], WebAnswer]


def routes_of(site: DashboardSite, live: Live, pool: Executor) -> list[Route]:
    """Return the routes of all declared pages, of signing in and out, of unfollowing, and of commands."""
    load_features(dashboard)

    def got(answering: _Answering) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            return await in_thread(pool, partial(answering, read_request(request)), request.url.path)

        return endpoint

    def sent(answering: _Answering) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            body = await body_of(request)
            if isinstance(body, Unread):
                return body.response
            return await in_thread(
                pool, partial(answering, read_request(request, _form(body))), request.url.path
            )

        return endpoint

    return [
        *(Route(it.path, got(partial(site.show, it)), methods=["GET"]) for it in PAGES),
        Route("/sign-in", got(partial(ask, site)), methods=["GET"]),
        Route("/sign-in", sent(partial(sign_in, site)), methods=["POST"]),
        Route("/sign-out", sent(partial(sign_out, site)), methods=["POST"]),
        Route("/unfollow/{token}", sent(partial(unfollow, site)), methods=["POST"]),
        Route("/say", sent(partial(say, site)), methods=["POST"]),
        Route("/live", live.stream, methods=["GET"]),
        Route("/incidents/{number}/live", live.stream, methods=["GET"]),
        Route(
            "/static/{name}",
            got(lambda it: static_file(it.parts["name"], it.query.get("v", ""))),
            methods=["GET"],
        ),
    ]


def missing_of(site: DashboardSite, pool: Executor) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return what answers for a path that nothing has: a page for browsers."""

    async def missing(request: Request, _error: Exception) -> Response:
        if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse("Not Found", status_code=404)
        return await in_thread(pool, partial(site.missing, read_request(request)), request.url.path)

    return missing


def read_request(request: Request, form: Mapping[str, str] = MappingProxyType({})) -> WebRequest:
    """Return a request as the pages read it."""
    return WebRequest(
        path=request.url.path,
        method=request.method,
        parts={name: str(it) for name, it in request.path_params.items()},
        query=dict(request.query_params),
        form=form,
        headers=dict(request.headers),
        cookies=request.cookies,
    )


def _form(body: bytes) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS))
    except ValueError:
        return {}
