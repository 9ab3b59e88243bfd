"""Read how long GitHub asks to wait. Its own clock is used, because ours may differ."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SHORTEST, UNNAMED = timedelta(seconds=1), timedelta(minutes=1)
"""The shortest wait, and the wait if GitHub gives no time."""


def asked_pause(headers: Mapping[str, object]) -> timedelta | None:
    """Return the wait in the headers of a refusal; None if they ask for none."""
    said = {name.lower(): str(value) for name, value in headers.items()}
    if (after := said.get("retry-after", "")).isdigit():
        return timedelta(seconds=int(after))
    reset = said.get("x-ratelimit-reset", "")
    if said.get("x-ratelimit-remaining") != "0" or not reset.isdigit():
        return None
    now = _moment(said.get("date", ""))
    return max(datetime.fromtimestamp(int(reset), UTC) - now, SHORTEST) if now else UNNAMED


def _moment(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return None
