"""The brief at the beginning of a shift: what the person before leaves, from facts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.changes.lock import Lock
from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.oncall.rest import Span
from bot.domain.oncall.ring import PagerRing
from bot.domain.oncall.shift import BRIEF, Shift
from bot.domain.postmortem.follow_up import FollowUp
from bot.domain.subject import Occurrence
from bot.domain.timer import LATE_AFTER
from bot.services.changes.locks import Locks
from bot.services.failover.failovers import Failovers, PlanStatus
from bot.services.messages import Facts, message
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

LONGEST, USUAL = timedelta(days=7), timedelta(days=1)
"""How far back a brief looks: over the shift before, a week at most; a day where Spy knows no shift before."""
LISTED = 10
OPEN_AT_MOST = 50


@dataclass(frozen=True, kw_only=True)
class Rang:
    """How often one service rang in a time, and how often at night. None: Spy was not told which service."""

    service: str | None
    times: int
    at_night: int


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What somebody who begins a shift should know. `before` had it until now; `since` is when theirs began."""

    before: Sequence[str]
    window: Span
    incidents: Sequence[Incident]
    follow_ups: Sequence[FollowUp]
    locks: Sequence[Lock]
    rang: Sequence[Rang]
    plans: Sequence[PlanStatus]


class Briefs:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def of(self, shift: Shift, reader: str) -> Brief:
        """Return the brief of a shift. It shows what its reader may see."""
        before = self._before(shift)
        began = max((it.start for it in before), default=shift.start - USUAL)
        window = Span(start=max(began, shift.start - LONGEST), end=shift.start)
        return Brief(
            before=list(dict.fromkeys(it.turn.name for it in before)),
            window=window,
            incidents=self._incidents(reader)[:LISTED],
            follow_ups=list(self._follow_ups(shift, window, reader))[:LISTED],
            locks=Locks(self._tx).held()[:LISTED],
            rang=self._rang(before, window),
            plans=Failovers(self._tx).plans(asker=reader)[:LISTED],
        )

    def _before(self, shift: Shift) -> Sequence[Shift]:
        """Return the shifts on this schedule that ended when this one began, else those that it is taken from.

        After a time without anybody on call, return the last one: none if it was the same person's.
        """
        close = timedelta(minutes=5)
        on = self._session.shifts.on(shift.turn.schedule, since=shift.start - LONGEST, until=shift.start)
        near = [it for it in on if it.end > shift.start - close]
        others = [it for it in near if it.turn.user != shift.turn.user]
        ended = [it for it in others if _ended(it) <= shift.start + close]
        if ended := [it for it in ended if _ended(it) >= shift.start - close]:
            return ended
        return [it for it in others if not it.gone_at] or self._last(shift, on)

    def _last(self, shift: Shift, on: Sequence[Shift]) -> Sequence[Shift]:
        began = [it for it in on if it.start < _ended(it) <= shift.start]
        last = max(map(_ended, began), default=None)
        found = [it for it in began if _ended(it) == last]
        return [] if any(it.turn.user == shift.turn.user for it in found) else found

    def _incidents(self, reader: str) -> list[Incident]:
        found = self._session.incidents.open(limit=OPEN_AT_MOST)
        return [it for it in found if ReadAccess(self._tx).sees(reader, it)]

    def _follow_ups(self, shift: Shift, window: Span, reader: str) -> Iterator[FollowUp]:
        """Yield open follow-ups of incidents for which the team was paged in this time."""
        pages = self._session.pages.since(window.start)
        numbers = {it.incident for it in pages if it.team == shift.team and it.requested_at < window.end}
        for number in sorted(it for it in numbers if it):
            if ReadAccess(self._tx).sees_record(reader, number):
                yield from (it for it in self._session.follow_ups.of(number) if it.done_at is None)

    def _rang(self, before: Sequence[Shift], window: Span) -> list[Rang]:
        """Return what rang for those who were on call, most often first. One incident of the pager counts once."""
        rings: dict[str, tuple[PagerRing, str]] = {}
        for person, zone in {it.person: it.zone for it in before if it.person}.items():
            for ring in self._session.rings.of_person(person or "", since=window.start, until=window.end):
                rings.setdefault(ring.incident, (ring, zone))
        times, at_night = Counter[str | None](), Counter[str | None]()
        for ring, zone in rings.values():
            service = self._tx.policy.service_paged_as(ring.service) if ring.service else None
            times[service] += 1
            at_night[service] += self._tx.policy.timers.is_night(ring.at.astimezone(ZoneInfo(zone)).hour)
        return [
            Rang(service=it, times=count, at_night=at_night[it]) for it, count in times.most_common(LISTED)
        ]


def _ended(shift: Shift) -> datetime:
    return min(shift.gone_at or shift.end, shift.end)


@message("shift_brief", "oncall/brief")
def shift_brief(tx: Transaction, it: UpsertMessage) -> Facts:
    shift = tx.session.shifts.get(it.ref)
    if shift is None:
        raise LookupError(f"shift {it.ref} is not in the database")
    brief = Briefs(tx).of(shift, shift.person) if shift.person else None
    said = shift.told.get(Occurrence(BRIEF, "once"))
    return {
        "shift": shift,
        "ends": shift.local[1],
        "brief": brief,
        "said": said,
        "fresh": bool(said and said.at - shift.known_since < LATE_AFTER),
        "now": tx.now,
    }
