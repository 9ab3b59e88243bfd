"""Run worlds, one after another, until time is up."""

import gc
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.simulation.faults import HARSH
from tests.simulation.files import Files
from tests.simulation.world import Report, Span, World

MEMORY = Path("/dev/shm")  # noqa: S108  a new folder is made there
"""A file system in memory, where there is one."""


SHORT = Span(incidents=4, hours=2.5)
"""A world for the tests."""
LONG = Span(incidents=115, hours=96, paces=(400, 1200))
ROUGH = Span(incidents=15, hours=3, paces=(5, 30), rates=HARSH)
ONE_IN = 8
"""One in so many seeds is a short and rough world."""


def span_of(seed: int) -> Span:
    return LONG if seed % ONE_IN else ROUGH


@dataclass(kw_only=True)
class Count:
    """What came of many worlds."""

    worlds: int = 0
    incidents: int = 0
    seconds: float = 0.0
    """Simulated."""
    calls: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[tuple[int, str]] = field(default_factory=list)
    """Each with the seed that repeats it."""

    def add(self, report: Report) -> None:
        self.worlds += 1
        self.incidents += report.incidents
        self.seconds += report.seconds
        self.calls += report.calls
        self.faults.update(report.faults)
        self.violations += [(report.seed, it) for it in report.violations]

    def with_other(self, other: "Count") -> "Count":
        return Count(
            worlds=self.worlds + other.worlds,
            incidents=self.incidents + other.incidents,
            seconds=self.seconds + other.seconds,
            calls=self.calls + other.calls,
            faults=self.faults + other.faults,
            violations=self.violations + other.violations,
        )


@contextmanager
def opened() -> Iterator[Files]:
    """Keep the databases of the worlds in memory, if the machine can."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="spy-simulation-", dir=where) as folder:
        yield Files(Path(folder))


def run_one(seed: int, span: Span, *, log: Callable[[str], object] | None = None) -> Report:
    with opened() as files:
        return World(seed, files, span, log=log).run()


def run_many(first: int, step: int, *, seconds: float, stop_at_first: bool = False) -> Count:
    """Run the seeds `first`, `first + step`, … while there is time."""
    gc.freeze()  # what is loaded stays, and need not be looked through
    gc.set_threshold(100_000)
    count, until, seed = Count(), time.monotonic() + seconds, first
    with opened() as files:
        while time.monotonic() < until and not (stop_at_first and count.violations):
            count.add(World(seed, files, replace(span_of(seed), stop_at_first=stop_at_first)).run())
            seed += step
    return count
