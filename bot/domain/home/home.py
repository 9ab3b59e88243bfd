"""A person's Home tab: when it is compared with what is true, and which changes it may show."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.incident.incident import Incident

WATCHED_FOR = timedelta(hours=1)
"""How long after a look a Home tab is kept up to date. Slack says when a person opens it, not when they leave it.

Then its words are taken off, so that nothing old stands there, and nothing that the person may no longer see.
"""
FOLDS = timedelta(seconds=1)
"""How long a change waits, so that changes which come close together are one call."""
PAUSE = timedelta(seconds=5)
"""The least time between two calls for one person. If many look, each waits longer, so that all get their turn."""
SECOND_LOOK = timedelta(seconds=10)
"""How long after it was opened a Home is compared again: a change that nobody watched for may have ended meanwhile."""
COMPARED_EVERY = timedelta(minutes=1)
"""How often a Home is compared without a change: an update becomes overdue, a shift begins."""
A_MINUTE = 80
"""Most calls in a minute, for all people. Slack allows 100 or more (tier 4)."""
AT_ONCE = 10
"""Most Homes that are compared in one look. The next look comes half a second later."""
FULL = timedelta(seconds=5)
"""How long Homes wait if Slack had as many calls in the last minute as it may have."""
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Home:
    """A person's Home tab. Times are in UTC."""

    person: str
    looked_at: datetime
    """When the person last opened it."""
    due_at: datetime | None = None
    """When it is compared next with what is true; None while it waits to be closed."""
    published_at: datetime | None = None
    shown: str = ""
    """A digest of what it shows; "" if that is not known."""
    mark: str | None = None
    """By what Slack knows the state that it shows, if it said so."""

    @property
    def until(self) -> datetime:
        return self.looked_at + WATCHED_FOR

    def is_watched(self, now: datetime) -> bool:
        """Whether its person has looked lately."""
        return now < self.until

    def touched(self, now: datetime, pause: timedelta = PAUSE) -> "Home":
        """Return it after a change that it may show. Later changes do not put off the look."""
        soon = now + FOLDS
        at = max(soon, self.published_at + pause) if self.published_at else soon
        return replace(self, due_at=min(at, self.due_at) if self.due_at else at)

    def compared(self, now: datetime) -> "Home":
        """Return it after the look that is due."""
        due_at = min(now + COMPARED_EVERY, self.until) if self.is_watched(now) else None
        return replace(self, due_at=due_at)


@dataclass(frozen=True, kw_only=True)
class HomeChange:
    """Something that Homes may show has changed.

    It concerns one person, those who may see one private incident, or everybody.
    """

    incident: int | None = None
    person: str | None = None


@dataclass(frozen=True, kw_only=True)
class HomeTurn:
    """What one look at all Homes decides: which are published anew, and all whose time changes."""

    publish: tuple[Home, ...]
    moved: tuple[Home, ...]


def turn(homes: Iterable[Home], touched: Collection[str], *, now: datetime) -> HomeTurn:
    """Decide which Homes are due. Those that wait longest come first, and Slack's limit is kept."""
    before = {it.person: it for it in homes}
    pause = max(PAUSE, MINUTE * len(before) / A_MINUTE)  # each of them may change all the time
    after = {it.person: it.touched(now, pause) if it.person in touched else it for it in before.values()}
    due = sorted(
        (it for it in after.values() if it.due_at and it.due_at <= now),
        key=lambda it: (it.published_at or it.looked_at, it.person),
    )
    recent = sum(1 for it in before.values() if it.published_at and it.published_at > now - MINUTE)
    free = max(0, A_MINUTE - recent)
    publish = due[: min(free, AT_ONCE)]
    after |= {it.person: it.compared(now) for it in publish}
    if not free:
        after |= {it.person: replace(it, due_at=now + FULL) for it in due}
    moved = tuple(it for it in after.values() if it != before[it.person])
    return HomeTurn(publish=tuple(publish), moved=moved)


def glance(incident: Incident | None) -> tuple[Any, ...] | None:
    """Return what Homes show of an incident, and who may see it. If it stays the same, no Home changes."""
    if incident is None:
        return None
    return (
        incident.name,
        incident.severity,
        incident.phase,
        incident.commander,
        incident.command_offered_to,
        incident.opened_at,
        incident.update_due,
        incident.channel,
        incident.private,
        frozenset(incident.members),
    )


def readers(incident: Incident | None) -> frozenset[str]:
    """Return who may see an incident while it is private."""
    if incident is None:
        return frozenset()
    return frozenset(filter(None, (*incident.members, incident.command_offered_to)))


def changes(before: Incident | None, after: Incident) -> tuple[HomeChange, ...]:
    """Return what a change of an incident means for Homes. Those who may no longer see it are named one by one."""
    if glance(before) == glance(after):
        return ()
    if not after.private or (before is not None and not before.private):
        return (HomeChange(),)
    lost = sorted(readers(before) - readers(after))
    return (HomeChange(incident=after.number), *(HomeChange(person=it) for it in lost))
