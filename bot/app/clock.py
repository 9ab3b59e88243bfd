"""Follow the database's clock, and say once if this machine's clock is far from it."""

from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from bot.adapters.network.clock import DatabaseClock
from bot.ports import Unavailable

log = structlog.get_logger()


@dataclass(kw_only=True)
class ClockWatch:
    time: DatabaseClock
    _is_told: bool = field(default=False, init=False)

    def measure(self) -> None:
        """Measure again. Without an answer the last measurement stays, and `/readyz` reports the failure."""
        with suppress(Unavailable):
            self.time.measure()
        skew = self.time.skew()
        if skew and not self._is_told:
            log.warning("the clocks differ", why=skew)
        elif self._is_told and not skew:
            log.info("the clocks agree again")
        self._is_told = bool(skew)
