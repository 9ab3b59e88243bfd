"""Wait when a service asks for patience, for a command at a terminal. The bot itself never waits like this."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from bot.ports import Throttled

T = TypeVar("T")

LONGEST = timedelta(minutes=5)
"""How long one call may wait in all."""


def patiently(call: Callable[[], T], *, longest: timedelta = LONGEST) -> T:
    """Return what the call returns. Call again after each Throttled, until the waits would exceed `longest`."""
    left = longest
    while True:
        try:
            return call()
        except Throttled as throttled:
            left -= throttled.retry_after
            if left < timedelta():
                raise
            time.sleep(throttled.retry_after.total_seconds())
