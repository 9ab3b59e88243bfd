"""Seconds that pass whatever becomes of the wall clock, and also while this process or its machine is suspended."""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux's clock that counts a suspended machine's time too, unlike the monotonic one."""


def uptime() -> float:
    """Return the seconds since some moment before this process began."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
