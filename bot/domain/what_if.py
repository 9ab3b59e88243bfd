"""What was said in a time, what would be said under other settings, and how the two differ."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from bot.domain.incident.agenda import reminder_of
from bot.domain.incident.incident import Incident
from bot.domain.paging.reminders import UNANSWERED
from bot.domain.relief.relief import ASK, ESCALATION, LONG_DAY, MANAGER, ON_DUTY, PAGE, WARN
from bot.domain.subject import MilestoneName, ReminderName

SAME_WITHIN = timedelta(seconds=10)
"""A reminder that is due again within this time is the same one: Spy itself needs a moment to send one."""
PERSONAL: Mapping[tuple[ReminderName, str], str] = {
    (ESCALATION, WARN): "who could take over?",
    (ESCALATION, ASK): "can someone take over?",
    (ESCALATION, PAGE): "a page for relief",
    (ESCALATION, MANAGER): "a page for relief to the manager",
    (ON_DUTY, WARN): "hours add up",
    (ON_DUTY, ASK): "hours add up, urged",
    (LONG_DAY, WARN): "a long day",
    (LONG_DAY, ASK): "a long day, urged",
}
"""The rows of docs/timers.md of the reminders about people, by name and step."""
AGAIN = "the question for relief again, and a page"


@dataclass(frozen=True, kw_only=True)
class ReplayedReminder:
    """A reminder as it was sent, or would be. `key` is the same for the same occurrence, whatever the settings are."""

    key: str
    incident: int
    reminder: ReminderName
    step: str = ""
    """Of a reminder about a person."""
    due_at: datetime
    at: datetime
    to: str
    is_posted: bool = True
    """Whether it was a message. Otherwise only the card showed it."""

    @property
    def row(self) -> str:
        """What it is called in docs/timers.md; the name of a milestone."""
        if self.reminder == UNANSWERED:
            return "a page is not acknowledged"
        if self.step:
            return PERSONAL.get((self.reminder, self.step), AGAIN)
        if isinstance(self.reminder, MilestoneName):
            return f"milestone {self.reminder.milestone}{' at the stop' if self.reminder.at_stop else ''}"
        known = reminder_of(self.reminder)
        return known.row if known else self.reminder

    @property
    def about(self) -> tuple[int, str]:
        return self.incident, self.row

    def is_same(self, other: "ReplayedReminder | ReplayedPage | None") -> bool:
        return isinstance(other, ReplayedReminder) and abs(self.due_at - other.due_at) <= SAME_WITHIN


@dataclass(frozen=True, kw_only=True)
class ReplayedPage:
    """A page that reached, or would reach, the phone of whoever is on call for a team, or of one person."""

    key: str
    incident: int
    at: datetime
    why: str
    team: str | None = None
    person: str | None = None
    """The Slack id, if it is known."""
    is_next: bool = False
    """Whether it goes on to the next level: whom that has is not stored."""
    is_night: bool = False
    """Whether it comes at night on the clock of that person."""

    @property
    def about(self) -> tuple[int, str]:
        return self.incident, self.why

    def is_same(self, other: "ReplayedReminder | ReplayedPage | None") -> bool:
        return isinstance(other, ReplayedPage) and (self.team, abs(self.at - other.at) <= SAME_WITHIN) == (
            other.team,
            True,
        )


class Difference(StrEnum):
    SAME = "same"
    NEW = "new"
    GONE = "gone"


Sent = TypeVar("Sent", ReplayedReminder, ReplayedPage)


def differences(then: Iterable[Sent], now: Iterable[Sent]) -> Iterator[tuple[Difference, Sent]]:
    """Yield what is the same, gone and new. What comes at another time is gone, and new.

    What says the same in the same incident at the same time is the same, also if it is reckoned from another promise.
    """
    after = {it.key: it for it in now}
    gone: list[Sent] = []
    for it in then:
        if it.is_same(after.get(it.key)):
            del after[it.key]
            yield Difference.SAME, it
        else:
            gone.append(it)
    alike: dict[tuple[int, str], list[Sent]] = {}
    for it in after.values():
        alike.setdefault(it.about, []).append(it)
    for it in gone:
        others = alike.get(it.about, [])
        same = next((other for other in others if it.is_same(other)), None)
        if same:
            others.remove(same)
        yield (Difference.SAME if same else Difference.GONE), it
    for others in alike.values():
        for it in others:
            yield Difference.NEW, it


@dataclass(frozen=True, kw_only=True)
class ReplayResult:
    """What was said and who was paged, or would be."""

    said: Sequence[ReplayedReminder] = ()
    rang: Sequence[ReplayedPage] = ()


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many there were then, would be, and of these are new; and how many are gone."""

    then: int = 0
    now: int = 0
    new: int = 0
    gone: int = 0

    @classmethod
    def of(cls, found: Iterable[Difference]) -> "Tally":
        every = list(found)
        new, gone = every.count(Difference.NEW), every.count(Difference.GONE)
        same = every.count(Difference.SAME)
        return cls(then=same + gone, now=same + new, new=new, gone=gone)


@dataclass(frozen=True, kw_only=True)
class SilentTime:
    """A time (UTC) in which Spy sent no reminders, as far as a late one tells."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was said from `since` to `until` (UTC), and what would be said under other settings."""

    since: datetime
    until: datetime
    incidents: Mapping[int, Incident]
    said: Sequence[tuple[Difference, ReplayedReminder]]
    rang: Sequence[tuple[Difference, ReplayedPage]]
    unlike: Sequence[tuple[int, str]]
    """Where a replay under the settings of today does not say what was said: the incidents, and what."""
    known: int
    """How many reminders and pages that replay was held against."""
    silent: Sequence[SilentTime] = ()
    unread: int = 0
    """How many entries of timelines can't be read: another Spy wrote them."""


T = TypeVar("T")


def tallies(found: Iterable[tuple[Difference, T]], name: Callable[[T], str | None]) -> Mapping[str, Tally]:
    """Return a tally for each name, in alphabetical order. What has no name is left out."""
    by_name: dict[str, list[Difference]] = {}
    for difference, it in found:
        if named := name(it):
            by_name.setdefault(named, []).append(difference)
    return {named: Tally.of(by_name[named]) for named in sorted(by_name)}
