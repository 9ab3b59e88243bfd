"""Rest for people on call: offer cover after a broken night, and say so if cover leaves somebody too little."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain.oncall.cover import CoverRequest
from bot.domain.oncall.rest import (
    DAY,
    BrokenNight,
    Span,
    end_of_day,
    is_time_to_offer,
    last_night,
    shortest_rest,
)
from bot.domain.oncall.shift import Shift
from bot.domain.policy import Team
from bot.domain.refusal import Choice, Refusal
from bot.services.directory import Directory
from bot.services.oncall.shifts import Shifts
from bot.services.transaction import Transaction

CARRIED = timedelta(days=30)
"""The time whose pages and hours on call are compared when somebody looks for cover."""
ROTA = timedelta(days=35)
"""How far from now a shift makes a person one of a schedule's people."""


@dataclass(frozen=True, kw_only=True)
class Carries:
    """What a person carried in the last 30 days: pages, and time on call."""

    person: str
    pages: int
    on_call: timedelta


class Rest:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- after a night ---

    def offer(self, team: Team) -> None:
        """Offer cover to people who were paged last night and are on call for a team today. Once a morning."""
        now = self._tx.now
        today = self._session.shifts.on(team.schedule or "", since=now, until=now + DAY)
        for shift in sorted(today, key=self._left_of_today, reverse=True):
            if night := self._broken(shift):
                Shifts(self._tx).had_broken_night(shift, night)

    def _left_of_today(self, shift: Shift) -> timedelta:
        left = Span(start=self._tx.now, end=end_of_day(self._tx.now, shift.zone))
        return Span(start=shift.start, end=shift.end).within(left).length

    def _broken(self, shift: Shift) -> BrokenNight | None:
        """Return the night before a shift of today, if its person was paged and was not offered rest since."""
        now, timers = self._tx.now, self._tx.policy.timers
        if shift.gone_at or shift.person is None or not is_time_to_offer(now, shift.zone, timers):
            return None
        night = last_night(now, shift.zone, timers)
        if night is None or shift.start >= end_of_day(now, shift.zone) or self._knows(shift.person, night):
            return None
        rings = self._session.rings.of_person(shift.person, since=night.start, until=night.end)
        real = tuple(it.at for it in rings if not self._is_test(it.incident))
        return BrokenNight(at=now, rings=real) if real else None

    def _knows(self, person: str, night: Span) -> bool:
        """Whether a person was offered rest since this night, for any of their shifts: also one that is over."""
        theirs = self._session.shifts.of_ledger(night.start, self._tx.now + DAY, person=person)
        return any(it.at >= night.end for shift in theirs for it in shift.nights)

    def _is_test(self, incident: str) -> bool:
        return any(page.test for page in self._session.pages.following(incident))

    # --- before cover ---

    def require(self, cover: CoverRequest, *, by: str) -> None:
        """Tell a person who would cover if that leaves them too little rest. They can cover anyway."""
        least = self._tx.policy.timers.rest_between
        asked = Span(start=max(cover.start, self._tx.now), end=cover.end)
        before = list(self._busy(by, asked))
        rest, day = shortest_rest([*before, asked], asked)
        near = Span(start=asked.start - DAY, end=asked.end + DAY)
        if rest >= least or rest >= shortest_rest(before, near)[0]:
            return  # also if their own shifts leave no more
        zone = Directory(self._tx).zone(by)
        start, end = (it.astimezone(ZoneInfo(zone)) for it in (day.start, day.end))
        raise Refusal(
            f"With this you would have {_hours(rest)} without a shift or an incident from {start:%a %d %b %H:%M} "
            f"to {end:%a %d %b %H:%M} ({zone}). Your organisation looks for {_hours(least)} in 24 h. You decide.",
            choices=(
                Choice(label="Cover anyway", say=f"oncall cover accept {cover.number} anyway"),
                Choice(label="I can't", say=f"oncall cover decline {cover.number}"),
            ),
        )

    def _busy(self, person: str, around: Span) -> Iterator[Span]:
        """Yield the shifts of a person and the time that they worked, up to a day before and after."""
        since, until = around.start - DAY, around.end + DAY
        for shift in self._session.shifts.of_person(person, since=since):
            if shift.start < until:
                yield Span(start=shift.start, end=shift.end)
        for period in self._session.periods.of(person, since=since):
            yield Span(start=period.started_at, end=period.ended_at or self._tx.now)

    # --- whom to ask ---

    def least_burdened(self, shift: Shift, window: Span) -> Carries | None:
        """Return who of the schedule's people carried least and is free then; None if nobody is."""
        now = self._tx.now
        near = self._session.shifts.on(shift.turn.schedule, since=now - ROTA, until=now + ROTA)
        people = sorted({it.person for it in near if it.person and not it.gone_at} - {shift.person})
        directory = Directory(self._tx)
        free = [it for it in people if it and directory.is_assignable(it) and self._is_free(it, window)]
        pages = self._session.rings.counts(free, since=now - CARRIED) if free else {}
        recent = Span(start=now - CARRIED, end=now)
        carried = (
            Carries(person=it, pages=pages.get(it, 0), on_call=self._on_call(it, recent)) for it in free
        )
        return min(carried, key=lambda it: (it.pages, it.on_call, it.person), default=None)

    def _is_free(self, person: str, window: Span) -> bool:
        theirs = self._session.shifts.of_person(person, since=window.start)
        return not any(it.start < window.end for it in theirs)

    def _on_call(self, person: str, recent: Span) -> timedelta:
        theirs = self._session.shifts.of_person(person, since=recent.start)
        spans = (Span(start=it.start, end=it.end).within(recent) for it in theirs)
        return sum((it.length for it in spans), timedelta())


def _hours(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    hours, left = divmod(minutes, 60)
    return f"{hours} h" if not left else f"{hours} h {left} min" if hours else f"{left} min"
