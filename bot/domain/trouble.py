"""Trouble that lasts: told once when it begins, and once when it is over."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """`key` tells what does not work, `why` is a sentence, `told` are those who heard of it (Slack ids)."""

    key: str
    why: str
    since: datetime
    told: tuple[str, ...] = ()
    over_at: datetime | None = None
    moved_to: str | None = None
    """The id under which a channel goes now, where it is that which does not fit."""

    @property
    def lasts(self) -> bool:
        return self.over_at is None
