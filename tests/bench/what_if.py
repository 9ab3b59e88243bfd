"""The measure of what-if: a month of 1,000 incidents replayed, beside only reading and folding their timelines."""

import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from bot.adapters.database import Database
from bot.domain.incident.replay import replayed
from bot.domain.policy import Policy
from bot.services.transaction import Transaction
from bot.services.what_if.compare import compare
from bot.services.what_if.past import read_past
from tests.bench.measures import Effort, PostEvent
from tests.bench.table import Row
from tests.bench.timers import opened
from tests.support.postgres import driven, serving
from tests.what_if.lives import Lives
from tests.what_if.month import Lived, fill

INCIDENTS, LIVED = 1_000, 20
MOST = 30
"""Seconds that a replay may take."""


def what_if(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Replay 1,000 incidents of the last 30 days under other timers, on both databases."""
    del effort
    say("incidents to copy", 0.0)
    lives = Lives(7).usual(LIVED)
    with tempfile.TemporaryDirectory(prefix="spy-bench-") as folder, serving("bench") as postgres:
        with opened(f"sqlite:///{Path(folder) / 'bench.db'}") as engine:
            yield from _replayed(engine, "SQLite", lives, say)
        with postgres.fresh() as url, opened(driven(url)) as engine:
            yield from _replayed(engine, "PostgreSQL", lives, say)


def _replayed(engine: Engine, where: str, lives: Lives, say: PostEvent) -> Iterator[Row]:
    database, now = Database(engine), lives.clock.now()
    say(f"{INCIDENTS:,} incidents, {where}", 0.3)
    entries = fill(database, Lived.of(lives), INCIDENTS)
    say(f"replays, {where}", 0.7)
    began = time.perf_counter()
    with database.read() as session:
        tx = Transaction(session=session, now=now, policy=lives.policy)
        past = read_past(tx, since=now - timedelta(days=30))
    found = compare(past, _others(lives.policy), before=lives.policy)
    took = time.perf_counter() - began
    floor = _folded(database, found.incidents)
    what = f"what-if over {len(found.incidents):,} incidents, {entries:,} entries, {where}"
    yield Row(what=what, spy=took, unit="s", limit=MOST)
    yield Row(what=f"{what}: beside reading and folding", spy=took, unit="s", floor=floor)
    yield Row(what=f"{what}: not as it was said", spy=len(found.unlike), unit="", limit=0)


def _folded(database: Database, incidents: Iterable[int]) -> float:
    """Return how many seconds it takes to read the timelines and fold each once."""
    began = time.perf_counter()
    with database.read() as session:
        for number in incidents:
            list(replayed(number, session.timeline.events(number)))
    return time.perf_counter() - began


def _others(policy: Policy) -> Policy:
    """Return other timers: longer intervals of updates, and earlier relief."""
    severities = {
        key: replace(it, update_every=(it.update_every or timedelta(hours=1)) * 1.5)
        for key, it in policy.severities.items()
    }
    timers = replace(
        policy.timers, relief_ask=timedelta(minutes=50), page_unanswered_after=timedelta(minutes=3)
    )
    return replace(policy, severities=severities, timers=timers)
