"""Replay what happened to incidents under some settings, with the rules and services that send reminders."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from bot.domain.event import Event
from bot.domain.incident import events
from bot.domain.incident.following import incident_subject
from bot.domain.incident.incident import Incident
from bot.domain.incident.merging import MergedInto
from bot.domain.incident.reminder_events import Reminded, Snoozed
from bot.domain.incident.reminders import UPDATE_DUE
from bot.domain.paging.effects import EscalatePage
from bot.domain.paging.events import PageAdopted, PageEscalated, PageEvent, PageReleased, PageRequested
from bot.domain.paging.page import Page, PageState
from bot.domain.paging.reminders import UNANSWERED, page_agenda
from bot.domain.policy import Policy, Severity
from bot.domain.refusal import Refusal
from bot.domain.relief.events import ReliefPutOff
from bot.domain.relief.relief import ESCALATION, PAGE, SWITCHES, fine
from bot.domain.subject import Subject
from bot.domain.timer import Timer, milliseconds
from bot.domain.what_if import SAME_WITHIN, ReplayedPage, ReplayedReminder, ReplayResult
from bot.ports import Session
from bot.services.paging.pages import Pages
from bot.services.paging.paging import Paging
from bot.services.relief.work_periods import WorkPeriods
from bot.services.reminders import Reminders
from bot.services.transaction import Transaction
from bot.services.what_if import memory
from bot.services.what_if.past import ASKED, OF_SEVERITY, Happened, Past, key_of, rang, said_of, why

TICK = timedelta(seconds=2)
"""Spy may take so long to send what is due. What happens meanwhile comes first."""
SOURCE = "what-if"


def replay(past: Past, policy: Policy, *, before: Policy) -> ReplayResult:
    """Return what would be said under a policy. `before` are the settings under which it happened."""
    return _Replay(past=past, policy=policy, before=before).played()


@dataclass(frozen=True, kw_only=True)
class ReplayTransaction(Transaction):
    """A transaction that tells nobody what happened. It keeps it instead."""

    happened: list[tuple[Incident, Event]] = field(default_factory=list)

    def tell(self, before: Incident, incident: Incident, event: Event) -> None:
        del before
        self.happened.append((incident, event))


@dataclass(kw_only=True)
class _Replay:
    past: Past
    policy: Policy
    before: Policy
    now: datetime | None = None
    said: dict[str, ReplayedReminder] = field(default_factory=dict)
    rang: dict[str, ReplayedPage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = replace(self.policy.limits, ring_again_after=timedelta())
        self._quiet = replace(self.policy, limits=limits)  # which pages joined others, the timelines tell
        self._memory = memory.Memory(
            people=memory.MemoryPeople(known=self.past.people),
            periods=memory.MemoryPeriods(self.past.periods),
            timers=memory.MemoryTimers(self._when),
            pages=memory.MemoryPages(self._true_page),
        )
        self._escalating = set(self.past.escalated.values())
        self._caused = set(self.past.caused.values())

    def played(self) -> ReplayResult:
        for it in self.past.happened:
            self._pass_time(it.at - TICK)
            self.now = it.at
            self._happen(it)
        self._pass_time(self.past.until)
        return ReplayResult(said=list(self.said.values()), rang=list(self.rang.values()))

    # --- time ---

    def _when(self, timer: Timer) -> datetime | None:
        """Return when a timer is sent: when it is due, or after the outage. None if its place is known."""
        now = self.now or timer.due_at
        key = self._key(timer)
        truth = self.past.said.get(key)
        if (
            truth
            and truth[0] >= max(now, timer.due_at)
            and abs(truth[1].due_at - timer.due_at) <= SAME_WITHIN
        ):
            return None
        at = timer.due_at
        for silence in self.past.silent:
            if silence.start <= at < silence.end:
                at = silence.end
        return at

    def _key(self, timer: Timer) -> str:
        """Return the key by which the timelines know what a timer says."""
        match timer.subject:
            case Subject(kind="incident") as subject:
                return f"{subject.number}/{timer.reminder}/{timer.occurrence}"
            case Subject(kind="page") as subject:
                page = self._memory.pages.get(subject.number)
                about = page.incident if page else None
                return f"{about}/{timer.reminder}/{subject.number}-{timer.occurrence}"
            case _:
                return f"{timer.reminder}/{timer.occurrence}"

    def _pass_time(self, until: datetime) -> None:
        while found := self._memory.timers.next(until):
            at, subject = found
            self.now = max(at, self.now or at)
            self._visit(subject)

    def _visit(self, subject: Subject) -> None:
        tx = self._begin()
        Reminders(tx).visit(subject)
        self._note(tx)

    def _begin(self) -> ReplayTransaction:
        now = self.now
        assert now is not None, "something has happened"  # noqa: S101  a caller's bug, not input
        session = cast("Session", self._memory)  # it implements what the replayed services use
        self._tx = ReplayTransaction(
            session=session, now=now, policy=self._quiet, source=SOURCE, followers=(WorkPeriods,)
        )
        return self._tx

    # --- what the replay says ---

    def _note(self, tx: ReplayTransaction) -> None:
        """Keep what was said and whom it paged."""
        for person in self._memory.periods.renamed():
            WorkPeriods(tx).replan(person)
        cause: ReplayedReminder | None = None
        for incident, event in tx.happened:
            if isinstance(event, Reminded):
                said = said_of(incident.number, event)
                cause = self.said.setdefault(said.key, said)
            elif isinstance(event, PageRequested):
                self._requested(incident, event, cause, tx)
        for effect in tx.effects:
            if isinstance(effect, EscalatePage) and cause:
                self._escalated(effect, cause, tx)

    def _requested(
        self, incident: Incident, event: PageRequested, cause: ReplayedReminder | None, tx: Transaction
    ) -> None:
        """Keep a page of the replay. One that there truly was goes on as it did."""
        true, page = self.past.requested.get(event.page), self._memory.pages.get(event.page)
        if page is None:
            return
        if true:
            page = replace(true, requested_at=event.at, severity=page.severity)
            self._memory.pages.put(page)
            Pages(tx).keep_time(page)
        key = f"{cause.key}/page" if cause else f"{incident.number}/{page.team}/{incident.entries}"
        is_backup = (
            cause is not None and (cause.reminder, cause.step) == (ESCALATION, PAGE) and not page.person
        )
        because = cause.row if cause else OF_SEVERITY
        self._ring(rang(key, page, because, at=event.at, is_next=is_backup and true is None))

    def _escalated(self, effect: EscalatePage, cause: ReplayedReminder, tx: Transaction) -> None:
        """Keep whom Spy pages next. No timeline tells of an escalation that reached the same people again."""
        page = self._memory.pages.get(effect.page)
        if page is None:
            return
        self._ring(rang(f"{cause.key}/next", page, cause.row, at=cause.at, is_next=True))
        if page.state is PageState.SENT and (at := self._again_at(page, cause, tx)):
            page = replace(page, escalated_at=at)
            self._memory.pages.put(page)
            Pages(tx).keep_time(page)

    def _again_at(self, page: Page, cause: ReplayedReminder, tx: Transaction) -> datetime | None:
        """Return when the pager rang again because Spy asked; None if it did not, or the timeline tells it.

        The next reminder tells it: it came so long after.
        """
        if not self._comes_as_it_did(cause.key):
            return tx.now
        if cause.key in self._escalating:
            return None
        incident = tx.incident(page.incident) if page.incident else None
        for timer in page_agenda(page, self.policy, incident):
            if truth := self.past.said.get(self._key(timer)):
                at = truth[1].due_at - self.before.timers.page_unanswered_after
                return at if at >= tx.now else None
        return tx.now

    def _ring(self, it: ReplayedPage) -> None:
        self.rang[it.key] = it

    def _true_page(self) -> int | None:
        """Return the number of the page that the reminder requested which is being sent."""
        match self._tx.happened[-1:]:
            case [(incident, Reminded() as event)]:
                return self.past.caused.get(key_of(incident.number, event))
        return None

    # --- what happened ---

    def _happen(self, it: Happened) -> None:
        event, number = it.event, it.entry.incident
        match event:
            case Reminded():
                self._come_to(number, event)
                return
            case events.Declared():
                self._declared(it, event)
            case PageRequested() | PageAdopted():
                self._page(it, event)
            case PageEvent():
                self._of_page(it, event)
            case _ if number in self._memory.incidents.known:
                self._of_incident(it, event)
        for person in self._memory.periods.renamed():
            WorkPeriods(self._begin()).replan(person)

    def _come_to(self, incident: int, event: Reminded) -> None:
        """Come to the place of a reminder in what happened: send what is due about its subject, as Spy did then."""
        subject = self._subject(incident, event)
        if subject and self.now and self._memory.timers.due(subject, self.now):
            self._visit(subject)

    def _subject(self, incident: int, event: Reminded) -> Subject | None:
        """Return what a reminder of a timeline is about; None if the replay does not have it."""
        if event.reminder == UNANSWERED:
            page = self.past.unanswered.get(key_of(incident, event))
            return page.subject if page else None
        if event.reminder in SWITCHES:
            period = self._memory.periods.get(int(event.mark))
            return period.subject if period else None
        return incident_subject(incident)

    def _declared(self, it: Happened, event: events.Declared) -> None:
        if every := self._every(event.severity):
            now = every[1]
            event = replace(event, next_due=event.at + now if now else None)
        incident = Incident.declared(it.entry.incident, event)
        tx = self._begin()
        tx.record(incident, event)
        self._page_for(event.severity, it, tx)

    def _of_incident(self, it: Happened, event: Event) -> None:
        tx = self._begin()
        before = tx.incident(it.entry.incident)
        after = tx.record(before, self._under_policy(before, event))
        if isinstance(event, MergedInto):
            self._move(event.pages, event.into, tx)
        elif isinstance(event, events.Reopened):
            self._move(before.merged.pages if before.merged else (), after.number, tx)
            for page in self._memory.pages.of(after.number):
                Pages(tx).keep_time(page)
        elif isinstance(event, events.SeveritySet):
            self._page_for(event.severity, it, tx)
        elif isinstance(event, ReliefPutOff) and event.by:
            self._put_off(event.by, tx)

    def _move(self, pages: tuple[int, ...], to: int, tx: Transaction) -> None:
        for number in pages:
            if page := self._memory.pages.get(number):
                self._memory.pages.put(replace(page, incident=to))
                Pages(tx).keep_time(replace(page, incident=to))

    def _put_off(self, person: str, tx: Transaction) -> None:
        periods = WorkPeriods(tx)
        past = periods.of(person)
        if past.running and past.running.fine_at is None:
            try:
                put_off = fine(past.running, at=tx.now, zone=periods.zone(person), timers=self.policy.timers)
            except Refusal:
                return
            periods.keep(put_off, past)

    # --- promises ---

    def _every(self, severity: str | None) -> tuple[timedelta | None, timedelta | None] | None:
        """Return the interval of updates before and now, if it differs."""
        then, now = (self._severity(policy, severity) for policy in (self.before, self.policy))
        both = (then.update_every if then else None, now.update_every if now else None)
        return both if both[0] != both[1] else None

    @staticmethod
    def _severity(policy: Policy, key: str | None) -> Severity | None:
        return policy.severities.get(key or "")

    def _under_policy(self, incident: Incident, event: Event) -> Event:
        """Return an event with what the settings decided about it, decided anew."""
        now = self._severity(self.policy, incident.severity)
        match event:
            case events.UpdatePosted(next_due=due, by=str(by)) if every := self._every(incident.severity):
                typed = None if due is None or due - event.at == every[0] else due - event.at
                return incident.post_update(event.message, by=by, at=event.at, severity=now, next_in=typed)
            case events.SeveritySet(by=str(by)) if self._every(event.severity):
                severity = self._severity(self.policy, event.severity)
                return (severity and incident.set_severity(severity, by=by, at=event.at)) or event
            case events.Reopened(by=str(by)) if self._every(incident.severity):
                return incident.reopen(by=by, at=event.at, severity=now)
            case Snoozed(reminder=UPDATE_DUE.name) if incident.update_due:
                return replace(event, mark=milliseconds(incident.update_due))
        return event

    # --- pages ---

    def _page_for(self, key: str | None, it: Happened, tx: Transaction) -> None:
        """Page the teams that the severity pages now and did not page before."""
        then, now = (self._severity(policy, key) for policy in (self.before, self.policy))
        incident = tx.incident(it.entry.incident)
        pages = self._memory.pages.of(incident.number)
        already = {page.team for page in pages if page.requested_at >= incident.opened_at}
        already |= set(then.page if then else ())
        for name in () if incident.drill else now.page if now else ():
            team = self.policy.teams.get(name)
            if team and team.service and name not in already:
                tx = self._begin()
                Paging(tx).page_team(team, incident.name, by=None, incident=incident, on_card=True)
                self._note(tx)

    def _is_needless(self, page: Page) -> bool:
        """Whether only a severity asked for a page, and does not any more."""
        place = self.past.for_severity.get(page.number)
        incident = self._memory.incidents.get(page.incident or 0)
        if place is None or incident is None:
            return False
        then, now = (self._severity(policy, incident.severity) for policy in (self.before, self.policy))
        return page.team in (then.page if then else ()) and page.team not in (now.page if now else ())

    def _page(self, it: Happened, event: PageRequested | PageAdopted) -> None:
        true = self.past.requested[event.page]
        incident = self._memory.incidents.get(it.entry.incident)
        if (
            incident is None
            or event.page in self._caused
            or (isinstance(event, PageRequested) and self._is_needless(true))
        ):
            return
        known = self._memory.pages.get(event.page)
        tx = self._begin()
        page = replace(known or true, incident=incident.number, severity=incident.severity)
        self._memory.pages.put(page)
        if isinstance(event, PageAdopted):
            Pages(tx).keep(page, event)
            return
        tx.record(incident, event)
        if event.page not in self.past.folded:
            self._ring(rang(f"page {event.page}", page, why(self.past, event.page), at=it.at))

    def _of_page(self, it: Happened, event: PageEvent) -> None:
        page = self._memory.pages.get(event.page)
        if page is None or page.incident not in self._memory.incidents.known:
            return
        if isinstance(event, PageEscalated) and not self._is_still_asked_for(it):
            return
        Pages(self._begin()).keep(page, event)
        if isinstance(event, PageReleased):
            self._ring(rang(f"page {page.number}/{it.entry.seq}", page, ASKED, at=it.at))

    def _is_still_asked_for(self, it: Happened) -> bool:
        """Whether an escalation is the pager's own, or that of a reminder that comes as it did."""
        key = self.past.escalated.get(it.place)
        return key is None or self._comes_as_it_did(key)

    def _comes_as_it_did(self, key: str) -> bool:
        said, truth = self.said.get(key), self.past.said.get(key)
        return said is not None and truth is not None and said.is_same(truth[1])
