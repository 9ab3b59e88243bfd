"""A deploy lock: no deploys to a service until it is released. Deploy tools query it."""

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
    """Return the holder name of a person (Slack id)."""
    return f"person:{person}"


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A deploy lock. `holder` is `person:U0ANA`, or a run such as `failover:12`; `by` (a Slack id) set it."""

    number: int
    service: str
    why: str
    by: str | None
    holder: str
    since: datetime
    incident: int | None = None
    """The incident in whose channel it was set, or of the run that holds it."""
    released_at: datetime | None = None
    released_by: str | None = None
    reminded_at: datetime | None = None
    """When its owner was last asked whether it is still needed (UTC)."""
    reminders: int = 0

    @property
    def subject(self) -> Subject:
        return Subject("lock", str(self.number))

    @property
    def stands(self) -> bool:
        return self.released_at is None

    @property
    def runs(self) -> str | None:
        """The run that holds it (`failover 12`); None if a person does."""
        return None if _PERSON.fullmatch(self.holder) else self.holder.replace(":", " ", 1)

    # --- decisions ---

    def release(self, *, by: str | None, at: datetime, anyway: bool = False) -> "Lock":
        """Return the lock as released (`by` None: by Spy). Refuses a lock that a run holds, unless `anyway` is set."""
        if self.runs and not anyway:
            raise Refusal(
                f"{self.service} is locked by {self.runs}, which runs ({self.why}): the lock ends with it. "
                f"If it is stuck: `unlock {self.service} anyway`.",
                choices=(Choice(label="Unlock anyway", say=f"unlock {self.service} anyway"),),
            )
        return replace(self, released_at=at, released_by=by)

    def already(self, *, asker: str | None) -> Refusal:
        """Return the refusal for a person who wants to lock the service too."""
        who = self.runs or ("you" if self.by == asker else f"<@{self.by}>")
        return Refusal(
            f"{self.service} is locked already, by {who} since {self.since:%H:%M} UTC: {self.why}",
            choices=() if self.runs else (Choice(label="Unlock it", say=f"unlock {self.service}"),),
        )

    # --- applying events ---

    def reminded(self, *, at: datetime) -> "Lock":
        return replace(self, reminded_at=at, reminders=self.reminders + 1)


def lock_agenda(lock: Lock, policy: Policy) -> list[Timer]:
    """Return the next daily reminder to the lock's owner. Missed reminders are sent once."""
    every = policy.timers.lock_every
    if not lock.stands or lock.by is None:
        return []
    passed = (lock.reminded_at - lock.since) // every if lock.reminded_at else 0
    due = lock.since + every * (passed + 1)
    return [Timer(subject=lock.subject, occurrence=Occurrence(FORGOTTEN, str(lock.reminders)), due_at=due)]
