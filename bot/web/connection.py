"""One HTTP connection that nobody can hold open without sending a request."""

import asyncio
import resource
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """How long a request's headers may take (seconds), and how many connections may be open at once."""

    headers: float = 60.0
    """As nginx has it: a proxy may open a connection some time before it needs it."""
    most: int = min(1000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
    """Half of the files that the process may open, so that databases and vendors are always reached."""


class GuardedConnection(H11Protocol):
    """Closes a connection whose headers are late. If there are too many connections, closes the one silent longest."""

    def __init__(self, *args: Any, limits: ConnectionLimits, **named: Any) -> None:
        super().__init__(*args, **named)
        self._limits = limits
        self._silent_since = 0.0
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def is_silent(self) -> bool:
        """Whether it has no whole request to be answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def worth(self) -> tuple[bool, float]:
        """Who has sent a request before stays longest, then who came last."""
        return self.cycle is not None, self._silent_since

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()
        if len(self.connections) > self._limits.most:
            self._close_one_too_many()

    def _close_one_too_many(self) -> None:
        """Close the open connection that is worth least, unless those that are closing already suffice."""
        there = [it for it in self.connections if isinstance(it, GuardedConnection)]
        there = [it for it in there if not it.transport.is_closing()]
        if len(there) > self._limits.most:
            min((it for it in there if it.is_silent), key=lambda it: it.worth).transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.is_silent:
            self._stop_waiting()
        elif self._deadline is None:
            self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _expect_request(self) -> None:
        self._silent_since = self.loop.time()
        self._deadline = self.loop.call_later(self._limits.headers, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
