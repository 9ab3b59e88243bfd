"""Time zones from outside. A name that this machine does not know counts as none."""

from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def known_zone(name: str | None) -> str | None:
    """Return the zone's name (IANA) if this machine knows it, else None."""
    try:
        return ZoneInfo(name).key if name else None
    except (LookupError, ValueError, OSError):  # no such zone, no name of one, or a folder of them
        return None
