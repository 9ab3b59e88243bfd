"""A lasting problem, reported once when it begins and once when it ends."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A lasting problem.

    `key` names what is broken, `why` is a sentence, and `told` lists who was notified (addresses).
    """

    key: str
    why: str
    since: datetime
    told: tuple[str, ...] = ()
    over_at: datetime | None = None
    moved_to: str | None = None
    """The channel's current id, if the problem is that config.yaml has an old one."""

    @property
    def lasts(self) -> bool:
        return self.over_at is None
