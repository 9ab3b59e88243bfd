"""`make chaos`: 1,000 incidents on both databases, faults at 5 % of calls, 50 kills, five cuts.

Exits with 1 if something was lost, doubled, out of order or unhandled.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import SystemRandom

from rich.console import Console
from rich.table import Table

from tests.chaos.run import Result, Size, chaos, company
from tests.support.postgres import serving

PROCESSES = 2
SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=SystemRandom().randrange(10**6), help="what goes wrong, and when"
    )
    parser.add_argument("--incidents", type=int, default=1000, help="on both databases together")
    parser.add_argument("--kills", type=int, default=None, help="usually one for 20 incidents")
    parser.add_argument("--cuts", type=int, default=5, help="of each database")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    args = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(f"seed {args.seed}")
    kills = args.incidents // 20 if args.kills is None else args.kills
    size = Size(incidents=args.incidents // 2, kills=kills // 2, cuts=args.cuts, stops=2)
    began = time.monotonic()
    results = list(run(size, args.seed, args.only))
    console.print(table(results))
    for it in results:
        for what, found in it.found.lines.items():
            for line in found[:SHOWN]:
                console.print(f"{it.database}: {what}: {line}", markup=False)
    console.print(f"seed {args.seed}, {time.monotonic() - began:.0f} s on {os.cpu_count()} cores")
    return 0 if all(it.found.are_none for it in results) else 1


def run(size: Size, seed: int, only: str | None) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="spy-chaos-") as place:
        folder = Path(place)
        if only != "postgresql":
            file = folder / "spy.db"
            with company(folder / "sqlite", [f"sqlite:///{file}"], size, file=file) as it:
                yield chaos(it, size, seed)
        if only != "sqlite":
            with (
                serving(f"chaos-{os.getpid()}") as postgres,
                postgres.fresh() as url,
                company(folder / "postgresql", [url] * PROCESSES, size) as it,
            ):
                yield chaos(it, size, seed)


def table(results: Sequence[Result]) -> Table:
    drawn = Table(title="Chaos", title_justify="left")
    drawn.add_column("")
    for it in results:
        drawn.add_column(it.database, justify="right")
    for name, cells in rows(results):
        drawn.add_row(name, *cells)
    return drawn


def rows(results: Sequence[Result]) -> Iterator[tuple[str, Sequence[str]]]:
    yield "incidents", [f"{it.incidents:,}" for it in results]
    yield "commands", [f"{it.commands:,}" for it in results]
    yield "calls out, with a fault", [f"{it.calls:,}, {it.faults:,}" for it in results]
    for name in ("kill -9", "database cut", "SIGSTOP", "partition"):
        yield name, [str(it.mishaps.count(name)) for it in results]
    for name in ("lost", "doubled", "disordered", "unhandled"):
        yield name, [str(len(getattr(it.found, name))) for it in results]
    yield (
        "told to look: done, not done",
        [f"{it.found.doubtful[True]}, {it.found.doubtful[False]}" for it in results],
    )
    yield "slowest answer", [f"{it.slowest:.2f} s" for it in results]
    yield "outbox empty after", [f"{it.cleared:.0f} s" for it in results]
    yield "all of it", [f"{it.seconds:.0f} s" for it in results]


if __name__ == "__main__":
    sys.exit(main())
