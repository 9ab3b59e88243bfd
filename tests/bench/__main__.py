"""Run the bench: every ratio against a floor of the same run, in turns, since the machine is never quiet."""

import argparse
import logging
import os
import sys

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.services.features import load_features
from tests.bench.acknowledgements import acknowledgement, watched
from tests.bench.alerts import alerts
from tests.bench.full import full
from tests.bench.measures import MEASURES, QUICK, SLACK_TAKES, Effort
from tests.bench.page import page
from tests.bench.pages import pages
from tests.bench.postmortems import postmortems
from tests.bench.process import process
from tests.bench.rush import rush
from tests.bench.scaling import scaling
from tests.bench.soak import soak
from tests.bench.table import Row, missed, table
from tests.bench.timers import timers
from tests.bench.what_if import what_if

ALL = {
    "acknowledgement": acknowledgement,
    "watched": watched,
    **MEASURES,
    "process": process,
    "scaling": scaling,
    "rush": rush,
    "full": full,
    "alerts": alerts,
    "soak": soak,
    "timers": timers,
    "afterwards": postmortems,
    "page": page,
    "pages": pages,
    "what-if": what_if,
}


def main() -> int:
    """Measure and print; the exit code is 0 whatever the figures are: a bench is not a test."""
    load_features()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(ALL), action="append", help="only this; may be repeated")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look rather than a figure")
    args = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 140)
    rows = measure(args.only or list(ALL), QUICK if args.quick else Effort())
    console.print(table(rows))
    console.print(missed(rows))
    console.print(
        f"Slack answers every call after {1000 * SLACK_TAKES:g} ms. The floors: a bare bolt app that commits five rows;"
        " a least bot with two rounds of calls. Both as processes of their own, called in turns with Spy,"
        f" on {os.cpu_count()} cores that the caller and the stand-ins for Slack share."
    )
    return 0


def measure(names: list[str], effort: Effort) -> list[Row]:
    rows: list[Row] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for at, name in enumerate(names):
            task = progress.add_task(name, total=1.0)

            def say(doing: str, part: float, name: str = name, task: object = task, at: int = at) -> None:
                words = f"{at + 1}/{len(names)} {name}: {doing}"
                progress.update(task, description=words, completed=part)  # type: ignore[arg-type]  # a TaskID

            say("starting", 0.0)
            rows += ALL[name](effort, say)
            progress.remove_task(task)
    return rows


if __name__ == "__main__":
    sys.exit(main())
