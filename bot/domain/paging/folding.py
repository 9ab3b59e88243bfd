"""Folding: a page to people who are rung already joins that page, and rings by itself if that one ends unanswered.

A folded page is never left alone. It waits only while the other page rings somebody, for a short time at most. A
person who acknowledges that page, is known in Slack and may see this one gets a message and has it too, until the other
page or its incident ends. In all other cases it rings by itself.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.paging.page import RESOLVE, Page, PageState
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer, milliseconds

FOLDED, CARRIER = "folded", "carrier"
FIRST_LOOK, NEXT_LOOK = timedelta(seconds=15), timedelta(minutes=1)
"""How often Spy checks that the other page still rings, besides whenever that page changes."""
HELD_LOOK = timedelta(minutes=5)
"""How often Spy checks that a page still is with the other one that somebody acknowledged."""
FINDING = timedelta(minutes=1)
"""How long Spy looks for the Slack account of who acknowledged the other page."""
_LEAST = timedelta(milliseconds=1)


class Fate(StrEnum):
    """What happens to a folded page next."""

    WAIT = "wait"
    ACKNOWLEDGE = "acknowledge"
    REOPEN = "reopen"
    """The acknowledgement of the other page ended: that page rings again, for both."""
    RING = "ring"


def may_carry(carrier: Page, page: Page, *, now: datetime, limit: timedelta) -> bool:
    """Whether a page that rings somebody now can ring for another one to the same people too."""
    same = (carrier.team, carrier.person) == (page.team, page.person)
    is_other = carrier.number not in {page.number, page.folded_into}
    if not same or not is_other or carrier.test:
        return False
    if puts_off(carrier, page):
        is_new, at = page.folded_into is None, carrier.answered_own_at
        return is_new and at is not None and at > now - limit
    is_fresh = (carrier.released_at or carrier.requested_at) > now - limit
    return is_fresh and _rings(carrier) and not carrier.answer


def puts_off(carrier: Page, page: Page) -> bool:
    """Whether somebody answered their own page in chat and asks for the same people again, for the same incident.

    The next page then waits, so that paging and answering in turns does not ring a phone without end.
    """
    same = (carrier.requested_by, carrier.incident) == (page.requested_by, page.incident)
    return same and carrier.answered_own_at is not None


def _rings(carrier: Page) -> bool:
    """Whether it rings somebody and nobody has answered yet."""
    return (
        carrier.state in {PageState.REQUESTED, PageState.SENT}
        and not (carrier.rings_nobody or carrier.merged_into or carrier.is_being_renewed)
        and carrier.answer != RESOLVE
    )


def fate(page: Page, carrier: Page | None, *, is_needless: bool, now: datetime, limit: timedelta) -> Fate:
    """Return what happens next to a page that joined another. `is_needless`: the other one's incident is over."""
    if page.state is PageState.ACKNOWLEDGED:
        return Fate.WAIT if page.is_taken else _held(carrier, is_needless=is_needless)
    if carrier is None or page.folded_at is None:
        return Fate.RING
    if carrier.state is PageState.ACKNOWLEDGED and not is_needless and not page.is_put_off:
        return _answered(page, carrier, now)
    is_covered = not is_needless and (_rings(carrier) or carrier.is_being_renewed or puts_off(carrier, page))
    return Fate.WAIT if is_covered and now < page.folded_at + limit else Fate.RING


def _held(carrier: Page | None, *, is_needless: bool) -> Fate:
    """Return the fate of a page that was acknowledged with the other one. The pager never had it: it ends with that."""
    if carrier is None or is_needless or carrier.answer == RESOLVE:
        return Fate.RING
    if _rings(carrier):
        return Fate.REOPEN
    is_theirs = carrier.state is PageState.ACKNOWLEDGED or carrier.is_being_renewed
    return Fate.WAIT if is_theirs else Fate.RING


def _answered(page: Page, carrier: Page, now: datetime) -> Fate:
    """Return the fate once somebody acknowledged the other page: it is theirs too if they can be told of it."""
    if carrier.acknowledged_person:
        is_theirs = page.person in {None, carrier.acknowledged_person}
        by_requester = carrier.answered_own_at and carrier.acknowledged_person == carrier.requested_by
        is_others = by_requester and page.requested_by != carrier.requested_by
        return Fate.ACKNOWLEDGE if is_theirs and not is_others else Fate.RING
    is_looked_for = carrier.acknowledged_at is not None and now < carrier.acknowledged_at + FINDING
    return Fate.WAIT if is_looked_for else Fate.RING


def last_look(page: Page) -> datetime | None:
    """Return when Spy last looked after a folded page (UTC)."""
    return max(filter(None, (page.looked_at, page.folded_at)), default=None)


def next_look(page: Page, now: datetime) -> datetime:
    """Return the time to store for a look at `now`. It differs from every earlier one, because it names a timer."""
    last = last_look(page)
    return max(now, last + _LEAST) if last else now


def folded_agenda(page: Page, *, limit: timedelta) -> list[Timer]:
    """Return the next look at a folded page. None once somebody has taken it: it no longer depends on the other one."""
    since = last_look(page)
    if page.is_taken or since is None or page.folded_at is None:
        return []
    if page.state is PageState.FOLDED:
        pause = NEXT_LOOK if page.looked_at else FIRST_LOOK
        due = max(since, min(since + pause, page.folded_at + limit))
    else:
        due = since + HELD_LOOK
    return [Timer(subject=page.subject, occurrence=Occurrence(FOLDED, milliseconds(since)), due_at=due)]


def carrier_subject(number: int) -> Subject:
    """Return the subject of the looks that follow a change of a page which rings for others."""
    return Subject(CARRIER, str(number))


def carrier_timer(carrier: Page, *, now: datetime) -> Timer:
    """Return a look at all pages that joined this one, at once. Its name changes with each change of the page."""
    moments = (carrier.acknowledged_at, carrier.resolved_at, carrier.rings_since, carrier.requested_at)
    cycle = f"{carrier.state}{carrier.answer or ''}{carrier.acknowledged_person or ''}"
    occurrence = Occurrence(CARRIER, cycle, milliseconds(max(filter(None, moments))))
    return Timer(subject=carrier_subject(carrier.number), occurrence=occurrence, due_at=now)
