"""The records of a replay: those that reminders are decided from are in memory, and people are read from the database.

What the replayed services never use is not here: a use of it raises AttributeError.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush

from bot.domain.effects import Effect
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.domain.paging.folding import FOLDED
from bot.domain.paging.page import Page
from bot.domain.relief.relief import WorkPeriod
from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.ports import OnCallCopy, Person

REPLAYED = frozenset({"incident", "page", "person"})
"""The kinds of subjects whose reminders are replayed."""
SYNTHETIC = 1_000_000_000
"""From here on are the numbers of what never was."""


class MemoryIncidents:
    def __init__(self) -> None:
        self.known: dict[int, Incident] = {}

    def get(self, number: int) -> Incident | None:
        return self.known.get(number)

    look = get

    def try_lock(self, numbers: Collection[int]) -> Collection[int]:
        return numbers

    def put(self, incident: Incident) -> None:
        self.known[incident.number] = incident


class MemoryTimeline:
    def among(self, _incidents: Collection[int], _kinds: Collection[str]) -> Sequence[Entry]:
        """Return nothing: only the words of pages depend on it, and nobody reads them."""
        return ()


class MemoryTimers:
    """Waiting timers, in the order in which they are to be sent.

    `when` says at what time a timer is sent; None if it waits for its place in what happened.
    """

    def __init__(self, when: Callable[[Timer], datetime | None]) -> None:
        self._when = when
        self._waiting: dict[Subject, tuple[Timer, ...]] = {}
        self._sent: set[str] = set()
        self._queue: list[tuple[datetime, str, Timer]] = []

    def replace(self, subject: Subject, timers: Iterable[Timer], *, is_new: bool = False) -> None:
        del is_new
        if subject.kind not in REPLAYED:
            return
        kept = tuple(it for it in timers if it.key not in self._sent and it.reminder != FOLDED)
        before = self._waiting.get(subject, ())
        self._waiting[subject] = kept
        for timer in kept:
            if timer not in before and (at := self._when(timer)):
                heappush(self._queue, (at, timer.key, timer))

    def sent(self, key: str, _at: datetime) -> None:
        self._sent.add(key)

    def due(self, subject: Subject, now: datetime) -> Sequence[Timer]:
        return [it for it in self._waiting.get(subject, ()) if it.due_at <= now]

    def next(self, before: datetime) -> tuple[datetime, Subject] | None:
        """Take the first subject with a timer that waits and is to be sent before then. Return when, too."""
        while self._queue and self._queue[0][0] < before:
            at, _, timer = heappop(self._queue)
            if timer in self._waiting.get(timer.subject, ()):
                return at, timer.subject
        return None


class MemoryPeriods:
    """Work periods. `true` are those that the database has: a period that began then has the same number."""

    def __init__(self, true: Iterable[WorkPeriod]) -> None:
        self._numbers = {(it.person, it.started_at): it.number for it in true if it.was_on}
        self._known: dict[int, WorkPeriod] = {}
        self._of: dict[str, dict[int, WorkPeriod]] = {}
        self._next = SYNTHETIC
        self._renamed: set[str] = set()
        for it in true:
            if not it.was_on:  # it follows from no incident: the person's phone rang
                self._store(it)

    def reserve(self) -> int:
        self._next += 1
        return self._next

    def get(self, number: int) -> WorkPeriod | None:
        return self._known.get(number)

    def of(self, person: str, *, since: datetime) -> Sequence[WorkPeriod]:
        mine = self._of.get(person, {}).values()
        return [it for it in mine if it.ended_at is None or it.ended_at > since]

    def put(self, period: WorkPeriod) -> None:
        true = self._numbers.get((period.person, period.started_at), period.number)
        if true != period.number:
            self._renamed.add(period.person)
        self._store(replace(period, number=true))

    def renamed(self) -> Collection[str]:
        """Return whose new periods got their true numbers since the last time, so that timers must be set again."""
        found, self._renamed = self._renamed, set()
        return found

    def _store(self, period: WorkPeriod) -> None:
        self._known[period.number] = period
        self._of.setdefault(period.person, {})[period.number] = period


class MemoryPages:
    """Pages. `true` returns the number that the page had which is requested now; None if there never was one."""

    def __init__(self, true: Callable[[], int | None]) -> None:
        self._true = true
        self._known: dict[int, Page] = {}
        self._of: dict[int, set[int]] = {}
        self._next = SYNTHETIC

    def reserve(self) -> int:
        self._next += 1
        return self._true() or self._next

    def get(self, number: int) -> Page | None:
        return self._known.get(number)

    def of(self, incident: int) -> Sequence[Page]:
        return [self._known[it] for it in sorted(self._of.get(incident, ()))]

    def folded_into(self, _number: int) -> Sequence[Page]:
        """Return nothing: what becomes of joined pages is taken from their timelines."""
        return ()

    def put(self, page: Page) -> None:
        before = self._known.get(page.number)
        if before and before.incident != page.incident:
            self._of[before.incident or 0].discard(page.number)
        self._known[page.number] = page
        self._of.setdefault(page.incident or 0, set()).add(page.number)


@dataclass(frozen=True, kw_only=True)
class MemoryPeople:
    """People as the database knows them now."""

    known: Mapping[str, Person]

    def get(self, person: str) -> Person | None:
        return self.known.get(person)

    def put(self, person: Person) -> None: ...


class MemoryOnCalls:
    def copy(self) -> OnCallCopy:
        """Return nothing: who was on call then is asked of the shifts, afterwards."""
        return OnCallCopy()


class MemoryOutbox:
    def add(self, effects: Iterable[Effect], *, now: datetime) -> None: ...

    def knows(self, _key: str) -> bool:
        return False

    def reminding(self, _due_at: datetime) -> AbstractContextManager[None]:
        return nullcontext()


class MemoryHomes:
    def note(self, *_noted: object, since: datetime) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Memory:
    """The session of a replay. It implements what of `ports.Session` the replayed services use."""

    people: MemoryPeople
    periods: MemoryPeriods
    timers: MemoryTimers
    pages: MemoryPages
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    timeline: MemoryTimeline = field(default_factory=MemoryTimeline)
    on_calls: MemoryOnCalls = field(default_factory=MemoryOnCalls)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    homes: MemoryHomes = field(default_factory=MemoryHomes)

    def lock(self, *sections: str) -> None: ...

    def try_lock(self, _section: str) -> bool:
        return True
