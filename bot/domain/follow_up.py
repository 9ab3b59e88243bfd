"""Follow-ups: what to do so that it does not happen again, or hurts less; who does it, by when, and its state."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.deadline import DAY, awake, morning
from bot.domain.events import FollowUpAdded, FollowUpChanged, FollowUpDone, FollowUpReopened
from bot.domain.policy import Timers
from bot.domain.refusal import Refusal
from bot.domain.shift import Told
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer

SOON, WEEKLY = "follow_up", "weekly"
WEEK = timedelta(days=7)
LONGEST = 250
"""What still is one line, and a title that GitHub takes."""


class Category(StrEnum):
    """The four questions of clean-up (Gorven): right alerts? how did it go? faster? not again?"""

    DETECTION = "detection"
    ESCALATION = "escalation"
    RECOVERY = "recovery"
    PREVENTION = "prevention"


@dataclass(frozen=True, kw_only=True)
class Filed:
    """An issue that Spy made: in which repository (owner/name), its number, and its address for people.

    `assignee` is the login that Spy last gave it, `milestone` the title of the one it had then.
    `as_of` is when it last changed, as far as Spy knows, by GitHub's own clock.
    """

    repository: str
    number: int
    url: str
    assignee: str | None = None
    milestone: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """`due` is a day where the owner lives; `done_by` a Slack id, or whoever closed its issue (a GitHub login)."""

    number: int
    incident: int
    what: str
    added_by: str
    added_at: datetime
    category: Category | None = None
    owner: str | None = None
    due: date | None = None
    moved_at: datetime | None = None
    """When it last came to its owner or its day, or was taken up again; None: when it was added."""
    done_at: datetime | None = None
    done_by: str | None = None
    why: str | None = None
    """How it was closed, where GitHub says so: completed, not_planned, duplicate."""
    filed: Filed | None = None
    trouble: str | None = None
    """Why GitHub would not take it."""
    without: tuple[str, ...] = ()
    """What its issue lacks because GitHub left it out, in people's words."""
    told: Mapping[str, Told] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        return Subject("follow-up", str(self.number))

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    def is_overdue(self, now: datetime, *, zone: str) -> bool:
        """Whether its day is over in a zone (IANA)."""
        return self.is_open and self.due is not None and self.due < now.astimezone(ZoneInfo(zone)).date()

    # --- decisions ---

    def finish(self, *, by: str, at: datetime) -> FollowUpDone:
        if not self.is_open:
            raise Refusal(f"Follow-up {self.number} is done already.")
        return FollowUpDone(at=at, by=by, follow_up=self.number, what=self.what)

    def take_up_again(self, *, by: str, at: datetime) -> FollowUpReopened:
        if self.is_open:
            raise Refusal(f"Follow-up {self.number} is not done yet; there is nothing to reopen.")
        return FollowUpReopened(at=at, by=by, follow_up=self.number, what=self.what)

    def change(
        self,
        *,
        by: str,
        at: datetime,
        category: Category | None = None,
        owner: str | None = None,
        due: date | None = None,
    ) -> FollowUpChanged:
        """Say anew what is given, and leave the rest as it was."""
        kept = category or self.category
        return FollowUpChanged(
            at=at,
            by=by,
            follow_up=self.number,
            what=self.what,
            category=kept.value if kept else None,
            owner=owner or self.owner,
            due=due or self.due,
        )

    # --- what happened ---

    @classmethod
    def added(cls, incident: int, event: FollowUpAdded) -> "FollowUp":
        assert event.by, "somebody adds a follow-up"  # noqa: S101  a caller's bug, not input
        return cls(
            number=event.follow_up,
            incident=incident,
            what=event.what,
            added_by=event.by,
            added_at=event.at,
            category=Category(event.category) if event.category else None,
            owner=event.owner,
            due=event.due,
        )

    def after(self, event: FollowUpChanged | FollowUpDone | FollowUpReopened) -> "FollowUp":
        match event:
            case FollowUpDone():
                return replace(self, done_at=event.at, done_by=event.by or event.who, why=event.why)
            case FollowUpReopened():
                return replace(self, done_at=None, done_by=None, why=None, moved_at=event.at)
            case FollowUpChanged():
                category = Category(event.category) if event.category else None
                moved = (event.owner, event.due) != (self.owner, self.due)
                moved_at = event.at if moved else self.moved_at
                return replace(self, category=category, owner=event.owner, due=event.due, moved_at=moved_at)

    def after_saying(self, timer: Timer, *, at: datetime) -> "FollowUp":
        said = Told(at=at, late=timer.is_late(at))
        return replace(self, told={**self.told, str(timer.occurrence): said})


def follow_up_agenda(follow_up: FollowUp, timers: Timers, *, zone: str) -> list[Timer]:
    """Return the reminder: so many days before it is due, of a morning; none where that was past when it was added.

    Where that was past when it was given to its owner, or to its day, it comes at once, though never in the night.
    """
    if not follow_up.is_open or follow_up.due is None or follow_up.owner is None:
        return []
    noon = datetime.combine(follow_up.due, time(12), ZoneInfo(zone))
    due = morning(noon - timers.follow_up_ahead, zone, timers)
    occurrence = Occurrence(SOON, f"{follow_up.due:%Y%m%d}", follow_up.owner)
    if str(occurrence) in follow_up.told:
        return []
    if follow_up.moved_at and due <= follow_up.moved_at:
        due = awake(follow_up.moved_at, zone, timers)
    elif due <= follow_up.added_at:
        return []
    return [Timer(subject=follow_up.subject, occurrence=occurrence, due_at=due)]


def digest_subject(person: str) -> Subject:
    return Subject("digest", person)


def digest_agenda(
    person: str, open_since: datetime | None, timers: Timers, *, zone: str, now: datetime
) -> list[Timer]:
    """Return the weekly digests of this week and the next, on Monday mornings; none before anything was theirs."""
    if open_since is None:
        return []
    local = now.astimezone(ZoneInfo(zone))
    monday = local - local.weekday() * DAY
    mornings = (morning(monday + weeks * WEEK, zone, timers) for weeks in (0, 1))
    return [
        Timer(
            subject=digest_subject(person),
            occurrence=Occurrence(WEEKLY, f"{due.astimezone(UTC):%G-W%V}"),
            due_at=due,
        )
        for due in mornings
        if due > open_since
    ]
