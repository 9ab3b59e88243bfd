"""Join a page to one that rings the same people already, and ring it by itself when that one can't carry it."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.audit import DONE, SPY
from bot.domain.effects import UpsertMessage
from bot.domain.incident.events import CommandTaken
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.domain.paging import events
from bot.domain.paging.effects import SendPage
from bot.domain.paging.folding import Fate, may_carry, next_look, puts_off
from bot.domain.paging.page import Page, PageState
from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.services.audit import AuditLog
from bot.services.directory import Directory
from bot.services.paging.pages import Pages
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction

AS_CARRIER = 12
"""Pages of the last twelve such times are looked at, because a page that left another one rings later."""


class Folding:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._pages = Pages(tx)

    def carrier_of(self, page: Page) -> Page | None:
        """Return the page that rings the same people now, unanswered; None if this page must ring by itself.

        Requests to the same people take turns, so that two at once do not both ring. A request that finds such a page
        out of its turn need not wait for it.
        """
        if page.test or not self._tx.policy.limits.ring_again_after:
            return None
        has_turn = self._session.try_lock(f"ring:{page.whom}")
        found = self._rings_now(page)
        if found or has_turn:
            return found
        self._session.lock(f"ring:{page.whom}")
        return self._rings_now(page)

    def _rings_now(self, page: Page) -> Page | None:
        now, limit = self._tx.now, self._tx.policy.limits.ring_again_after
        for other in self._session.pages.rang(page.team, since=now - AS_CARRIER * limit):
            if may_carry(other, page, now=now, limit=limit) and self._is_as_urgent(other, page):
                return other
        return None

    def _is_as_urgent(self, carrier: Page, page: Page) -> bool:
        """Whether people who read only the other page on their phone come as fast as for this one."""
        theirs, mine = self._incident_of(carrier), self._incident_of(page)
        if carrier.is_needless(theirs) or not _may_share(theirs, mine):
            return False
        rang_as = carrier.severity or (theirs.severity if theirs else None)
        return mine is None or (theirs is not None and self._rank(rang_as) <= self._rank(mine.severity))

    def _rank(self, severity: str | None) -> int:
        """Return the place of a severity, from the worst. None comes last."""
        known = list(self._tx.policy.severities)
        return known.index(severity) if severity in known else len(known)

    def ring_if_worse(self, incident: Incident) -> Incident:
        """Ring the pages by themselves that had joined a page which is less severe than their incident is now."""
        for page in self._session.pages.of(incident.number):
            is_folded = page.state is PageState.FOLDED and page.folded_into is not None
            carrier = self._session.pages.get(page.folded_into or 0) if is_folded else None
            if carrier and not self._is_as_urgent(carrier, page):
                self._release(page, carrier, why="less severe")
        return self._tx.incident(incident.number)

    def _incident_of(self, page: Page) -> Incident | None:
        return self._session.incidents.look(page.incident) if page.incident else None

    def join(self, page: Page, carrier: Page) -> Page:
        """Join a page to another, and show it on both."""
        incident = self._incident_of(carrier)
        is_public = incident is not None and (not incident.private or incident.number == page.incident)
        folded = events.PageFolded(
            at=self._tx.now,
            by=page.requested_by,
            page=page.number,
            whom=page.whom,
            into=carrier.number,
            joined=incident.id if incident and is_public else None,
            assigned=carrier.assigned,
            since=carrier.rings_since or carrier.requested_at,
            is_put_off=puts_off(carrier, page),
        )
        page = self._pages.keep(page, folded)
        self._pages.show(carrier, origin=f"joined:{page.number}:{self._pages.mark}")
        return page

    # --- looks ---

    def look(self, number: int) -> None:
        """Check that the page which this one joined still rings for it, and act if not."""
        page = self._pages.locked(number)
        if page is None or page.folded_into is None or not page.is_only_here:
            return
        carrier = self._session.pages.get(page.folded_into)
        page = replace(page, looked_at=next_look(page, self._tx.now))
        match self._pages.fate(page, carrier):
            case Fate.RING if self._is_in_hand(page):
                self._wait(replace(page, is_taken=True), carrier)
            case Fate.ACKNOWLEDGE if carrier and self._pages.is_open_to(
                page, carrier.acknowledged_person or ""
            ):
                self._acknowledge_too(page, carrier)
            case Fate.RING | Fate.ACKNOWLEDGE:
                self._release(page, carrier)
            case Fate.REOPEN:
                again = events.PageUnanswered(at=self._tx.now, page=page.number, whom=page.whom)
                self._pages.keep(page, again)
            case _:
                self._wait(page, carrier)

    def _is_in_hand(self, page: Page) -> bool:
        """Whether somebody has acted on it since they had it with another page, or took command of its incident."""
        if page.incident is None or page.state is not PageState.ACKNOWLEDGED:
            return False
        answers = self._session.timeline.among([page.incident], [events.PageAcknowledged.kind()])
        last = next((it for it in reversed(answers) if _acknowledges(it, page)), None)
        timeline, n = self._session.timeline, page.incident
        later = timeline.recorded_since(n, last.recorded_at) if last else timeline.of(n)
        return any(_acts(it, page.acknowledged_person) for it in later if last is None or it.seq > last.seq)

    def look_at_joined(self, carrier: int) -> None:
        """Look at each page that joined this one, in the order in which incidents are locked everywhere."""
        joined = self._session.pages.folded_into(carrier)
        for page in sorted(joined, key=lambda it: (it.incident or 0, it.number)):
            self.look(page.number)

    def _wait(self, page: Page, carrier: Page | None) -> None:
        """Wait on. Show whom the other page rings, once the pager has said so."""
        assigned = carrier.assigned if carrier else None
        if page.state is PageState.FOLDED and assigned != page.assigned:
            self._pages.put(replace(page, assigned=assigned), origin=f"assigned:{self._pages.mark}")
        else:
            self._session.pages.put(page)
            self._pages.keep_time(page)

    def _release(self, page: Page, carrier: Page | None, *, why: str | None = None) -> None:
        """Ring a page by itself, unless a newer page rings the same people."""
        if other := self.carrier_of(page):
            self.join(page, other)
            return
        released = events.PageReleased(
            at=self._tx.now,
            page=page.number,
            whom=page.whom,
            was_with=page.folded_into or 0,
            why=why or self._why(carrier),
        )
        incident = self._incident_of(page)
        self._pages.keep(replace(page, severity=incident.severity if incident else None), released)
        self._tx.send(SendPage(key=f"send-page:{page.number}", page=page.number))
        self._bring_along(page)

    def _bring_along(self, left: Page) -> None:
        """Join the pages of the same incident that waited with this one to it, now that it rings."""
        now_rings = self._session.pages.get(left.number)
        for page in self._session.pages.folded_into(left.folded_into or 0):
            is_waiting = page.state is PageState.FOLDED and page.incident == left.incident
            if now_rings and is_waiting and page.number != left.number and page.incident:
                self.join(page, now_rings)

    def _why(self, carrier: Page | None) -> str:
        if carrier is None:
            return "gone"
        return "over" if self._pages.is_needless(carrier) else carrier.state.value

    def _acknowledge_too(self, page: Page, carrier: Page) -> None:
        """Record that who acknowledged the other page has this one too. Tell them, and invite them."""
        person = carrier.acknowledged_person or ""
        page = replace(page, is_taken=puts_off(carrier, page))
        page = self._pages.keep(page, self._acknowledged(page, carrier.acknowledged_by or "", person))
        self._pages.bring(page, person)
        AuditLog(self._tx).add(
            f"acknowledge page {page.number} with page {carrier.number}",
            DONE,
            source=SPY,
            person=person,
            incident=page.incident,
        )
        key = f"also_paged:{carrier.number}:{page.number}:{self._pages.mark}"
        also = UpsertMessage(key=key, message_type="also_paged", ref=carrier.number, to=person)
        self._tx.send(also)

    def _acknowledged(self, page: Page, who: str, person: str) -> events.PageAcknowledged:
        return events.PageAcknowledged(
            at=self._tx.now, by=person, page=page.number, whom=page.whom, who=who, person=person
        )

    # --- answers in chat ---

    def acknowledge(self, page: Page, *, by: str) -> None:
        """Acknowledge a page that the pager does not have. The page that it joined rings on, for its own incident."""
        taken = self._pages.keep(replace(page, is_taken=True), self._acknowledged(page, self._name(by), by))
        self._pages.bring(taken, by)

    def resolve(self, page: Page, *, by: str) -> None:
        """Resolve a page that the pager does not have."""
        resolved = events.PageResolved(
            at=self._tx.now, by=by, page=page.number, whom=page.whom, who=self._name(by)
        )
        self._pages.keep(page, resolved)

    def _name(self, person: str) -> str:
        return Directory(self._tx).name(person) or f"<@{person}>"


def _may_share(one: Incident | None, other: Incident | None) -> bool:
    """Whether one ring may be for both: a private incident shares with no other one, a drill with no real one."""
    if one and other and one.number == other.number:
        return True
    both = (one, other)
    is_private = any(it.private for it in both if it)
    return not is_private and len({it is not None and it.drill for it in both}) == 1


def _acknowledges(entry: Entry, page: Page) -> bool:
    return entry.kind == events.PageAcknowledged.kind() and entry.data.get("page") == page.number


def _acts(entry: Entry, person: str | None) -> bool:
    """Whether a timeline entry is something that this person did, or that anybody took command."""
    if entry.kind == CommandTaken.kind():
        return True
    return person is not None and entry.actor == person and entry.kind != events.PageAcknowledged.kind()


@reminds("carrier")
class CarrierReminders:
    """The looks that follow a change of a page which rings for others."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        return Pages(self._tx).carrier_agenda(subject.number)

    def send(self, timer: Timer) -> None:
        Folding(self._tx).look_at_joined(timer.subject.number)
