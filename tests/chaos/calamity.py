"""What goes wrong, and when: faults of calls, kills, stops longer than a lease, and cuts of the database."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from random import Random
from threading import Condition, Lock, Thread

from bot.sandbox import faults
from bot.sandbox.recorder import Exchange
from tests.adapters.test_database_limits import Proxy
from tests.e2e.bot_process import BotProcess

KINDS: Sequence[tuple[faults.Fault, int]] = (
    (faults.http(500), 3),
    (faults.http(503), 3),
    (faults.rate_limited(1.0), 3),
    (faults.reset_before, 3),
    (faults.reset_after, 4),
    (faults.hang(1.0), 3),
    (faults.hang(11.0), 1),
)
"""Each with its weight. The last takes longer than Spy waits for an answer."""
LIMITED = 429
"""After it, Spy keeps to Slack's published rate of a method: 20 channels a minute, and so an hour for 1,000 incidents.

So only calls whose rate Slack counts by channel meet it, and those to others than Slack."""
CUT_FOR = 4.0
SHOWN = 300
"""Characters of what a process said last."""
AHEAD = 16
"""How many incidents people may be ahead of what is to go wrong."""


@dataclass
class Faults:
    """Faults at a share of all calls."""

    chance: Random
    share: float
    count: int = 0
    calls: int = 0
    _drawing: Lock = field(default_factory=Lock)

    def draw(self, exchange: Exchange) -> faults.Fault | None:
        with self._drawing:
            self.calls += 1
            if self.chance.random() >= self.share:
                return None
            self.count += 1
            kinds, weights = zip(*KINDS, strict=True)
            found: faults.Fault = self.chance.choices(kinds, weights)[0]
            return faults.http(503) if found.status == LIMITED and not _counts_by_channel(exchange) else found


def _counts_by_channel(exchange: Exchange) -> bool:
    """Return whether a 429 slows down one channel at most."""
    return exchange.service != "slack" or exchange.method == "chat.postMessage"


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """Something that goes wrong once so many incidents have been begun."""

    after: int
    name: str
    act: Callable[[], None]


@dataclass
class Calamity:
    """Does what goes wrong, one thing at a time, as people get on with their incidents."""

    mishaps: Sequence[Mishap]
    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """What a process said that did not come back by itself."""
    _begun: int = 0
    _changed: Condition = field(default_factory=Condition)
    _thread: Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = Thread(target=self._run, name="calamity", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def begin_incident(self, at: int) -> None:
        """Wait while people are far ahead, then count one more incident."""
        with self._changed:
            self._changed.wait_for(lambda: self._next_after() + AHEAD > at)
            self._begun += 1
            self._changed.notify_all()

    def end(self) -> None:
        """Wait until all has gone wrong that was to go wrong."""
        with self._changed:
            self._begun = max([self._begun, *(it.after for it in self.mishaps)])
            self._changed.notify_all()
        self._thread.join()

    def _next_after(self) -> int:
        left = self.mishaps[len(self.done) :]
        return left[0].after if left else 1_000_000

    def _run(self) -> None:
        for mishap in self.mishaps:
            with self._changed:
                self._changed.wait_for(lambda after=mishap.after: self._begun >= after)  # type: ignore[misc]
            try:
                mishap.act()
            except AssertionError as error:  # people go on, and it is counted
                self.failed.append(f"{mishap.name}: {error}"[-SHOWN:])
            with self._changed:
                self.done.append(mishap.name)
                self._changed.notify_all()


def spread(count: int, incidents: int, chance: Random) -> Iterator[int]:
    """Return moments for so many mishaps, each in its own part of the story."""
    for at in range(count):
        yield int((at + chance.random()) * incidents / count)


def kill(bot: BotProcess) -> None:
    """End a process as a power cut does, and start it again."""
    bot.kill()
    try:
        bot.start()
    except AssertionError:
        if not bot.is_alive:
            raise
        # it is not ready yet, and people go to the others meanwhile


def stop(bot: BotProcess, seconds: float) -> None:
    """Keep a process from doing anything, and let it go on."""
    os.kill(bot.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(bot.pid, signal.SIGCONT)


def cut(proxies: Sequence[Proxy], *, seconds: float = CUT_FOR) -> None:
    """Break the way to the database."""
    for it in proxies:
        it.cut()
    time.sleep(seconds)
    for it in proxies:
        it.mend()


def swallow(proxy: Proxy, seconds: float) -> None:
    """Keep connections open and let nothing through: neither end notices."""
    proxy.swallows = True
    time.sleep(seconds)
    proxy.cut()  # what was swallowed is missing: the connections are of no use any more
    proxy.swallows = False
    proxy.mend()


@contextmanager
def locked(file: str) -> Iterator[None]:
    """Hold SQLite's lock from outside, as long as the `with` lasts."""
    with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def lock(file: str) -> None:
    with locked(file):
        time.sleep(CUT_FOR)
