"""Turns a vendor's REST API, a table of routes and functions, into an ASGI app."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

JSON = dict[str, Any]
AsgiScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[AsgiScope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """One request to a route's function. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    raw: bytes
    ids: Mapping[str, str] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[-1]

    def many(self, name: str) -> list[str]:
        """Return all values of `name[]=`, the list syntax of PagerDuty's clients."""
        return self.query.get(f"{name}[]", []) + self.query.get(name, [])

    @property
    def json(self) -> Any:
        return json.loads(self.raw) if self.raw else {}

    @property
    def body(self) -> JSON:
        """The JSON object of the body; empty for anything else."""
        return self.json if isinstance(self.json, dict) else {}


@dataclass(frozen=True, kw_only=True)
class ApiResponse:
    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A refused request, with the vendor's answer."""

    def __init__(self, answer: ApiResponse) -> None:
        super().__init__(answer.body)
        self.answer = answer


Endpoint = Callable[[ApiCall], ApiResponse]
Route = tuple[str, str, Endpoint]
Refuse = Callable[[int, str], ApiResponse]


def api(routes: Iterable[Route], *, prefix: str, admit: Callable[[ApiCall], None], refuse: Refuse) -> ASGIApp:
    """Return an ASGI app of the routes.

    `admit` raises RefusedError for a caller without the key. `refuse` makes the answer to other errors.
    """
    table = [(verb, _pattern(template), endpoint) for verb, template, endpoint in routes]

    async def app(scope: AsgiScope, receive: Receive, send: Send) -> None:
        call = _call(scope, await _body(receive), prefix=prefix)
        await _send(send, _answer(call, table, admit=admit, refuse=refuse))

    return app


def _pattern(template: str) -> re.Pattern[str]:
    """Compile a route: `{name}` is one part of a path, `{name+}` is the rest of it."""
    parts = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", template)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", parts))


def _answer(
    call: ApiCall,
    table: list[tuple[str, re.Pattern[str], Endpoint]],
    *,
    admit: Callable[[ApiCall], None],
    refuse: Refuse,
) -> ApiResponse:
    try:
        admit(call)
        for verb, pattern, endpoint in table:
            if verb == call.method and (match := pattern.fullmatch(call.path)):
                return endpoint(ApiCall(**{**vars(call), "ids": match.groupdict()}))
    except RefusedError as refused:
        return refused.answer
    except (json.JSONDecodeError, UnicodeDecodeError):
        return refuse(400, "The request's body is not JSON")
    return refuse(404, "Not Found")


def _call(scope: AsgiScope, raw: bytes, *, prefix: str) -> ApiCall:
    return ApiCall(
        method=scope["method"],
        path=scope["path"].removeprefix(prefix).rstrip("/") or "/",
        query=parse_qs(scope["query_string"].decode(), keep_blank_values=True),
        headers={name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
        raw=raw,
    )


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _send(send: Send, answer: ApiResponse) -> None:
    content = b"" if answer.body is None else json.dumps(answer.body).encode()
    headers = {"content-type": "application/json", "content-length": str(len(content)), **answer.headers}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
