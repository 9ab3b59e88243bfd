"""A request that somebody covers a part of a shift: asked, promised, entered in the pager, or repeated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.oncall.shift import SentReminder, Shift, before, lead_name, overlapping
from bot.domain.policy import Policy
from bot.domain.refusal import Choice, Refusal
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer

REMINDER = "cover"


class CoverState(StrEnum):
    ASKED = "asked"
    PROMISED = "promised"
    """Somebody pressed *I'll cover*. The pager does not have the override yet."""
    COVERED = "covered"
    ELSEWHERE = "elsewhere"
    """The asker is no longer on call then, for another reason."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class CoverRequest:
    """A request for somebody else to be on call from `start` to `end` (UTC).

    `asked` is one person; without it, the whole team is asked.
    """

    number: int
    schedule: str
    team: str
    by: str
    start: datetime
    end: datetime
    asked_at: datetime
    asked: str | None = None
    state: CoverState = CoverState.ASKED
    taken_by: str | None = None
    taken_at: datetime | None = None
    declined_by: tuple[str, ...] = ()
    why: str | None = None
    """Why the pager refused the last override."""
    told: Mapping[Occurrence, SentReminder] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        return Subject("cover", str(self.number))

    @property
    def is_open(self) -> bool:
        return self.state in {CoverState.ASKED, CoverState.PROMISED}

    @property
    def has_declined(self) -> bool:
        """Whether the only person asked has declined, so that nobody is left to remind."""
        return self.asked in self.declined_by

    # --- decisions ---

    def accept(self, *, by: str, at: datetime) -> "CoverRequest":
        """Return the request as accepted (*I'll cover*). The first person to accept gets it."""
        if by == self.by:
            raise Refusal("This is your own shift. Someone else has to cover it.")
        self._must_be_wanted(at, by=by)
        self._must_be_asked(by)
        return replace(self, state=CoverState.PROMISED, taken_by=by, taken_at=at, why=None)

    def decline(self, *, by: str, at: datetime) -> "CoverRequest":
        if by == self.by:
            raise Refusal(
                f"This is your own request. To take it back: `oncall cover withdraw {self.number}`."
            )
        self._must_be_wanted(at, by=by)
        self._must_be_asked(by)
        return self if by in self.declined_by else replace(self, declined_by=(*self.declined_by, by))

    def withdraw(self, *, by: str, at: datetime) -> "CoverRequest":
        if by != self.by:
            raise Refusal(f"Only <@{self.by}> can take this request back.")
        self._must_be_wanted(at, by=by)
        return replace(self, state=CoverState.WITHDRAWN)

    def _must_be_asked(self, by: str) -> None:
        if self.asked not in {None, by}:
            raise Refusal(
                f"<@{self.by}> asked <@{self.asked}> to cover this, so only they can answer. If you can cover, "
                f"tell <@{self.by}>: they can ask you with `oncall cover`, or ask the whole team."
            )

    def _must_be_wanted(self, at: datetime, *, by: str) -> None:
        if self.state in {CoverState.PROMISED, CoverState.COVERED}:
            raise Refusal(self._taken(by))
        if self.state is not CoverState.ASKED:
            raise Refusal("This no longer needs cover.")
        if self.end <= at:
            raise Refusal("That time has passed.", choices=(Choice(label="My shifts", say="oncall me"),))

    def _taken(self, by: str) -> str:
        """Return why a request that was promised can't change, and what this person can do instead."""
        if by == self.taken_by:
            return "You already cover it. If you can't after all, ask for cover: `oncall cover`."
        if by == self.by:
            return f"<@{self.taken_by}> covers it already. Remove the override in the schedule to undo it."
        return f"<@{self.taken_by}> covers it already. Thank you all the same."

    # --- applying events ---

    def made_sure(self) -> "CoverRequest":
        """Return the request after the pager accepted the override."""
        return replace(self, state=CoverState.COVERED, why=None)

    def refused(self, why: str) -> "CoverRequest":
        """Return the request after the pager refused the override. It is open again."""
        return replace(self, state=CoverState.ASKED, why=why)

    def compared_with(self, shifts: Iterable[Shift]) -> "CoverRequest":
        """Return the request compared with the schedule. If the asker is not on call then, no cover is needed."""
        mine = [it for it in shifts if it.person == self.by and it.turn.schedule == self.schedule]
        needless = self.state is CoverState.ASKED and not overlapping(mine, self.start, self.end)
        return replace(self, state=CoverState.ELSEWHERE) if needless else self

    def after_sending(self, timer: Timer, *, at: datetime) -> "CoverRequest":
        """Return the request after this reminder was sent."""
        sent = SentReminder(at=at, late=timer.is_late(at), silent=self.has_declined)
        return replace(self, told={**self.told, timer.occurrence: sent})


def cover_agenda(cover: CoverRequest, policy: Policy, *, zone: str) -> list[Timer]:
    """Return the next reminder. Days follow the asker's calendar. Reminders due before the request are skipped."""
    if cover.state is not CoverState.ASKED:
        return []
    since = max([cover.asked_at, *(told.at for told in cover.told.values())])
    leads = sorted(policy.timers.cover_reminders, reverse=True)
    every = ((lead_name(lead), before(cover.start, lead, zone)) for lead in leads)
    name, due = next(((name, due) for name, due in every if due > since), ("", None))
    return [Timer(subject=cover.subject, occurrence=Occurrence(REMINDER, name), due_at=due)] if due else []
