"""The measure of alerts: from the webhook to the line in the channel, at 20 a second, on both databases."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from bot.sandbox.recorder import Exchange
from tests.bench.databases import fresh
from tests.bench.measures import Effort, PostEvent, percentile
from tests.bench.table import Row
from tests.conftest import living_in
from tests.e2e.world import World
from tests.support import samples

A_SECOND, SECONDS = 20, 10
TOOL = "sandbox-alerts-secret"
PATIENCE = 30.0
"""Seconds after which a line counts as lost."""
MOST = 2_000
"""Milliseconds within which 99 of 100 lines must be in their channel."""


def alerts(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Report alerts of different services at a rate, and wait for their lines."""
    del effort
    with tempfile.TemporaryDirectory(prefix="spy-bench-") as folder:
        say(f"{A_SECOND} alerts a second, SQLite", 0.2)
        yield from _rows("SQLite", Path(folder) / "sqlite", f"sqlite:///{folder}/spy.db")
        with fresh() as (url,):
            say(f"{A_SECOND} alerts a second, PostgreSQL", 0.6)
            yield from _rows("PostgreSQL", Path(folder) / "postgresql", url)


def _rows(database: str, folder: Path, url: str) -> Iterator[Row]:
    number = A_SECOND * SECONDS
    with living_in(folder, url) as world:
        took = _measured(world, number)
    what = f"alert → line, {A_SECOND} a second for {SECONDS} s, {database}"
    yield Row(what=f"{what}: lost", spy=number - len(took), unit="", limit=0, note=f"of {number}")
    yield Row(what=f"{what}, p99", spy=percentile(took, 0.99), unit="ms", limit=MOST)


def _measured(world: World, number: int) -> list[float]:
    sent, shown = dict[str, float](), dict[str, float]()

    def arrived(exchange: Exchange) -> None:
        body = exchange.body.decode()
        found = next((it for it in list(sent) if f"{it}." in body or f"{it}*" in body), None)
        if found:
            shown.setdefault(found, time.perf_counter())

    world.box.faults.after("slack", "chat.postMessage", arrived, times=number * 2)
    began = time.perf_counter()
    with httpx.Client() as http, ThreadPoolExecutor(A_SECOND) as tools:
        for at in range(number):
            time.sleep(max(0.0, began + at / A_SECOND - time.perf_counter()))
            title = f"bench alert {at:04}"
            sent[title] = time.perf_counter()
            tools.submit(_tell, http, world, title)
    end = time.perf_counter() + PATIENCE
    while len(shown) < number and time.perf_counter() < end:
        time.sleep(0.05)
    return [shown[it] - sent[it] for it in sent if it in shown]


def _tell(http: httpx.Client, world: World, title: str) -> None:
    body = samples.body({"title": title, "service": title.replace(" ", "-")})
    headers = samples.signed_by_tool(body, int(world.box.clock.now().timestamp()), TOOL)
    http.post(f"{world.bot.url}/webhooks/alerts", content=body, headers=headers)
