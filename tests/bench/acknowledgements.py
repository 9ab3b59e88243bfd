"""The measure of acknowledgements: Spy beside a bare bolt app that commits five rows, on the same kind of database."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.bench.caller import Caller
from tests.bench.databases import fresh
from tests.bench.measures import AT_ONCE, SLACK_TAKES, Effort, PostEvent, in_turns, meet, percentile, text
from tests.bench.processes import Bot
from tests.bench.table import Row
from tests.support.postgres import driven

CROWD, WORST = 1.2, 1.5
"""Limits of the ratios: at the median for fifty at once, and at the 99th percentile always."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of database. `single` is the limit at the median for one at a time."""

    name: str
    single: float


SQLITE, POSTGRESQL = Kind(name="SQLite", single=1.3), Kind(name="PostgreSQL", single=1.5)


def acknowledgement(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """One at a time, then fifty at once: Spy and the bare app in turns, each calm before it is called."""
    yield from _on_both(Ways(what="acknowledgement"), effort, say)


def watched(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """The same, while ten browsers show Spy's dashboard and fifty people look at their Home tab."""
    yield from _on_both(Ways(what="watched, acknowledgement", is_watched=True), effort, say)


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How a table calls it, and whether people look on meanwhile."""

    what: str
    is_watched: bool = False


def _on_both(ways: Ways, effort: Effort, say: PostEvent) -> Iterator[Row]:
    yield from _measured(
        ways, SQLITE, [None, None], effort, lambda doing, part: say(f"{doing}, SQLite", part / 2)
    )
    with fresh(2) as (ours, theirs):
        yield from _measured(
            ways,
            POSTGRESQL,
            [ours, driven(theirs)],
            effort,
            lambda doing, part: say(f"{doing}, PostgreSQL", 0.5 + part / 2),
        )


def _measured(
    ways: Ways, kind: Kind, databases: Sequence[str | None], effort: Effort, say: PostEvent
) -> Iterator[Row]:
    with ExitStack() as stack:
        bots = [
            stack.enter_context(Bot(name, latency=SLACK_TAKES, database=url))
            for name, url in zip(("spy", "bare"), databases, strict=True)
        ]
        callers = [stack.enter_context(Caller(bot.port, bot.secret, lines=AT_ONCE)) for bot in bots]
        meet(bots, callers)
        if ways.is_watched:
            stack.enter_context(bots[0].watched())
        took = in_turns(
            bots, callers, effort.singles // effort.chunk, lambda part: say("one at a time", part / 2),
            lambda caller: [caller.one(text()) for _ in range(effort.chunk)],
        )  # fmt: skip
        yield from _compared(f"{ways.what}, one at a time, {kind.name}", *took, median=kind.single)
        took = in_turns(
            bots, callers, effort.crowds, lambda part: say("fifty at once", 0.5 + part / 2),
            lambda caller: caller.together([text() for _ in range(AT_ONCE)]),
        )  # fmt: skip
        yield from _compared(f"{ways.what}, {AT_ONCE} at once, {kind.name}", *took, median=CROWD)


def _compared(what: str, spy: Sequence[float], floor: Sequence[float], *, median: float) -> Iterator[Row]:
    for name, part, limit in (("median", 0.5, median), ("p99", 0.99, WORST)):
        at = [percentile(seconds, part) for seconds in (spy, floor)]
        yield Row(what=f"{what}, {name}", spy=at[0], floor=at[1], unit="ms", limit=limit)
