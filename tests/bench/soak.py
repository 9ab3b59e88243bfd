"""The measure of a long run: a day of the sandbox at 600 times its pace, the long night again and again."""

import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own

from bot.sandbox import Box
from tests.bench.measures import Effort, PostEvent
from tests.bench.table import TIMES, Row
from tests.conftest import living_in

PACE = 600
NIGHT = timedelta(hours=2)
EVENING = ("ana", "general")
SENT = """
    SELECT reminder_due_at, done_at FROM outbox WHERE reminder_due_at IS NOT NULL AND done_at IS NOT NULL
"""
STORY: Sequence[tuple[int, str, str]] = (
    (1, "ana", "status investigating"),
    (7, "ana", 'update "Half of the payments fail; we look at the last deploy."'),
    (30, "ana", 'update "We are rolling the deploy back."'),
    (44, "ana", 'update "The rollback is through; payments recover slowly."'),
    (58, "ana", 'update "A queue of failed payments is left."'),
    (68, "kim", "take"),
    (69, "kim", 'update "Kim leads now; the queue is being worked off."'),
    (83, "kim", "status monitoring"),
    (84, "kim", 'update "The queue is empty; we watch it."'),
    (95, "kim", 'stop "rolled back the deploy, and worked off the queue"'),
)
"""What is said in a night, each so many minutes after the incident was opened. Two updates come late."""


def soak(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Play nights for a day, and hold the memory of the bot against that after the first hour."""
    with tempfile.TemporaryDirectory(prefix="spy-soak-") as place:
        file = Path(place) / "spy.db"
        with living_in(Path(place), f"sqlite:///{file}") as world:
            box, held = world.box, psutil.Process(world.bot.pid).memory_info
            box.clock.play(PACE)
            began, first, memory = box.clock.now(), 0.0, []
            nights = effort.soak // int(NIGHT / timedelta(hours=1))
            for night in range(1, nights + 1):
                say(f"night {night} of {nights}", night / (nights + 1))
                _play(box, night)
                memory.append(held().rss / 1e6)
                first = first or memory[0]
            passed = box.clock.now() - began
            box.clock.play(1)
            box.wait_for(lambda: not _waiting(file), seconds=60)
        late, count = _lateness(file)
    what = f"{passed / timedelta(hours=1):.0f} h of the sandbox at {TIMES}{PACE}"
    yield Row(
        what=f"{what}: memory",
        spy=max(memory[-3:]),
        floor=first,
        unit="MB",
        limit=1.05,
        note="the floor is after the first night",
    )
    yield Row(
        what=f"{what}: a reminder leaves after it is due, slowest",
        spy=late,
        unit="s",
        limit=1,
        note=f"of {count}",
    )


def _play(box: Box, night: int) -> None:
    """Play one night, and wait until the next one begins."""
    began = box.clock.now()
    channel = f"inc-{night}-payments-fail-{night}"
    box.slack.slash(*EVENING, "/incident", f'me "payments fail {night}" sev1')
    for minute, person, words in STORY:
        _wait(box, began + timedelta(minutes=minute))
        if minute == STORY[0][0]:
            box.wait_for(lambda: any(it.name == channel for it in box.slack.channels), seconds=60)
        box.slack.join(person, channel)
        box.slack.slash(person, channel, "/incident", words)
    _wait(box, began + NIGHT)


def _wait(box: Box, until: datetime) -> None:
    while box.clock.now() < until:
        time.sleep(0.01)


def _waiting(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM outbox WHERE done_at IS NULL")
    return int(count)


def _lateness(file: Path) -> tuple[float, int]:
    """Return the machine's seconds from due to sent for the slowest reminder, and how many were sent."""
    with closing(sqlite3.connect(file)) as connection:
        sent = [[datetime.fromisoformat(it) for it in row] for row in connection.execute(SENT)]
    return max((done - due).total_seconds() / PACE for due, done in sent), len(sent)
