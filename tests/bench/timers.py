"""The measure of timers: what many that wait cost, and how soon many that are due at once have been spoken."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
from sqlalchemy import Engine, insert, text

from bot.adapters.database import Database, migrate, open_engine
from bot.adapters.database.tables import TimerRow
from bot.domain.incident.agenda import agenda
from bot.domain.incident.events import Declared
from bot.domain.incident.incident import Incident
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer
from bot.testing import POLICY, FrozenClock
from bot.workers.timers import Ticks
from tests.bench.caller import Caller
from tests.bench.measures import SLACK_TAKES, Effort, PostEvent, median
from tests.bench.processes import Bot
from tests.bench.story import calls
from tests.bench.table import Row
from tests.support.postgres import driven, serving

WAITING, AT_ONCE, BATCH = 100_000, 10_000, 1_000
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=16)
"""Update due: each incident is due, and nothing else."""
FORKS = get_context("fork")
LOOKS = 50
FIRST_WORD = 30.0
"""Seconds after a declare at which the first of the usual milestones is due."""


def timers(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Many that wait, on both databases; many at once on PostgreSQL; the first word after a declare."""
    say("a tick with nothing due", 0.0)
    with tempfile.TemporaryDirectory(prefix="spy-bench-") as folder, serving("bench") as postgres:
        with opened(f"sqlite:///{Path(folder) / 'bench.db'}") as engine:
            yield _idle(engine, "SQLite", effort, limit=0.3)
        with postgres.fresh() as url, opened(driven(url)) as engine:
            yield _idle(engine, "PostgreSQL", effort, limit=1.5)
        say("memory", 0.3)
        yield _memory(f"sqlite:///{Path(folder) / 'memory.db'}")
        say("many due at once", 0.4)
        with postgres.fresh() as url:
            yield from _at_once(driven(url))
    say("the first word after a declare", 0.6)
    yield _first_word(effort)


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


# --- many that wait ---------------------------------------------------------------------------------------


def wait(engine: Engine) -> None:
    """Let timers wait for tomorrow, two a subject."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for start in range(0, WAITING // 2, BATCH):
        every = [
            Timer(
                subject=Subject("incident", str(number)),
                occurrence=Occurrence(reminder, "1", "0"),
                due_at=tomorrow,
            )
            for number in range(start, start + BATCH)
            for reminder in ("update_due", "update_late")
        ]
        with engine.begin() as connection:
            connection.execute(
                insert(TimerRow),
                [
                    {
                        "key": it.key,
                        "state": "waiting",
                        "subject": str(it.subject),
                        "reminder": it.reminder,
                        "occurrence": str(it.occurrence),
                        "due_at": it.due_at,
                    }
                    for it in every
                ],
            )


def _idle(engine: Engine, where: str, effort: Effort, *, limit: float) -> Row:
    wait(engine)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    tick = ticks(Database(engine), datetime.now(UTC)).run
    took = [_timed(tick) for _ in range(effort.singles)]
    what = f"tick with nothing due, {WAITING:,} waiting, {where}"
    return Row(what=what, spy=1000 * median(took), unit="ms", limit=limit, note="median")


def _timed(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def ticks(sessions: Database, now: datetime) -> Ticks:
    return Ticks(sessions=sessions, clock=FrozenClock(now), policy=lambda: POLICY, wake=lambda: None)


def _memory(url: str) -> Row:
    """Let a process look again and again, and see what it holds more once many wait."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=_look_on, args=(url, theirs), daemon=True)
    process.start()
    before = ours.recv()
    with opened(url) as engine:
        wait(engine)
    ours.send("look again")
    more = ours.recv() - before
    process.join()
    return Row(what=f"memory for {WAITING:,} waiting timers", spy=max(more, 0.0), unit="MB", limit=10)


def _look_on(url: str, asked: Connection) -> None:
    with opened(url) as engine:
        tick = ticks(Database(engine), datetime.now(UTC)).run
        asked.send(_held_after(tick))
        asked.recv()
        asked.send(_held_after(tick))


def _held_after(tick: Callable[[], None]) -> float:
    """Return the megabytes that the process holds once it has looked often."""
    for _ in range(LOOKS):
        tick()
    return float(psutil.Process().memory_info().rss) / 1e6


# --- many at once -----------------------------------------------------------------------------------------


def _at_once(url: str) -> Iterator[Row]:
    """Let two processes speak for all incidents, and count what stands in the outbox."""
    with opened(url) as engine:
        _declare(Database(engine))
    ready = FORKS.Barrier(3)
    both = [FORKS.Process(target=_speak, args=(url, ready), daemon=True) for _ in range(2)]
    for process in both:
        process.start()
    ready.wait(30)
    began = time.perf_counter()
    for process in both:
        process.join()
    took = time.perf_counter() - began
    with opened(url) as engine:
        keys = _reminder_messages(engine)
    what = f"{AT_ONCE:,} due at once, two processes, PostgreSQL"
    yield Row(what=f"{what}: all in the outbox", spy=took, unit="s", limit=5)
    astray = abs(AT_ONCE - len(keys)) + len(keys) - len(set(keys))
    yield Row(what=f"{what}: dropped or doubled", spy=astray, unit="", limit=0)


def _declare(sessions: Database) -> None:
    severity = POLICY.severities["sev1"]
    due = NOON + (severity.update_every or timedelta())
    declared = Declared(at=NOON, by="U0ANA", name="trouble", severity=severity.key, next_due=due)
    for start in range(1, AT_ONCE + 1, BATCH):
        with sessions.begin() as session:
            for number in range(start, start + BATCH):
                incident = replace(Incident.declared(number, declared), entries=1)
                session.incidents.put(incident)
                session.timers.replace(incident.subject, agenda(incident, POLICY))


def _speak(url: str, ready: Barrier) -> None:
    engine = open_engine(url)
    sessions = Database(engine)
    sessions.ping()
    ready.wait(30)
    ticks(sessions, LATER).run()
    engine.dispose()


def _reminder_messages(engine: Engine) -> Sequence[str]:
    with engine.begin() as connection:
        said = connection.execute(
            text("SELECT key FROM outbox WHERE key LIKE :reminders"), {"reminders": "reminder:%said"}
        )
        return list(said.scalars())


# --- in time ----------------------------------------------------------------------------------------------


def _first_word(effort: Effort) -> Row:
    """Declare, and see how late the first milestone of each incident leaves for Slack."""
    with Bot("spy", latency=SLACK_TAKES) as bot, Caller(bot.port, bot.secret) as caller:
        due = []
        for number in range(effort.declares):
            caller.one(f'me "trouble {number}"')
            due.append(time.time() + FIRST_WORD)
        bot.slack.settled()
        bot.slack.reset()
        time.sleep(max(0.0, due[-1] - time.time()))
        left = [
            call.started for call in calls(bot.slack.settled(quiet=2)) if call.method == "chat.postMessage"
        ]
    if len(left) < len(due):
        raise RuntimeError(f"{len(left)} of {len(due)} messages left")
    late = max(at - on for at, on in zip(sorted(left), due, strict=False))
    return Row(what="due → its message leaves, slowest", spy=max(late, 0.0), unit="s", limit=1)
