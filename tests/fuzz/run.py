"""Feed inputs until their number or the time is reached, and count what must never happen."""

import time
from dataclasses import dataclass, field
from random import Random

from structlog.testing import capture_logs

from tests.fuzz.targets import Input, Targets

BATCH = 50
"""Inputs until Spy's memory is fresh again: longer makes each slower, shorter misses what they do to each other."""
SHOWN = 300


@dataclass(kw_only=True)
class Count:
    """What was seen: each unhandled error and each ping as a line."""

    inputs: int = 0
    unhandled: list[str] = field(default_factory=list)
    pings: list[str] = field(default_factory=list)
    slowest: float = 0.0
    slowest_input: str = ""

    def with_other(self, other: "Count") -> "Count":
        slower = max(self, other, key=lambda it: it.slowest)
        return Count(
            inputs=self.inputs + other.inputs,
            unhandled=self.unhandled + other.unhandled,
            pings=self.pings + other.pings,
            slowest=slower.slowest,
            slowest_input=slower.slowest_input,
        )


def run(*, seed: int, inputs: int, seconds: float, worker: int = 0, workers: int = 1) -> Count:
    """Feed every `workers`-th of the inputs of this seed, beginning with `worker`."""
    count, until = Count(), time.monotonic() + seconds
    with capture_logs() as logged:
        targets = Targets()
        for first in range(worker * BATCH, inputs, workers * BATCH):
            targets.fresh()
            logged.clear()
            for number in range(first, min(first + BATCH, inputs)):
                if time.monotonic() > until:
                    return count
                rng = Random(f"{seed}:{number}")  # noqa: S311  repeatable, not secret
                feed(targets.input(rng), number, count, logged)
            count.pings += [
                f"inputs {first} to {first + BATCH - 1} left: {found}"
                for found in _left(targets, count, first)
            ]
    return count


def feed(given: Input, number: int, count: Count, logged: list[object]) -> None:
    named = f"input {number}, {given.target}: {given.shown[:SHOWN]!r}"
    began = time.perf_counter()
    try:
        answers = list(given.feed())
    except Exception as error:  # noqa: BLE001  any is what is looked for
        count.unhandled.append(f"{named}: {type(error).__name__}: {str(error)[:SHOWN]}")
        answers = []
    took = time.perf_counter() - began
    faults = [it for it in logged if isinstance(it, dict) and it["log_level"] in {"error", "critical"}]
    count.unhandled += [f"{named}: {it['event']}: {it.get('exc_info')!r}"[: 2 * SHOWN] for it in faults]
    logged.clear()
    count.pings += [f"{named}: {found[0]}" for text in answers if (found := given.live.search(text))]
    count.inputs += 1
    if took > count.slowest:
        count.slowest, count.slowest_input = took, named


def _left(targets: Targets, count: Count, first: int) -> list[str]:
    """Find pings in the messages that a batch left in channels."""
    try:
        return [found[0] for text in targets.messages_left() if (found := targets.live.search(text))]
    except Exception as error:  # noqa: BLE001  as above
        count.unhandled.append(f"messages after input {first}: {type(error).__name__}: {str(error)[:SHOWN]}")
        return []
