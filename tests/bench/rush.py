"""The measure of a rush: 300 declares a second, however slow the answers, at two processes on one PostgreSQL."""

import math
import selectors
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psycopg

from tests.bench.caller import PATIENCE, Caller, Line
from tests.bench.databases import fresh
from tests.bench.measures import SLACK_TAKES, Effort, PostEvent, percentile, text
from tests.bench.processes import Bot
from tests.bench.table import Row

A_SECOND = 300
PEOPLE = 600
"""One person's declares wait for each other, so nobody declares twice within a second."""
TOO_LATE = 3.0
"""Seconds that Slack waits for an answer."""
EMPTIED = 900.0
"""Seconds for which it is waited until all effects have left."""
UNFINISHED = "SELECT count(*) FROM outbox WHERE done_at IS NULL"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`took` counts from when the command was due; it is infinite for one that was never answered."""

    took: float
    is_open: bool


@dataclass
class Rush:
    """Says commands at a rate, to the callers' bots in turns, on as many connections as it takes."""

    callers: Sequence[Caller]
    answers: list[Answer] = field(default_factory=list)
    _idle: dict[int, list[Line]] = field(default_factory=dict)

    def run(self, texts: Sequence[str], *, rate: float) -> list[Answer]:
        began = time.perf_counter()
        with selectors.DefaultSelector() as waiting:
            for at, said in enumerate(texts):
                due = began + at / rate
                self._listen(waiting, until=due)
                self._say(waiting, said, at % len(self.callers), due)
            self._listen(waiting, until=time.perf_counter() + PATIENCE, is_end=True)
            lost = [Answer(took=math.inf, is_open=False) for _ in waiting.get_map()]
        return [*self.answers, *lost]

    def _say(self, waiting: selectors.BaseSelector, said: str, bot: int, due: float) -> None:
        idle = self._idle.setdefault(bot, [])
        line = idle.pop() if idle else self.callers[bot].line()
        line.heard.clear()
        line.sent_at = due
        line.socket.sendall(self.callers[bot].request(said))
        waiting.register(line.socket, selectors.EVENT_READ, (bot, line))

    def _listen(self, waiting: selectors.BaseSelector, *, until: float, is_end: bool = False) -> None:
        """Hear what comes until then; at the end, only until all is answered."""
        while waiting.get_map() or not is_end:
            ready = waiting.select(max(0.0, until - time.perf_counter()))
            for key, _ in ready:
                self._hear(waiting, *key.data)
            if not ready and time.perf_counter() >= until:
                return

    def _hear(self, waiting: selectors.BaseSelector, bot: int, line: Line) -> None:
        heard = line.socket.recv(65_536)
        line.heard += heard
        if heard and not line.is_answered:
            return
        waiting.unregister(line.socket)
        took = time.perf_counter() - line.sent_at if heard else math.inf
        self.answers.append(Answer(took=took, is_open=line.is_open))
        if heard:
            self._idle[bot].append(line)


def rush(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Count the declares that come too late, or are refused because Spy has too much to do."""
    number = A_SECOND * effort.rush
    with (
        fresh() as (url,),
        Bot("spy", latency=SLACK_TAKES, database=url, people=PEOPLE) as one,
        Bot("spy", latency=SLACK_TAKES, database=url, slack=one.slack) as two,
        Caller(one.port, one.secret, people=range(1, PEOPLE // 2)) as first,
        Caller(two.port, two.secret, people=range(PEOPLE // 2, PEOPLE)) as second,
    ):
        for caller in (first, second):
            caller.one(text())
        say(f"{number:,} declares at {A_SECOND} a second", 0.2)
        before = _memory(one, two)
        answers = Rush([first, second]).run([text() for _ in range(number)], rate=A_SECOND)
        after, began = _memory(one, two), time.monotonic()
        say("until the outbox is empty", 0.6)
        left = _emptied(url)
        took_to_empty, at_last = time.monotonic() - began, _memory(one, two)
    took = [it.took for it in answers]
    what = f"{A_SECOND} a second for {effort.rush} s, two processes, PostgreSQL"
    late, closed = sum(it > TOO_LATE for it in took), sum(not it.is_open for it in answers)
    yield Row(what=f"{what}: over {TOO_LATE:g} s", spy=late, unit="", limit=0, note=f"of {number:,}")
    yield Row(what=f"{what}: told to ask again", spy=closed, unit="", limit=0, note="Spy had too much to do")
    yield Row(what=f"{what}, median", spy=percentile(took, 0.5), unit="ms")
    yield Row(what=f"{what}, p99", spy=percentile(took, 0.99), unit="ms", limit=500)
    yield Row(
        what=f"{what}: effects that are left",
        spy=left,
        unit="",
        limit=0,
        note=f"after {took_to_empty:.0f} s more",
    )
    yield Row(
        what=f"{what}: memory of a process",
        spy=at_last,
        floor=before,
        unit="MB",
        note=f"{after:.0f} MB at the end of the rush; the floor is its beginning",
    )


def _memory(*bots: Bot) -> float:
    """Return the megabytes that the larger process holds."""
    return max(it.child.resident() for it in bots)


def _emptied(url: str) -> int:
    """Wait until all effects have left. Return how many have not."""
    until, left = time.monotonic() + EMPTIED, 1
    with psycopg.connect(url, autocommit=True) as connection:
        while left and time.monotonic() < until:
            time.sleep(1)
            [(left,)] = connection.execute(UNFINISHED).fetchall()
    return int(left)
