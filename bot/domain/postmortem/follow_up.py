"""Follow-ups: what to do to prevent or soften the next incident, who does it, and by when."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.oncall.shift import SentReminder
from bot.domain.policy import Timers
from bot.domain.postmortem.deadline import DAY, awake, morning
from bot.domain.postmortem.events import FollowUpAdded, FollowUpChanged, FollowUpDone, FollowUpReopened
from bot.domain.refusal import Refusal
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer, named

SOON, WEEKLY = "follow_up", "weekly"
WEEK = timedelta(days=7)
LONGEST = 250
"""The most characters that fit one line and GitHub's limit for titles."""


class Category(StrEnum):
    """The four questions of clean-up (Gorven): right alerts? how did it go? faster? not again?"""

    DETECTION = "detection"
    ESCALATION = "escalation"
    RECOVERY = "recovery"
    PREVENTION = "prevention"


@dataclass(frozen=True, kw_only=True)
class Filed:
    """An issue that Spy created: its repository (owner/name), number and web address.

    `assignee` is the login that Spy last set; `milestone` is the title it had then. `as_of` is its last known change,
    by the tracker's clock.
    """

    repository: str
    number: int
    url: str
    assignee: str | None = None
    milestone: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A follow-up.

    `due` is a day in the zone of the owner. `done_by` is a Slack id, or a login if the issue was closed in the tracker.
    """

    number: int
    incident: int
    what: str
    added_by: str
    added_at: datetime
    category: Category | None = None
    owner: str | None = None
    due: date | None = None
    moved_at: datetime | None = None
    """When its owner or due day last changed, or it was reopened (UTC). None: not since it was added."""
    done_at: datetime | None = None
    done_by: str | None = None
    why: str | None = None
    """How it was closed in the tracker, if known: completed, not_planned, duplicate."""
    filed: Filed | None = None
    trouble: str | None = None
    """Why the tracker refused it."""
    without: tuple[str, ...] = ()
    """What the tracker left out of its issue, in readable form."""
    told: Mapping[Occurrence, SentReminder] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        return Subject("follow-up", str(self.number))

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    def is_overdue(self, now: datetime, *, zone: str) -> bool:
        """Whether its due day is over in a zone (IANA)."""
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
        """Return the event that sets the given fields and keeps the others."""
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

    # --- applying events ---

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

    def after_sending(self, timer: Timer, *, at: datetime) -> "FollowUp":
        sent = SentReminder(at=at, late=timer.is_late(at))
        return replace(self, told={**self.told, timer.occurrence: sent})


def follow_up_agenda(follow_up: FollowUp, timers: Timers, *, zone: str) -> list[Timer]:
    """Return the reminder: a few days before the due day, in the morning. None if that was past when it was added.

    If that was past when its owner or due day changed, the reminder comes at once, but never at night.
    """
    if not follow_up.is_open or follow_up.due is None or follow_up.owner is None:
        return []
    noon = datetime.combine(follow_up.due, time(12), ZoneInfo(zone))
    due = morning(noon - timers.follow_up_ahead, zone, timers)
    occurrence = Occurrence(SOON, f"{follow_up.due:%Y%m%d}", follow_up.owner)
    if named(follow_up.told, str(occurrence)):
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
    """Return the weekly digests of this week and the next, on Monday mornings; none from before `open_since`."""
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
