"""The queues that workers empty: what is due in them now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Due:
    """In which queues something is due. It may be more than a worker can take: another process may have it."""

    effects: bool
    reminders: bool
    failovers: bool
    homes: bool = False
    """Whether a Home tab is to be compared with what is true."""


class Queues(Protocol):
    def due(self, now: datetime) -> Due:
        """Look at all queues at once, with one statement. Raise Unavailable if the database does not answer."""

    def overdue(self, since: datetime) -> Due:
        """Return in which queues something that could be done has been due since then. Failovers are not looked at.

        Only the first effect of a lane could be delivered. Raise Unavailable if the database does not answer.
        """
