"""The process itself: how long it takes to start, how much memory it holds, and what it costs while nothing happens."""

import time
from collections.abc import Iterator

from tests.bench.caller import Caller
from tests.bench.measures import SLACK_TAKES, Effort, PostEvent, median, text
from tests.bench.processes import Bot
from tests.bench.table import Row

OPEN = 20
"""Incidents that are open while nothing happens."""
CALM = 80.0
"""Seconds until nothing is due for a while: the first reminders of new incidents come within a minute."""
IN_A_ROW = 10
"""Declares before the calls that they made are waited for."""


def process(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Starts, memory at rest and after many declares, and the processor time of an idle minute."""
    with Bot("spy", latency=SLACK_TAKES) as spy, Bot("least", latency=SLACK_TAKES) as least:
        yield from _starts(spy, least, effort, say)
        time.sleep(5)
        at_rest = spy.child.resident()
        yield Row(
            what="memory, idle",
            spy=at_rest,
            unit="MB",
            limit=104.9,
            note=f"the least bot: {least.child.resident():.0f} MB",
        )
        yield _idle_minute(spy, effort, say)
    yield _growth(effort, say)


def _starts(spy: Bot, least: Bot, effort: Effort, say: PostEvent) -> Iterator[Row]:
    fresh = spy.ready_after
    ready: list[list[float]] = [[], []]
    used: list[list[float]] = [[], []]
    for turn in range(effort.starts):
        say("starts", 0.2 * turn / effort.starts)
        for at, bot in enumerate((spy, least)):
            bot.restart()
            ready[at].append(bot.ready_after)
            used[at].append(bot.child.processor())
    yield Row(what="start → ready", spy=median(ready[0]), floor=median(ready[1]), unit="s", limit=1.3)
    yield Row(what="processor time of a start", spy=median(used[0]), floor=median(used[1]), unit="s")
    yield Row(what="start → ready, new database", spy=fresh, unit="s", note="with its migrations")


def _idle_minute(spy: Bot, effort: Effort, say: PostEvent) -> Row:
    with Caller(spy.port, spy.secret) as caller:
        for _ in range(OPEN):
            caller.one(text("sev3"))
        spy.slack.settled(quiet=2)
    say("until nothing is due", 0.3)
    time.sleep(CALM)
    say("an idle minute", 0.5)
    before, began = spy.child.processor(), time.monotonic()
    time.sleep(effort.idle)
    used, took = spy.child.processor() - before, time.monotonic() - began
    return Row(
        what=f"processor time of an idle minute, {OPEN} open incidents",
        spy=60 * used / took,
        unit="s",
        limit=0.15,
        note=f"measured for {took:.0f} s",
    )


def _growth(effort: Effort, say: PostEvent) -> Row:
    """Return what many declares add. Fewer of them are not scaled up: most of it comes with the first ones."""
    with Bot("spy", latency=SLACK_TAKES) as spy:
        spy.restart()
        time.sleep(5)
        before = spy.child.resident()
        with Caller(spy.port, spy.secret) as caller:
            for done in range(0, effort.many, IN_A_ROW):
                say("many declares", 0.6 + 0.4 * done / effort.many)
                for _ in range(IN_A_ROW):
                    caller.one(text("sev3"))
                spy.slack.settled(quiet=0.05)
                spy.slack.reset()
        spy.slack.settled(quiet=5)
        added = spy.child.resident() - before
    return Row(
        what=f"memory that {effort.many:,} declares add",
        spy=added,
        unit="MB",
        limit=5.2,
        note="" if effort.many >= Effort().many else f"to reach after {Effort().many:,} of them",
    )
