"""Turns a vendor's REST API, a table of routes and functions, into an endpoint."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from bot.sandbox.server.server import HttpRequest, HttpResponse

JSON = dict[str, Any]


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
Api = Callable[[HttpRequest], HttpResponse]


def api(routes: Iterable[Route], *, prefix: str, admit: Callable[[ApiCall], None], refuse: Refuse) -> Api:
    """Return an endpoint that is mounted at `prefix`.

    `admit` raises RefusedError for a caller without the key. `refuse` makes the answer to other errors.
    """
    table = [(verb, _pattern(template), endpoint) for verb, template, endpoint in routes]

    def endpoint(request: HttpRequest) -> HttpResponse:
        answer = _answer(_call(request, prefix=prefix), table, admit=admit, refuse=refuse)
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        return HttpResponse(
            status=answer.status,
            body=body,
            content_type="application/json",
            headers=tuple(answer.headers.items()),
        )

    return endpoint


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


def _call(request: HttpRequest, *, prefix: str) -> ApiCall:
    return ApiCall(
        method=request.verb,
        path=request.path.removeprefix(prefix).rstrip("/") or "/",
        query=parse_qs(request.query, keep_blank_values=True),
        headers=request.headers,
        raw=request.body,
    )
