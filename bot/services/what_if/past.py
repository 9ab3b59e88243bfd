"""What truly happened in a time: the timelines, what was said, and who was paged."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise, takewhile

from bot.domain.event import Event
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.merging import MergedInto
from bot.domain.incident.reminder_events import Reminded
from bot.domain.incident.reminders import NO_COMMANDER_PAGE
from bot.domain.incident.replay import is_of_here, requested
from bot.domain.incident.timeline import Entry
from bot.domain.oncall.shift import Shift
from bot.domain.paging.events import (
    PageAdopted,
    PageEscalated,
    PageEvent,
    PageFolded,
    PageReleased,
    PageRequested,
)
from bot.domain.paging.page import Page, not_answering
from bot.domain.paging.reminders import UNANSWERED
from bot.domain.policy import Policy
from bot.domain.relief.relief import AGAIN, ASK, ESCALATION, MANAGER, PAGE, SWITCHES, WARN, WorkPeriod
from bot.domain.subject import CardOnly
from bot.domain.timer import LATE_AFTER
from bot.domain.what_if import ReplayedPage, ReplayedReminder, ReplayResult, SilentTime
from bot.ports import Person
from bot.services.relief.work_periods import LOOK_BACK
from bot.services.transaction import Transaction

PAGING = frozenset({NO_COMMANDER_PAGE.name, ESCALATION, UNANSWERED})
"""The reminders that page somebody."""
ASKED, OF_SEVERITY = "somebody asked for it", "its severity"
"""Why a page was requested."""
Place = tuple[int, int]
"""An entry of a timeline: its incident and its `seq`."""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """An entry of a timeline with its event, and when (UTC) it was recorded: never before the one in front of it."""

    at: datetime
    entry: Entry
    event: Event

    @property
    def place(self) -> Place:
        return self.entry.incident, self.entry.seq


@dataclass(frozen=True, kw_only=True)
class Past:
    """What happened from `since` to `now` (UTC), in order, with what a replay has to know besides.

    It is read at once, so that no transaction is open while it is replayed.
    """

    since: datetime
    now: datetime
    until: datetime
    """Since then something is due that no Spy sends; without that it is now."""
    incidents: Mapping[int, Incident]
    shifts: Sequence[Shift]
    happened: Sequence[Happened]
    unread: int
    """How many entries can't be read: another Spy wrote them."""
    people: Mapping[str, Person]
    periods: Sequence[WorkPeriod]
    said: Mapping[str, tuple[datetime, ReplayedReminder]]
    """What was said, by its key, and when it was recorded."""
    requested: Mapping[int, Page]
    """The pages of incidents, as they were requested, by number."""
    folded: Collection[int]
    """The pages that rang nobody, because they joined another one at once."""
    caused: Mapping[str, int]
    """The pages that a reminder requested, by the key of the reminder."""
    for_severity: Mapping[int, Place]
    """The pages that a severity requested, with the entry that set it."""
    unanswered: Mapping[str, Page]
    """The pages that a reminder says nobody answered, by its key."""
    escalated: Mapping[Place, str]
    """The escalations that Spy asked for, with the key of the reminder."""
    drills: Collection[int]
    silent: Sequence[SilentTime]


def key_of(incident: int, event: Reminded) -> str:
    """Return the key of a reminder as the timeline of an incident has it. One about a person stands in several."""
    about = "" if event.reminder in SWITCHES else f"{incident}/"
    return f"{about}{event.reminder}/{event.occurrence}"


def said_of(incident: int, event: Reminded) -> ReplayedReminder:
    return ReplayedReminder(
        key=key_of(incident, event),
        incident=incident,
        reminder=event.reminder,
        step=_step(event) if event.reminder in SWITCHES else "",
        due_at=event.due_at,
        at=event.at,
        to=str(event.to),
        is_posted=not isinstance(event.to, CardOnly),
    )


def _step(event: Reminded) -> str:
    return next((it for it in (WARN, ASK, PAGE, MANAGER) if event.occurrence == f"{event.mark}.{it}"), AGAIN)


# --- reading ----------------------------------------------------------------------------------------------


def read_past(tx: Transaction, *, since: datetime, policies: Sequence[Policy] = ()) -> Past:
    """Read the incidents that were open at some moment since then, from their beginning.

    `policies` are those under which they will be replayed, besides the one of today.
    """
    session, until = tx.session, _lived_until(tx)
    incidents = session.incidents.alive_since(since - LOOK_BACK)
    read, unread = list[Happened](), 0
    for incident in incidents:
        timeline = session.timeline.events(incident.number)
        unread += sum(event is None for _, event in timeline)
        read += takewhile(lambda it: it.at <= until, _in_order(timeline))
    read.sort(key=lambda it: (it.at, *it.place))
    working = sorted({person for it in read for person in _working(it.event)})
    asked, shifts = {it.number: it for it in _requested(read)}, session.shifts.between(since, tx.now)
    managers = [team.manager for it in (tx.policy, *policies) for team in it.teams.values()]
    people = {*working, *managers, *(it.person for it in shifts), *(it.person for it in asked.values())}
    known = ((person, session.people.get(person)) for person in people if person)
    first = min((it.at for it in read), default=since) - LOOK_BACK
    unanswered = dict(_unanswered(read, asked))
    return Past(
        since=since,
        now=tx.now,
        until=until,
        incidents={it.number: it for it in incidents},
        shifts=shifts,
        happened=read,
        unread=unread,
        people={person: it for person, it in known if it},
        periods=[it for person in working for it in session.periods.of(person, since=first)],
        said=_said(read),
        requested=asked,
        folded=_folded(read),
        caused=dict(_caused(read, unanswered)),
        for_severity=dict(_for_severity(read)),
        unanswered=unanswered,
        escalated=dict(_escalated(read, unanswered)),
        drills={it.entry.incident for it in read if isinstance(it.event, events.Declared) and it.event.drill},
        silent=_joined([*_silent(read), *_silent_now(tx.now, until)]),
    )


def _lived_until(tx: Transaction) -> datetime:
    due = tx.session.timers.next_due()
    return due if due and tx.now - due > LATE_AFTER else tx.now


def _silent_now(now: datetime, until: datetime) -> Iterator[SilentTime]:
    if until < now:
        yield SilentTime(start=until, end=now)


def _in_order(timeline: Iterable[tuple[Entry, Event | None]]) -> Iterator[Happened]:
    at: datetime | None = None
    for entry, event in timeline:
        at = max(at, entry.recorded_at) if at else entry.recorded_at
        if event and is_of_here(entry):
            yield Happened(at=at, entry=entry, event=event)


def _working(event: Event) -> Iterator[str]:
    """Yield whom an event gives work."""
    match event:
        case events.Declared(commander=leads, by=by):
            yield from filter(None, (leads or by,))
        case events.CommandTaken(commander=leads):
            yield leads
        case events.RoleGiven(person=person):
            yield person


def _said(read: Iterable[Happened]) -> Mapping[str, tuple[datetime, ReplayedReminder]]:
    found: dict[str, tuple[datetime, ReplayedReminder]] = {}
    for it in read:
        if isinstance(it.event, Reminded):
            said = said_of(it.entry.incident, it.event)
            found.setdefault(said.key, (it.at, said))
    return found


def _requested(read: Iterable[Happened]) -> Iterator[Page]:
    seen = set[int]()
    for it in read:
        if isinstance(it.event, PageRequested | PageAdopted) and it.event.page not in seen:
            seen.add(it.event.page)
            yield replace(requested(it.event), incident=it.entry.incident)


def _folded(read: Iterable[Happened]) -> Collection[int]:
    asked = {it.event.page: it.at for it in read if isinstance(it.event, PageRequested)}
    return {
        it.event.page for it in read if isinstance(it.event, PageFolded) and asked.get(it.event.page) == it.at
    }


def _caused(read: Sequence[Happened], unanswered: Mapping[str, Page]) -> Iterator[tuple[str, int]]:
    """Yield the pages that were requested in the same transaction as a reminder, right after it."""
    by_place = {it.place: it for it in read}
    for it in read:
        if isinstance(it.event, Reminded) and it.event.reminder in PAGING:
            incident, seq = it.place
            then = by_place.get((incident, seq + 1))
            if then and then.at == it.at and isinstance(then.event, PageRequested):
                key = key_of(incident, it.event)
                if _is_its_page(then.event, unanswered.get(key)):
                    yield key, then.event.page


def _is_its_page(event: PageRequested, unanswered: Page | None) -> bool:
    """Whether Spy requested a page by itself, or because nobody answered this one."""
    return event.by is None if unanswered is None else event.message == not_answering(unanswered)


def _for_severity(read: Sequence[Happened]) -> Iterator[tuple[int, Place]]:
    """Yield the pages that were requested in the same transaction as a severity was set, about nothing else."""
    names, last = dict[int, str](), dict[int, Happened]()
    for it in read:
        number = it.entry.incident
        if isinstance(it.event, events.Declared):
            names[number] = it.event.name
        if isinstance(it.event, events.Declared | events.SeveritySet):
            last[number] = it
        elif isinstance(it.event, PageRequested) and (of := last.get(number)):
            is_its = (it.at, it.entry.actor, it.event.message) == (of.at, of.entry.actor, names.get(number))
            if is_its:
                yield it.event.page, of.place


def _unanswered(read: Sequence[Happened], pages: Mapping[int, Page]) -> Iterator[tuple[str, Page]]:
    """Yield the reminders that nobody answered a page, by their keys. A page may have moved to another incident."""
    of, counts = defaultdict[int, set[int]](set), Counter[tuple[int, str]]()
    for it in read:
        number = it.entry.incident
        match it.event:
            case PageEvent(page=page):
                of[number].add(page)
            case MergedInto(into=into):
                of[into] |= of[number]
            case Reminded(reminder=reminder) as event if reminder == UNANSWERED:
                names = {f"{page}-{event.mark}.{counts[page, event.mark]}": page for page in of[number]}
                found = names.get(event.occurrence)
                if found is not None and found in pages:
                    counts[found, event.mark] += 1
                    yield key_of(number, event), pages[found]


def _escalated(read: Sequence[Happened], unanswered: Mapping[str, Page]) -> Iterator[tuple[Place, str]]:
    """Yield the first escalation of a page after each reminder that nobody answered it."""
    asked = dict[int, str]()
    for it in read:
        if isinstance(it.event, Reminded):
            key = key_of(it.entry.incident, it.event)
            if page := unanswered.get(key):
                asked[page.number] = key
        elif isinstance(it.event, PageEscalated) and it.event.page in asked:
            yield it.place, asked.pop(it.event.page)


def _silent(read: Sequence[Happened]) -> Iterator[SilentTime]:
    """Yield for each late reminder the longest time, between when it was due and sent, with nothing recorded at all."""
    times = [it.at for it in read]
    for it in read:
        if isinstance(it.event, Reminded) and it.event.late:
            between = times[bisect_right(times, it.event.due_at) : bisect_left(times, it.at)]
            gaps = list(pairwise((it.event.due_at, *between, it.at)))
            start, end = max(gaps, key=lambda gap: gap[1] - gap[0])
            if end - start > LATE_AFTER:
                yield SilentTime(start=start, end=end)


def _joined(silent: Iterable[SilentTime]) -> Sequence[SilentTime]:
    """Return one outage for those that end at once: several reminders were late because of it."""
    starts: dict[datetime, datetime] = {}
    for it in silent:
        starts[it.end] = min(it.start, starts.get(it.end, it.start))
    return [SilentTime(start=start, end=end) for end, start in starts.items()]


def longer_silences(past: Past, missed: Iterable[ReplayedReminder]) -> Sequence[SilentTime]:
    """Return the outages, from the first reminder on that did not come, if nothing at all was recorded since then."""
    times, silent = [it.at for it in past.happened], list(past.silent)
    for it in sorted(missed, key=lambda it: it.due_at, reverse=True):
        for nth, known in enumerate(silent):
            is_quiet = bisect_right(times, it.due_at) == bisect_left(times, known.start)
            if it.due_at < known.start and is_quiet:
                silent[nth] = replace(known, start=it.due_at)
    return silent


# --- what was said ----------------------------------------------------------------------------------------


def truth(past: Past) -> ReplayResult:
    """Return what was said, and whom it paged."""
    said = [it for _, it in past.said.values()]
    return ReplayResult(said=said, rang=[*_by_reminders(past, said), *_by_people(past)])


def _by_reminders(past: Past, said: Iterable[ReplayedReminder]) -> Iterator[ReplayedPage]:
    for it in said:
        caused, page = past.caused.get(it.key), past.unanswered.get(it.key)
        if caused is not None:
            yield rang(f"{it.key}/page", past.requested[caused], it.row, at=it.at)
        elif page and page.team and it.incident not in past.drills:
            yield rang(f"{it.key}/next", replace(page, incident=it.incident), it.row, at=it.at, is_next=True)


def _by_people(past: Past) -> Iterator[ReplayedPage]:
    by_reminders = set(past.caused.values())
    for it in past.happened:
        number = it.entry.incident
        if isinstance(it.event, PageRequested) and it.event.page not in {*by_reminders, *past.folded}:
            yield rang(
                f"page {it.event.page}", past.requested[it.event.page], why(past, it.event.page), at=it.at
            )
        elif isinstance(it.event, PageReleased) and it.event.page in past.requested:
            page = replace(past.requested[it.event.page], incident=number)
            yield rang(f"page {page.number}/{it.entry.seq}", page, ASKED, at=it.at)


def why(past: Past, page: int) -> str:
    """Return why a page was requested that no reminder requested."""
    return OF_SEVERITY if page in past.for_severity else ASKED


def rang(key: str, page: Page, why: str, *, at: datetime, is_next: bool = False) -> ReplayedPage:
    """Return a page as what rings. `is_next`: it goes on to the next level, and nobody knows whom that has."""
    return ReplayedPage(
        key=key,
        incident=page.incident or 0,
        at=at,
        why=why,
        team=page.team,
        person=None if is_next else page.person,
        is_next=is_next,
    )
