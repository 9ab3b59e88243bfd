"""The dead man's switch: call a monitor each minute while duties are spoken in time, and not otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.ports import Clock, Due, Queues, Rejected, Unavailable, Unreachable

BEAT_EVERY = timedelta(minutes=1)
LATEST = timedelta(seconds=60)
"""How long after its due time a reminder or an effect still counts as in time."""

log = structlog.get_logger()


@dataclass(kw_only=True)
class Heartbeat:
    """Whoever watches the monitor hears of it when no process calls any more.

    `parts` return what is wrong with them, or "".
    """

    queues: Queues
    clock: Clock
    parts: Mapping[str, Callable[[], str]]
    call: Callable[[], None]
    _logged: str = field(default="", init=False)

    def beat(self) -> None:
        """Call the monitor unless something is wrong. The same trouble in a row is logged once."""
        trouble = self.trouble() or self._called()
        if trouble and trouble != self._logged:
            log.warning("no heartbeat", why=trouble)
        elif self._logged and not trouble:
            log.info("the heartbeat goes on")
        self._logged = trouble

    def trouble(self) -> str:
        """Return in a few words why there is no heartbeat; "" if all is well."""
        for name, check in self.parts.items():
            if found := check():
                return f"{name}: {found}"
        try:
            late = self.queues.overdue(self.clock.now() - LATEST)
        except Unavailable:
            return "the database does not answer"
        return _late(late)

    def _called(self) -> str:
        try:
            self.call()
        except (Unreachable, Rejected) as error:
            return str(error)
        return ""


def _late(late: Due) -> str:
    found = [name for name, is_late in (("reminders", late.reminders), ("effects", late.effects)) if is_late]
    return f"{' and '.join(found)} are due for more than {LATEST.total_seconds():.0f} s" if found else ""
