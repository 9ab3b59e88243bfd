"""The table of a bench: what was measured, the floor beside it, the ratio, and what it ought to be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

TIMES = "\N{MULTIPLICATION SIGN}"
WELL, SHORT = "[green]yes[/]", "[red]no[/]"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line: `limit` is the most that the ratio (with a floor) or the figure itself (without) may be.

    With `is_least` it is the least that it may be.
    """

    what: str
    spy: float
    unit: str
    floor: float | None = None
    limit: float | None = None
    is_least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.spy / self.floor if self.floor else None

    @property
    def is_met(self) -> bool | None:
        """None where the line has no limit and only informs."""
        if self.limit is None:
            return None
        reached = self.spy if self.ratio is None else self.ratio
        return reached >= self.limit if self.is_least else reached <= self.limit

    @property
    def reached(self) -> str:
        return _figure(self.spy, self.unit) if self.ratio is None else f"{self.ratio:.2f} {TIMES}"

    @property
    def to_reach(self) -> str:
        if self.limit is None:
            return ""
        return f"{'≥' if self.is_least else '≤'} {self.limit:g} {TIMES if self.floor else self.unit}".strip()

    def cells(self) -> tuple[str, ...]:
        met = {None: "", True: WELL, False: SHORT}[self.is_met]
        ratio = "" if self.ratio is None else self.reached
        floor = "" if self.floor is None else _figure(self.floor, self.unit)
        return self.what, _figure(self.spy, self.unit), floor, ratio, self.to_reach, met, self.note


def table(rows: Iterable[Row]) -> Table:
    drawn = Table(
        box=box.SIMPLE_HEAD, title="Spy beside the least that could do the same", title_justify="left"
    )
    for heading, side in (("what", "left"), ("Spy", "right"), ("floor", "right"), ("ratio", "right")):
        drawn.add_column(heading, justify="left" if side == "left" else "right")
    drawn.add_column("to reach", justify="right")
    drawn.add_column("met")
    drawn.add_column("")
    for row in rows:
        drawn.add_row(*row.cells())
    return drawn


def missed(rows: Sequence[Row]) -> str:
    """Return which lines are not met, in words."""
    short = [f"{row.what}: {row.reached} (to reach: {row.to_reach})" for row in rows if row.is_met is False]
    measured = sum(row.limit is not None for row in rows)
    return "\n  ".join([f"Missed: {len(short)} of {measured}", *short])


def _figure(value: float, unit: str) -> str:
    digits = 0 if unit in {"", "MB"} else 2 if unit == "s" else 1
    return f"{value:.{digits}f} {unit}".strip()
