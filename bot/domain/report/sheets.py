"""The tables of a report as data: CSV and JSON. Times are whole seconds; what is unknown is empty."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from csv import writer
from dataclasses import asdict, dataclass
from datetime import timedelta
from io import StringIO

from bot.domain.oncall.ledger import FORMULA
from bot.domain.report.counting import TimeTo
from bot.domain.report.report import HOURS, Measured, MonthlyReport

Cell = str | int | None


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table of a report: the names of its columns, and its rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def csv(self) -> str:
        """Return it as CSV with a header. Words that a spreadsheet would run begin with an apostrophe."""
        out = StringIO()
        lines = writer(out, lineterminator="\n")
        lines.writerow(self.columns)
        lines.writerows([_inert(it) for it in row] for row in self.rows)
        return out.getvalue()

    @property
    def json(self) -> str:
        """Return it as JSON: an object for each row."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return f"{json.dumps(rows, ensure_ascii=False, indent=1)}\n"


def _inert(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in FORMULA else cell


def sheet(report: MonthlyReport, name: str) -> Sheet | None:
    """Return a table of a report by its name; None if there is none."""
    if name not in SHEETS:
        return None
    columns, rows = SHEETS[name]
    return Sheet(name=name, columns=columns, rows=tuple(rows(report)))


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else round(length.total_seconds())


def _incidents(report: MonthlyReport) -> Iterator[tuple[Cell, ...]]:
    yield from map(_incident, report.incidents)


def _incident(it: Measured) -> tuple[Cell, ...]:
    incident = it.incident
    return (
        incident.id,
        incident.name,
        f"{incident.declared_at:%Y-%m-%dT%H:%M:%SZ}",
        incident.severity,
        " ".join(incident.services),
        incident.phase.value,
        *(_seconds(it.times[time]) for time in TimeTo),
        it.updates.on_time,
        it.updates.late,
        it.updates.not_promised,
        _seconds(it.longest_command),
    )


def _times(report: MonthlyReport) -> Iterator[tuple[Cell, ...]]:
    for it in report.times:
        yield it.time.value, it.known, it.unknown, _seconds(it.median), _seconds(it.high)


def _work(report: MonthlyReport) -> Iterator[tuple[Cell, ...]]:
    yield "updates on time", report.updates.on_time
    yield "updates late", report.updates.late
    yield "updates not promised", report.updates.not_promised
    yield "pages", report.pages.total
    yield "pages at night", report.pages.at_night
    yield "seconds in command", _seconds(report.command.total)
    yield "seconds of the longest time in command", _seconds(report.command.longest)
    yield "relief asked", report.relief.asked
    yield "relief given", report.relief.given
    yield "relief put off", report.relief.put_off


def _follow_ups(report: MonthlyReport) -> Iterator[tuple[Cell, ...]]:
    for it in report.follow_ups:
        yield tuple(asdict(it).values())


def _lessons(report: MonthlyReport) -> Iterator[tuple[Cell, ...]]:
    for it in report.lessons:
        yield f"INC-{it.incident}", it.name, it.part, it.words, it.url


SHEETS: Mapping[str, tuple[tuple[str, ...], Callable[[MonthlyReport], Iterable[tuple[Cell, ...]]]]] = {
    "incidents": (
        (
            "incident",
            "name",
            "declared_at",
            "severity",
            "services",
            "state",
            *(f"{it.name.lower()}_s" for it in TimeTo),
            "updates_on_time",
            "updates_late",
            "updates_not_promised",
            "longest_command_s",
        ),
        _incidents,
    ),
    "severities": (("severity", "incidents"), lambda it: it.severities),
    "services": (("service", "incidents"), lambda it: it.services),
    "times": (("time", "known", "unknown", "median_s", "p90_s"), _times),
    "pages": (("hour", "pages"), lambda it: zip(range(HOURS), it.pages.hours, strict=True)),
    "work": (("what", "value"), _work),
    "follow-ups": (
        ("category", "done", "open_under_1_week", "open_1_to_4_weeks", "open_longer", "overdue"),
        _follow_ups,
    ),
    "lessons": (("incident", "name", "part", "words", "url"), _lessons),
}
"""The tables by name: their columns, and how their rows are made."""
