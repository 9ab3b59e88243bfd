"""Time zones as others name them: one that this machine does not know is none."""

from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def known_zone(name: str | None) -> str | None:
    """Return the name (IANA) where this machine knows the zone, else None."""
    try:
        return ZoneInfo(name).key if name else None
    except (LookupError, ValueError, OSError):  # no such zone, no name of one, or a folder of them
        return None
