"""Whether what this process claimed is still its own: the process may have been stopped since."""

from collections.abc import Callable
from datetime import timedelta

from bot.ports import Conflict, Unavailable

SHORTEST = 1.0
"""Seconds for which a claim is certain, however short the lease."""


class Fence:
    """Asked right before something leaves. `since` is when the claim began, by `uptime`.

    Another process takes a claim over once its whole lease has passed. During the first half it is ours for certain,
    and the second half is left for the call itself. Later, and after a stop (SIGSTOP, a suspended machine), `renew`
    asks the database, and returns whether the claim is still ours.
    """

    def __init__(
        self, *, since: float, lease: timedelta, renew: Callable[[], bool], uptime: Callable[[], float]
    ) -> None:
        self._since = since
        self._half = max(lease.total_seconds() / 2, SHORTEST)
        self._renew = renew
        self._uptime = uptime

    def is_ours(self) -> bool:
        """Return whether to go on. False as well if the database does not answer."""
        while (now := self._uptime()) - self._since >= self._half:
            try:
                if not self._renew():
                    return False
            except (Conflict, Unavailable):
                return False
            self._since = now
        return True
