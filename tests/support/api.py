"""A program that asks the API of a Spy in memory."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from starlette.applications import Starlette

from bot.adapters.rendering.mrkdwn import plain
from bot.ports import Calendars, NoCalendars, Templates
from bot.testing import SpyKit
from bot.web import Shown, build_web, with_token
from bot.web.api.site import ApiSite
from bot.web.pace import TokenPace
from tests.support.tokens import token_for


def api_of(spy: SpyKit) -> ApiSite:
    return ApiSite(
        sessions=spy.sessions,
        clock=spy.clock,
        policy=lambda: spy.policy,
        answer=spy.request,
        registry=lambda: spy.registry,
        plain=plain,
        provided={Templates: spy.templates, Calendars: NoCalendars()},
    )


def app_of(spy: SpyKit, pace: TokenPace | None = None) -> Starlette:
    return build_web(
        to_all=Shown(),
        with_token=Shown(),
        sees_all=with_token(""),
        readiness={},
        api=api_of(spy),
        most=pace,
    )


class Program:
    """A program with a token, or without one."""

    def __init__(self, app: Starlette, secret: str = "") -> None:
        self._loop = asyncio.Runner()
        self.secret = secret
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://spy.example")

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.ask("GET", path, params=query or None)

    def say(self, words: str, key: str | None = None, **more: Any) -> httpx.Response:
        return self.post({"say": words, **more}, {"idempotency-key": key} if key else {})

    def post(self, body: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.ask("POST", "/api/say", json=body, headers=headers or {})

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        given = {"authorization": f"Bearer {self.secret}"} if self.secret else {}
        return self._loop.run(
            self._client.request(method, path, headers={**given, **(headers or {})}, **more)
        )

    def close(self) -> None:
        self._loop.run(self._client.aclose())
        self._loop.close()


@contextmanager
def asking(
    spy: SpyKit, person: str | None = "U0ANA", scope: str = "say", pace: TokenPace | None = None
) -> Iterator[Program]:
    """Return a program with a token of this person."""
    program = Program(app_of(spy, pace), token_for(spy, person, scope) if person else "")
    try:
        yield program
    finally:
        program.close()
