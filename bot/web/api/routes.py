"""The API's routes, as an app of its own below /api: whatever happens there is answered in JSON."""

from collections.abc import Callable
from concurrent.futures import Executor
from functools import cache, partial
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.domain.web_key import digest_of
from bot.services.features import load_features
from bot.web import api
from bot.web.answer import WebAnswer
from bot.web.api.endpoint import ENDPOINTS, ApiEndpoint
from bot.web.api.openapi import DOCUMENT, document
from bot.web.api.problem import PROBLEM, problem
from bot.web.api.site import ApiAsked, ApiSite
from bot.web.bearer import bearer_of
from bot.web.calls import Unread, body_of, in_thread
from bot.web.pace import TokenPace

PLACE = "/api"
NO_PATH = f"There is no such path. {PLACE}{DOCUMENT} lists them."
TOO_MUCH = "That was more than {most} requests in a minute. Try again in {seconds} s."


def api_routes(site: ApiSite, pool: Executor, pace: TokenPace | None = None) -> list[Mount]:
    """Return the routes of all declared paths."""
    load_features(api)
    counted = pace or TokenPace()

    def route(it: ApiEndpoint) -> Route:
        async def endpoint(request: Request) -> Response:
            if seconds := counted.wait(digest_of(bearer_of(request.headers))):
                return response_of(_wait(counted.most, seconds))
            body = await body_of(request) if it.body else b""
            if isinstance(body, Unread):
                return as_problem(body.response)
            call = _call(request, body)
            return as_problem(await in_thread(pool, partial(site.run, it, call), request.url.path))

        return Route(it.path, endpoint, methods=[it.method], name=it.name)

    app = Starlette(
        routes=[Route(DOCUMENT, _document, methods=["GET"]), *map(route, ENDPOINTS)],
        exception_handlers={HTTPException: _missing},
    )
    app.router.redirect_slashes = False
    return [Mount(PLACE, app)]


@cache
def _written() -> Callable[[], Response]:
    found = document(ENDPOINTS, PLACE)
    return lambda: JSONResponse(found)


async def _document(_: Request) -> Response:
    return _written()()


async def _missing(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    sentence = NO_PATH if status == HTTPStatus.NOT_FOUND else "This path is for another method."
    return response_of(problem(HTTPStatus(status), sentence, headers))


def response_of(answer: WebAnswer) -> Response:
    return Response(answer.body, answer.status, headers=dict(answer.headers))


def as_problem(response: Response) -> Response:
    """Return what was refused before the API saw it, such as a body that is too large, as the API would."""
    is_plain = response.headers.get("content-type", "").partition(";")[0] != PROBLEM
    if response.status_code < HTTPStatus.BAD_REQUEST or not is_plain:
        return response
    return response_of(problem(HTTPStatus(response.status_code), bytes(response.body).decode().strip()))


def _call(request: Request, body: bytes) -> ApiAsked:
    return ApiAsked(
        path=request.url.path,
        parts={name: str(it) for name, it in request.path_params.items()},
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=body,
    )


def _wait(most: int, seconds: int) -> WebAnswer:
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        TOO_MUCH.format(most=most, seconds=seconds),
        {"retry-after": str(seconds)},
    )
