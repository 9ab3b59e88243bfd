"""`make fuzz`: 100,000 inputs, at most ten minutes. Exits with 1 if one was not handled, or notified somebody."""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial, reduce
from random import SystemRandom

from tests.fuzz.run import Count, run

MANY = 100_000
LONGEST = 600.0
"""Seconds for all of it; starting and ending take some of them."""
RESERVE = 30.0
SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9), help="to repeat a run")
    parser.add_argument("--inputs", type=int, default=MANY)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    sys.stdout.write(f"seed {args.seed}\n")
    sys.stdout.flush()
    began = time.monotonic()
    count = _counted(args.seed, args.inputs, args.processes)
    sys.stdout.write(
        "\n".join((*count.unhandled[:SHOWN], *count.pings[:SHOWN], *_table(count, args.inputs, began), ""))
    )
    return 1 if count.unhandled or count.pings else 0


def _table(count: Count, wanted: int, began: float) -> Iterator[str]:
    yield f"inputs    {count.inputs:,}" + ("" if count.inputs >= wanted else f" of {wanted:,}: time was up")
    yield f"seconds   {time.monotonic() - began:.0f}"
    yield f"unhandled {len(count.unhandled)}"
    yield f"pings     {len(count.pings)}"
    yield f"slowest   {1000 * count.slowest:.0f} ms: {count.slowest_input}"


def _counted(seed: int, inputs: int, processes: int) -> Count:
    work = partial(_work, seed, inputs, processes)
    with ProcessPoolExecutor(processes) as pool:
        return reduce(Count.with_other, pool.map(work, range(processes)))


def _work(seed: int, inputs: int, workers: int, worker: int) -> Count:
    return run(seed=seed, inputs=inputs, seconds=LONGEST - RESERVE, worker=worker, workers=workers)


if __name__ == "__main__":
    sys.exit(main())
