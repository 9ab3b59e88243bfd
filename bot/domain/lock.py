"""A deploy lock: nothing is to be rolled out to a service until it is taken away; deploy tools ask for it."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.policy import Policy
from bot.domain.refusal import Choice, Refusal
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer

FORGOTTEN = "forgotten"
_PERSON = re.compile(r"person:[UW][A-Z0-9]+")


def held_by(person: str) -> str:
    """Name a person (Slack id) as the holder of a lock."""
    return f"person:{person}"


@dataclass(frozen=True, kw_only=True)
class Lock:
    """`holder` is who has it: `person:U0ANA`, or what runs, as `failover:12`; `by` (a Slack id) set it."""

    number: int
    service: str
    why: str
    by: str | None
    holder: str
    since: datetime
    released_at: datetime | None = None
    released_by: str | None = None
    reminded_at: datetime | None = None
    """When who set it was last asked whether it is still needed."""
    reminders: int = 0

    @property
    def subject(self) -> Subject:
        return Subject("lock", str(self.number))

    @property
    def stands(self) -> bool:
        return self.released_at is None

    @property
    def runs(self) -> str | None:
        """What holds it, in words (`failover 12`), where that is no person."""
        return None if _PERSON.fullmatch(self.holder) else self.holder.replace(":", " ", 1)

    # --- decisions ---

    def release(self, *, by: str | None, at: datetime, anyway: bool = False) -> "Lock":
        """Take it away, by whom (None: Spy itself). What runs keeps its lock, unless somebody wants it `anyway`."""
        if self.runs and not anyway:
            raise Refusal(
                f"{self.service} is locked by {self.runs}, which runs ({self.why}): the lock ends with it. "
                f"If it is stuck: `unlock {self.service} anyway`.",
                choices=(Choice(label="Unlock anyway", say=f"unlock {self.service} anyway"),),
            )
        return replace(self, released_at=at, released_by=by)

    def already(self, *, asker: str | None) -> Refusal:
        """Say to who wants to lock it too that it is locked."""
        who = self.runs or ("you" if self.by == asker else f"<@{self.by}>")
        return Refusal(
            f"{self.service} is locked already, by {who} since {self.since:%H:%M} UTC: {self.why}",
            choices=() if self.runs else (Choice(label="Unlock it", say=f"unlock {self.service}"),),
        )

    # --- what happened ---

    def reminded(self, *, at: datetime) -> "Lock":
        return replace(self, reminded_at=at, reminders=self.reminders + 1)


def lock_agenda(lock: Lock, policy: Policy) -> list[Timer]:
    """Ask who set it, a day after and then daily, whether it is still needed; what was missed is asked once."""
    every = policy.timers.lock_every
    if not lock.stands or lock.by is None:
        return []
    passed = (lock.reminded_at - lock.since) // every if lock.reminded_at else 0
    due = lock.since + every * (passed + 1)
    return [Timer(subject=lock.subject, occurrence=Occurrence(FORGOTTEN, str(lock.reminders)), due_at=due)]
