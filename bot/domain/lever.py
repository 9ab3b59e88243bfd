"""Levers: plans and runbooks that relieve a kind of trouble, and when each was last rehearsed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

PLAN: Literal["plan"] = "plan"
RUNBOOK: Literal["runbook"] = "runbook"
Relieves = Literal["load", "bad deploy", "lost region", "data"]
RELIEVES: tuple[Relieves, ...] = ("load", "bad deploy", "lost region", "data")
"""What a lever can relieve."""


@dataclass(frozen=True, kw_only=True)
class Lever:
    """A failover plan or a runbook. `say` starts it, `rehearse` practises it."""

    kind: Literal["plan", "runbook"]
    name: str
    title: str
    relieves: tuple[str, ...]
    say: str
    rehearse: str
    rehearsed_at: datetime | None = None
    """When it was last rehearsed or used (UTC)."""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, kw_only=True)
class LeverHistory:
    """What Spy knows of a lever (times in UTC): since when it is there, its last rehearsal, and the last question."""

    key: str
    since: datetime
    rehearsed_at: datetime | None = None
    asked_at: datetime | None = None

    def rehearsed(self, at: datetime) -> "LeverHistory":
        return replace(self, rehearsed_at=max(self.rehearsed_at or at, at))

    def asked(self, at: datetime) -> "LeverHistory":
        return replace(self, asked_at=at)

    def is_due(self, rehearsed_at: datetime | None, *, every: timedelta, now: datetime) -> bool:
        """Whether it is time to ask for a rehearsal. Each stretch without one is asked about once."""
        last = max(filter(None, (self.since, rehearsed_at)))
        return now - last >= every and (self.asked_at is None or self.asked_at <= last)


def by_trouble(levers: Sequence[Lever], only: str | None = None) -> Mapping[str, Sequence[Lever]]:
    """Return the levers by what they relieve. A lever may be in several groups; a trouble without one is there too."""
    wanted = (only,) if only else RELIEVES
    return {it: [lever for lever in levers if it in lever.relieves] for it in wanted}
