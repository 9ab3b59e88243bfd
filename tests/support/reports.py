"""An incident and its timeline, for tests of reports."""

from datetime import UTC, datetime, timedelta

from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DOWN = Incident(
    number=1,
    name="down",
    declared_by="U0ANA",
    declared_at=NOON,
    channel_name="inc-1",
    severity="sev2",
    services=("checkout", "checkout", "search"),
)


def entry(number: int, seq: int, kind: str, hours: int, **data: object) -> Entry:
    at = NOON + hours * HOUR
    return Entry(
        incident=number,
        seq=seq,
        kind=kind,
        occurred_at=at,
        recorded_at=at,
        actor="U0ANA",
        source="spy",
        data=data,
    )
