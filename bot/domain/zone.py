"""Time zones from outside, of which unknown ones count as none, and times in UTC for sentences."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

TODAY = timedelta(hours=20)
"""A sentence names the day of a time that is longer ago."""


@lru_cache(maxsize=1024)
def known_zone(name: str | None) -> str | None:
    """Return the zone's name (IANA) if this machine knows it, else None."""
    try:
        return ZoneInfo(name).key if name else None
    except (LookupError, ValueError, OSError):  # an unknown zone, an invalid name, or a folder of zones
        return None


def in_utc(at: datetime, *, now: datetime) -> str:
    """Return a past time as a sentence names it: 12:03 UTC, with its day if that was not just now."""
    return f"{at:%H:%M} UTC" if now - at < TODAY else f"{at:%b} {at.day}, {at:%H:%M} UTC"
