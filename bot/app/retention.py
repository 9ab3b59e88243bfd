"""What `spy check` says of retention: how long what is kept, and what was pruned so far."""

from collections.abc import Iterator
from datetime import timedelta

from bot.adapters.database import Database
from bot.config import Settings
from bot.domain.retention import Pruned, Retention
from bot.ports import CheckResult

DAY, YEAR = timedelta(days=1), timedelta(days=365)


def retention_check(settings: Settings, database: Database | None) -> CheckResult:
    """Describe the spans and, with a database, what was pruned in it."""
    counted: list[Pruned] = []
    if database:
        with database.read() as session:
            counted = list(session.pruning.counted())
    spans = ", ".join(_spans(settings.policy().retention))
    return CheckResult(what=f"Retention: {spans}", well=True, notes=tuple(map(_said, counted)))


def _spans(retention: Retention) -> Iterator[str]:
    yield f"closed incidents {_span(retention.closed_incidents)}"
    if retention.of_private != retention.closed_incidents:
        yield f"private ones {_span(retention.of_private)}"
    yield f"audit log {_span(retention.audit)}"
    yield f"shifts and pages {_span(retention.on_call)}"
    yield f"messages {_span(retention.messages)}"


def _span(span: timedelta | None) -> str:
    if span is None:
        return "for ever"
    count, unit = (span // YEAR, "year") if span % YEAR == timedelta() else (span // DAY, "day")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _said(pruned: Pruned) -> str:
    return f"pruned so far: {pruned.count:,} {pruned.kind}, last on {pruned.at:%Y-%m-%d %H:%M} UTC"
