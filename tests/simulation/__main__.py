"""`make simulate`: the whole bot in simulated time, with faults drawn by a seed. Exits with 1 if a law is broken."""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial, reduce
from random import SystemRandom

from tests.simulation import mutations
from tests.simulation.run import SHORT, Count, run_many, run_one, span_of
from tests.simulation.world import Span

MINUTES = 10.0
DAY, YEAR = 86_400.0, 365 * 86_400.0
SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat the world of this seed")
    parser.add_argument("--short", action="store_true", help="with --seed: a small world")
    parser.add_argument("--log", action="store_true", help="with --seed: show all that happens")
    parser.add_argument("--first", type=int, default=SystemRandom().randrange(10**9), help="the first seed")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--stop-at-first", action="store_true", help="end with the first violation")
    parser.add_argument("--mutations", action="store_true", help="show that each hand-made fault is found")
    args = parser.parse_args()
    if args.mutations:
        return mutations.main()
    if args.seed is not None:
        return _repeat(args.seed, SHORT if args.short else span_of(args.seed), log=args.log)
    sys.stdout.write(f"first seed {args.first}\n")
    sys.stdout.flush()
    began = time.monotonic()
    count = _counted(args.first, args.minutes * 60, args.processes, stop_at_first=args.stop_at_first)
    sys.stdout.write("\n".join((*_shown(count, time.monotonic() - began), "")))
    return 1 if count.violations else 0


def _repeat(seed: int, span: Span, *, log: bool) -> int:
    report = run_one(seed, span, log=(lambda line: sys.stdout.write(f"{line}\n")) if log else None)
    count = Count()
    count.add(report)
    sys.stdout.write("\n".join((*_shown(count, 0), f"digest     {report.digest}", "")))
    return 1 if report.violations else 0


def _counted(first: int, seconds: float, processes: int, *, stop_at_first: bool) -> Count:
    work = partial(_work, first, processes, seconds, stop_at_first)
    if processes == 1:
        return work(0)
    with ProcessPoolExecutor(processes) as pool:
        return reduce(Count.with_other, pool.map(work, range(processes)))


def _work(first: int, step: int, seconds: float, stop_at_first: bool, worker: int) -> Count:  # noqa: FBT001
    return run_many(first + worker, step, seconds=seconds, stop_at_first=stop_at_first)


def _shown(count: Count, took: float) -> Iterator[str]:
    yield from (f"seed {seed}: {what}" for seed, what in count.violations[:SHOWN])
    yield f"worlds     {count.worlds:,}"
    yield f"incidents  {count.incidents:,}" + (
        f", {count.incidents / took * 60:,.0f} a minute" if took else ""
    )
    yield f"simulated  {count.seconds / DAY:,.1f} days, {count.seconds / YEAR:.2f} years"
    yield f"calls      {count.calls:,}"
    yield f"faults     {count.faults.total():,}: " + ", ".join(
        f"{name} {n:,}" for name, n in sorted(count.faults.items())
    )
    yield f"violations {len(count.violations)}"


if __name__ == "__main__":
    sys.exit(main())
