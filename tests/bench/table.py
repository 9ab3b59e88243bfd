"""The table of a bench: what was measured, the floor beside it, the ratio, and what it ought to be."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich import box
from rich.table import Table

TIMES = "\N{MULTIPLICATION SIGN}"
WELL, SHORT = "[green]yes[/]", "[red]no[/]"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line: `limit` is the most that the ratio (with a floor) or the figure itself (without) may be."""

    what: str
    spy: float
    unit: str
    floor: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.spy / self.floor if self.floor else None

    @property
    def is_met(self) -> bool | None:
        """None where the line has no limit and only informs."""
        if self.limit is None:
            return None
        return (self.spy if self.ratio is None else self.ratio) <= self.limit

    def cells(self) -> tuple[str, ...]:
        to_reach = (
            "" if self.limit is None else f"≤ {self.limit:g}{' ' + (TIMES if self.floor else self.unit)}"
        )
        test_page_result = {None: "", True: WELL, False: SHORT}[self.is_met]
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} {TIMES}"
        floor = "" if self.floor is None else _figure(self.floor, self.unit)
        return self.what, _figure(self.spy, self.unit), floor, ratio, to_reach, test_page_result, self.note


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


def _figure(value: float, unit: str) -> str:
    digits = 0 if unit in {"", "MB"} else 2 if unit == "s" else 1
    return f"{value:.{digits}f} {unit}".strip()
