"""One run of chaos on one database: people speak, things go wrong, and at the end all is counted."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import httpx

from bot.sandbox import Box
from tests.adapters.test_database_limits import Proxy, through
from tests.chaos.calamity import Calamity, Faults, Mishap, cut, kill, lock, spread, stop, swallow
from tests.chaos.findings import Findings, findings
from tests.chaos.people import CROWD, Diary, People
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World

LIMITS = (
    "limits: {incidents_per_person: 1000, pages_per_person: 1000, pages_per_team: 1000, ring_again_after: 0}"
)
CLEARED = 180.0
"""Seconds after the last kill or cut until the outbox must be empty."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of everything. `lease` and `crowd` are seconds, and how many speak at once."""

    incidents: int
    kills: int = 0
    cuts: int = 0
    stops: int = 0
    faults: float = 0.05
    lease: int = 20
    crowd: int = 8

    @property
    def longer_than_a_lease(self) -> float:
        return self.lease * 1.25


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run came to."""

    database: str
    incidents: int
    commands: int
    calls: int
    faults: int
    mishaps: Sequence[str]
    slowest: float
    seconds: float
    cleared: float
    """Seconds from the last command, kill or cut until the outbox was empty."""
    found: Findings


@dataclass(frozen=True, kw_only=True)
class Company:
    """A box, the processes beside it, and what can be done to their database."""

    world: World
    bots: Sequence[BotProcess]
    proxies: Sequence[Proxy]
    file: Path | None = None

    def mishaps(self, size: Size, chance: Random) -> Iterator[Mishap]:
        """Yield what is to go wrong: each thing in its own part of the story."""
        for after in spread(size.kills, size.incidents, chance):
            yield Mishap(after=after, name="kill -9", act=partial(kill, chance.choice(self.bots)))
        for after in spread(size.cuts, size.incidents, chance):
            yield Mishap(after=after, name="database cut", act=self._cut())
        if not self.file:
            yield from self._stops(size, chance)

    def _stops(self, size: Size, chance: Random) -> Iterator[Mishap]:
        """Yield stops of one of several processes, and cuts of one that neither end notices, longer than a lease."""
        for turn, after in enumerate(spread(size.stops, size.incidents, chance)):
            at = chance.randrange(len(self.bots))
            if turn % 2:
                act = partial(swallow, self.proxies[at], size.longer_than_a_lease)
            else:
                act = partial(stop, self.bots[at], size.longer_than_a_lease)
            yield Mishap(after=after, name="partition" if turn % 2 else "SIGSTOP", act=act)

    def _cut(self) -> Callable[[], None]:
        return partial(lock, str(self.file)) if self.file else partial(cut, self.proxies)


def chaos(company: Company, size: Size, seed: int) -> Result:
    """Let people and troubles loose, wait until all is quiet, and count."""
    chance, box, diary = Random(seed), company.world.box, Diary()
    faults = Faults(Random(seed + 1), size.faults)
    mishaps = sorted(company.mishaps(size, chance), key=lambda it: it.after)
    calamity = Calamity(mishaps)
    box.faults.draw(faults.draw)
    began = time.monotonic()
    calamity.start()
    people = People(box=box, bots=company.bots, diary=diary)

    def live(at: int) -> None:
        calamity.begin_incident(at)
        people.story(at, seed * 1_000_003 + at, client)

    with (
        httpx.Client(limits=httpx.Limits(max_keepalive_connections=0)) as client,
        ThreadPoolExecutor(size.crowd) as crowd,
    ):
        list(crowd.map(live, range(size.incidents)))
    calamity.end()
    quiet = time.monotonic()
    company.world.settle(CLEARED)  # with faults still: it has to come to an end in spite of them
    box.faults.clear()
    ended = time.monotonic()
    return Result(
        database="SQLite" if company.file else "PostgreSQL",
        incidents=len(diary.incidents),
        commands=len(diary.told) + len(diary.incidents),
        calls=faults.calls,
        faults=faults.count,
        mishaps=calamity.done,
        slowest=max(diary.seconds, default=0.0),
        seconds=ended - began,
        cleared=ended - quiet,
        found=findings(company.world, company.bots, diary, failed=calamity.failed),
    )


@contextmanager
def company(
    folder: Path, urls: Sequence[str], size: Size, *, file: Path | None = None, besides: str = ""
) -> Iterator[Company]:
    """Open a box with one process for each of these ways to the database; `besides` is configuration."""
    with ExitStack() as stack:
        box = stack.enter_context(Box(delivery="http"))
        box.slack.hire(CROWD)
        proxies, bots = [], []
        for at, url in enumerate(urls):
            if not file:
                proxy, url = stack.enter_context(through(url))  # noqa: PLW2901  the bot's own way there
                proxies.append(proxy)
            bot = BotProcess(
                folder / f"bot{at}",
                config=f"{box.config_yaml()}\n{LIMITS}\ndelivery: {{lease: {size.lease}s}}\n{besides}\n",
                environment={**box.environment(), "DATABASE_URL": url},
            )
            stack.callback(bot.kill)
            bots.append(bot.start())
        box.bot_url = bots[0].url
        yield Company(world=World(box=box, bot=bots[0]), bots=bots, proxies=proxies, file=file)
