"""The API tried with requests made from its own document. `python -m tests.support.api_document` tries for longer."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import from_schema
from schemathesis.engine.events import EngineFinished, FatalError, NonFatalError
from starlette.applications import Starlette

from bot.testing import SpyKit
from bot.web.pace import TokenPace
from tests.support.api import app_of
from tests.support.folders import PLUGINS
from tests.support.templates import shipped
from tests.support.tokens import token_for

UNLIMITED = TokenPace(10**9)
Tally = Counter[tuple[str, str, int]]
LONGER = 200
"""Requests of each kind for each path, which takes a few minutes."""


def spy_to_try() -> SpyKit:
    """Return a Spy with an open incident and a past one."""
    spy = SpyKit(PLUGINS)
    spy.templates = shipped(spy.clock)
    spy = spy.restarted()
    for words in (
        'incident me "checkout is down" sev1',
        'incident me "search hangs" sev3',
        "incident 2 cancel no",
    ):
        spy.say(words)
    return spy


def counted(app: Starlette, tally: Tally) -> Any:
    """Return the app, and count its answers by method, path and status."""

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                tally[scope["method"], scope["path"], message["status"]] += 1
            await send(message)

        await app(scope, receive, sent)

    return counting


def failures_of(app: Any, secret: str, *, examples: int, seed: int = 1) -> Sequence[Failure]:
    """Send requests that fit the document, and others, and return where the answers don't fit it."""
    config: dict[str, Any] = {
        "seed": seed,
        "headers": {"Authorization": f"Bearer {secret}"},
        "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
        "phases": {"stateful": {"generation": {"max-examples": examples}}},
    }
    schema = schemathesis.openapi.from_asgi(
        "/api/openapi.json", app, config=SchemathesisConfig.from_dict(config)
    )
    for event in from_schema(schema).execute():
        if isinstance(event, FatalError):
            raise event.exception
        if isinstance(event, NonFatalError):
            raise event.value
        if isinstance(event, EngineFinished):
            return event.failures
    raise AssertionError("it did not finish")


def main() -> int:
    """Try for some minutes, and print each failure."""
    spy, tally = spy_to_try(), Tally()
    found = failures_of(counted(app_of(spy, UNLIMITED), tally), token_for(spy), examples=LONGER)
    for it in found:
        sys.stdout.write(f"{it.operation}: {it.title}: {it.message}\n")
    sys.stdout.write(f"{tally.total()} requests, {len(found)} failures\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
