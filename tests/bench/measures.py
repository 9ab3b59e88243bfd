"""The measures: each gives lines of the table, and says meanwhile what it does and how far it is."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

from tests.bench.caller import Caller
from tests.bench.processes import Bot
from tests.bench.story import ANNOUNCE, Call, Declare, calls, usable_channels
from tests.bench.table import Row

SLACK_TAKES = 0.1
"""Seconds that Slack takes for every call, in all measures."""
AT_ONCE = 50
CREATES_A_MINUTE = 20
"""Slack's published limit for new channels."""

_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is measured: enough for a figure, or `quick` for a look.

    `rush` and `idle` are in seconds, `soak` in hours of the sandbox; `shared` is how many declares several
    processes share; `many` is how many one process takes until its memory is looked at.
    """

    singles: int = 300
    chunk: int = 30
    crowds: int = 6
    declares: int = 10
    starts: int = 5
    limited: int = AT_ONCE
    rush: int = 60
    shared: int = 1_200
    turns: int = 5
    incidents: int = 10_000
    idle: int = 60
    many: int = 2_000
    soak: int = 24


QUICK = Effort(
    singles=60,
    chunk=20,
    crowds=2,
    declares=4,
    starts=3,
    limited=25,
    rush=5,
    shared=360,
    turns=3,
    incidents=1_000,
    idle=30,
    many=300,
    soak=6,
)
PostEvent = Callable[[str, float], None]
"""Hears what is being done, and how much of the measure is done (0 to 1)."""


def text(severity: str = "") -> str:
    return f'me "checkout is down {next(_numbers)}" {severity}'.strip()


def percentile(seconds: Sequence[float], part: float) -> float:
    """Return milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


# --- in turns --------------------------------------------------------------------------------------------


def in_turns(
    bots: Sequence[Bot],
    callers: Sequence[Caller],
    rounds: int,
    say: Callable[[float], None],
    call: Callable[[Caller], list[float]],
) -> list[list[float]]:
    """Let each be called in every round, once what it had to do for the last is done."""
    took: list[list[float]] = [[] for _ in bots]
    for turn in range(rounds):
        say(turn / rounds)
        for bot, caller, mine in zip(bots, callers, took, strict=True):
            mine.extend(call(caller))
            bot.slack.settled()
            bot.slack.reset()
    return took


def meet(bots: Sequence[Bot], callers: Sequence[Caller]) -> None:
    """Let each do once what is only done the first time."""
    for bot, caller in zip(bots, callers, strict=True):
        for _ in range(3):
            caller.one(text())
        bot.slack.settled()
        bot.slack.reset()


# --- one declare ------------------------------------------------------------------------------------------


def declare(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """One declare after another, each come to its end before the next."""
    with ExitStack() as stack:
        bots = [stack.enter_context(Bot(name, latency=SLACK_TAKES)) for name in ("spy", "least")]
        callers = [stack.enter_context(Caller(bot.port, bot.secret)) for bot in bots]
        first = _first(bots[0], callers[0])
        meet(bots, callers)
        spent = [-bot.child.processor() for bot in bots]
        told: list[list[tuple[float, Declare, set[str]]]] = [[], []]
        for turn in range(effort.declares):
            say("a declare", turn / effort.declares)
            for bot, caller, mine in zip(bots, callers, told, strict=True):
                mine.append(_declared(bot, caller))
        spent = [was + bot.child.processor() for was, bot in zip(spent, bots, strict=True)]
        yield from _times(*([(at, it) for at, it, _ in mine] for mine in told))
        yield from _shape([it for _, it, _ in told[0]], first, [links for *_, links in told[0]])
        cost = [1000 * it / effort.declares for it in spent]
        yield Row(what="processor time a declare", spy=cost[0], floor=cost[1], unit="ms")


def _first(spy: Bot, caller: Caller) -> tuple[int, int]:
    """Declare for the first time since the start: the connections of all, and those opened by it."""
    before = {call.connection for call in calls(spy.slack.settled())}
    caller.one(text())
    after = {call.connection for call in calls(spy.slack.settled())}
    return len(after), len(after - before)


def _declared(bot: Bot, caller: Caller) -> tuple[float, Declare, set[str]]:
    bot.slack.reset()
    at = time.time()
    caller.one(text())
    made = calls(bot.slack.settled())
    return at, Declare.read(made), {call.connection for call in made}


def _times(spy: list[tuple[float, Declare]], least: list[tuple[float, Declare]]) -> Iterator[Row]:
    def took(told: list[tuple[float, Declare]], what: str) -> float:
        return 1000 * median([getattr(it, what) - at for at, it in told])

    for what, words in (("announced", "declare → announced"), ("usable", "declare → channel usable")):
        yield Row(what=words, spy=took(spy, what), floor=took(least, what), unit="ms", limit=1.1)


def _shape(told: list[Declare], first: tuple[int, int], links: list[set[str]]) -> Iterator[Row]:
    opened, renewed = first
    yield Row(what="Slack calls in sequence", spy=max(it.depth for it in told), unit="", limit=2)
    yield Row(what="Slack calls in all", spy=max(it.count for it in told), unit="", limit=8)
    yield Row(
        what="connections to Slack", spy=opened, unit="", limit=6, note=f"{renewed} of them in the declare"
    )
    later = set().union(*links) - links[0]
    yield Row(what="connections opened by later declares", spy=len(later), unit="", limit=0)


# --- fifty declares ---------------------------------------------------------------------------------------


def crowd(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Fifty declares at once, until the last channel is usable."""
    acknowledged: list[float] = []
    took: list[list[float]] = [[], []]
    with ExitStack() as stack:
        bots = [stack.enter_context(Bot(name, latency=SLACK_TAKES)) for name in ("spy", "least")]
        callers = [stack.enter_context(Caller(bot.port, bot.secret, lines=AT_ONCE)) for bot in bots]
        meet(bots, callers)
        rounds = max(2, effort.crowds // 2)
        for turn in range(rounds):
            say("fifty declares at once", turn / rounds)
            for bot, caller, mine in zip(bots, callers, took, strict=True):
                answers, last = _crowded(bot, caller)
                mine.append(last)
                acknowledged += answers if bot.name == "spy" else []
    yield Row(what=f"{AT_ONCE} at once: slowest acknowledgement", spy=max(acknowledged), unit="s", limit=1.0)
    spy, least = (median(it) for it in took)
    yield Row(what=f"{AT_ONCE} at once: last channel usable", spy=spy, floor=least, unit="s", limit=2.0)


def _crowded(bot: Bot, caller: Caller) -> tuple[list[float], float]:
    bot.slack.reset()
    at = time.time()
    answers = caller.together([text() for _ in range(AT_ONCE)])
    channels = usable_channels(calls(bot.slack.settled()))
    if len(channels) != AT_ONCE:
        raise RuntimeError(f"{bot.name}: {len(channels)} of {AT_ONCE} channels became usable")
    return answers, max(channels) - at


def limited(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Many declares at once, with Slack's published limits on: all must come, as the limits allow, pages first."""
    number = effort.limited
    allowed = 60.0 * ((number - 1) // CREATES_A_MINUTE)
    with (
        Bot("spy", latency=SLACK_TAKES, limits=True) as bot,
        Caller(bot.port, bot.secret, lines=number) as caller,
    ):
        at = time.time()
        caller.together([text("sev1") for _ in range(number)])
        within = allowed + 90
        while (went := time.time() - at) < within and len(_topics(bot)) < number:
            say(
                f"{number} at once under Slack's limits ({CREATES_A_MINUTE} channels a minute)", went / within
            )
            time.sleep(1)
        exchanges = bot.slack.settled(within=120)
    made = calls(exchanges)
    well = [call for call in made if call.status == 200]
    pages = [it.finished for it in calls(exchanges, "pagerduty") if it.method == "POST /incidents"]
    channels = usable_channels(well)
    yield from _arrived(number, well, channels, pages)
    yield Row(what="under limits: last page sent", spy=max(pages) - at, unit="s", limit=3, note="pages first")
    ends = max(channels, default=0.0) - at
    yield Row(
        what="under limits: last channel usable",
        spy=ends,
        floor=allowed,
        unit="s",
        limit=1.25,
        note="floor: the limits alone",
    )
    refused = len(made) - len(well)
    yield Row(
        what="under limits: calls refused (429)",
        spy=refused,
        unit="",
        note=f"of {len(made)}; each tried again",
    )


def _arrived(number: int, well: list[Call], channels: list[float], pages: list[float]) -> Iterator[Row]:
    """What is missing, of all that had to come."""
    each = {
        "announcements": sum(c.method == "chat.postMessage" and c.channel == ANNOUNCE for c in well),
        "channels": len(channels),
        "topics": sum(c.method == "conversations.setTopic" for c in well),
        "pages": len(pages),
    }
    lost = sum(max(0, number - came) for came in each.values())
    note = ", ".join(f"{came} {what}" for what, came in each.items())
    yield Row(what=f"under limits: dropped, of {number} declares", spy=lost, unit="", limit=0, note=note)


def _topics(bot: Bot) -> list[Call]:
    made = calls(bot.slack.exchanges())
    return [c for c in made if c.method == "conversations.setTopic" and c.status == 200]


MEASURES: dict[str, Callable[[Effort, PostEvent], Iterator[Row]]] = {
    "declare": declare,
    "crowd": crowd,
    "limited": limited,
}
