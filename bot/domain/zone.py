"""Time zones from outside. A name that this machine does not know counts as none."""

from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def known_zone(name: str | None) -> str | None:
    """Return the zone's name (IANA) if this machine knows it, else None."""
    try:
        return ZoneInfo(name).key if name else None
    except (LookupError, ValueError, OSError):  # an unknown zone, an invalid name, or a folder of zones
        return None
