"""The ledger of being on call, of a person or of a team, from shifts, rings and work periods."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.domain.oncall.ledger import LedgerEntry, LedgerSource, Line, Month, Sums, lines, sums
from bot.domain.oncall.rest import Span
from bot.domain.oncall.shift import Shift
from bot.domain.policy import Team
from bot.domain.refusal import Refusal
from bot.ports import Calendars
from bot.services.directory import Directory
from bot.services.oncall.team_people import TeamPeople
from bot.services.transaction import Transaction

AROUND = timedelta(days=1)
"""Months begin at other times in other zones, so this much more is read."""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A month of a person, or of a team. `people` is empty where only the sums may be seen."""

    month: Month
    total: Sums
    team: str = ""
    people: Mapping[str, Sums] = field(default_factory=dict)
    count: int = 1
    """How many people are in the total."""
    lines: Sequence[Line] = ()
    zone: str = "UTC"
    unknown: int = 0
    """How many people of the team's shifts Spy does not find in Slack. They are not in the total."""
    unknown_hours: timedelta = timedelta()
    """How long these were on call."""
    is_current: bool = False
    """Whether the month is not over, so that more may come."""


class Ledgers:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def of_person(self, person: str, month: Month | None, calendars: Calendars | None) -> Ledger:
        """Return a person's own ledger; without a month, the current one of their own clock."""
        zone = Directory(self._tx).zone(person)
        month = month or Month.of(self._tx.now.astimezone(ZoneInfo(zone)))
        span = _wide(month)
        shifts = self._session.shifts.of_ledger(span.start, span.end, person=person)
        entries = [*self._shifts(shifts), *self._others(person, span)]
        mine = self._lines(person, entries, month, calendars)
        return Ledger(
            month=month,
            total=sums(mine),
            lines=mine,
            zone=zone,
            is_current=month.span(zone).end > self._tx.now,
        )

    def of_team(
        self,
        team: Team,
        month: Month | None,
        calendars: Calendars | None,
        *,
        by: str,
        channel: str | None = None,
    ) -> Ledger:
        """Return a team's ledger. Only its people see it, and only sums, unless `by_person` names the team."""
        if not TeamPeople(self._tx).has(team, by, channel=channel):
            raise Refusal(f"The ledger of :{team.key} is for its people. Yours: `oncall ledger`.")
        month = month or Month.of(self._tx.now)
        every, strangers = self._of_team(team, month, calendars)
        shows_people = team.key in self._tx.policy.on_call.by_person
        if len(every.keys() - {by}) == 1 and not shows_people:
            who = "Besides you, only one person" if by in every else "Only one person"
            raise Refusal(
                f"{who} was on call for :{team.key} in {month.name}, so the sums would be theirs. "
                "Yours: `oncall ledger`."
            )
        of_people = {person: sums(own) for person, own in sorted(every.items())}
        of_all = [line for own in every.values() for line in own]
        return Ledger(
            month=month,
            team=team.key,
            total=sums(of_all),
            people=of_people if shows_people else {},
            count=len(every),
            lines=of_all if shows_people else every.get(by, ()),
            unknown=len(strangers),
            unknown_hours=sum((sums(own).on_call for own in strangers.values()), timedelta()),
            is_current=month.span("UTC").end > self._tx.now,
        )

    def _of_team(
        self, team: Team, month: Month, calendars: Calendars | None
    ) -> tuple[Mapping[str, Sequence[Line]], Mapping[str, Sequence[Line]]]:
        """Return the lines of people, and those of the pager's users whom Spy does not find in Slack."""
        span = _wide(month)
        shifts: defaultdict[str, list[Shift]] = defaultdict(list)
        nobodys: defaultdict[str, list[Shift]] = defaultdict(list)
        for shift in self._session.shifts.of_ledger(span.start, span.end, schedule=team.schedule or ""):
            if shift.person:
                shifts[shift.person].append(shift)
            else:
                nobodys[shift.turn.user or shift.turn.email or shift.turn.name].append(shift)
        found = {}
        for person, theirs in shifts.items():
            entries = [*self._shifts(theirs)]
            others = [
                it
                for it in self._others(person, span)
                if it.team in {"", team.key} and _is_within(it, entries)
            ]
            found[person] = self._lines(person, [*entries, *others], month, calendars)
        strangers = {
            user: self._lines(user, [*self._shifts(theirs)], month, None) for user, theirs in nobodys.items()
        }
        return _with_lines(found), _with_lines(strangers)

    def _shifts(self, shifts: Sequence[Shift]) -> Iterator[LedgerEntry]:
        for it in shifts:
            end = min(it.end, it.gone_at) if it.gone_at else it.end
            end = min(end, self._tx.now)  # what is to come may still change
            if it.start < end:
                span = Span(start=it.start, end=end)
                yield LedgerEntry(
                    source=LedgerSource.SHIFT, ref=f"{it.turn.schedule} #{it.number}", span=span, team=it.team
                )

    def _others(self, person: str, span: Span) -> Iterator[LedgerEntry]:
        """Yield a person's rings and work. The work that a ring made bears its id and its team."""
        rings = self._session.rings.of_person(person, since=span.start, until=span.end)
        answered = {number: it for it in rings for number in (it.period, it.woken) if number}
        for ring in rings:
            at = Span(start=ring.at, end=ring.at)
            yield LedgerEntry(
                source=LedgerSource.PAGE,
                ref=ring.incident,
                span=at,
                team=self._tx.policy.team_paged_as(ring.service),
            )
        for period in self._session.periods.of(person, since=span.start):
            end = min(period.ended_at or self._tx.now, self._tx.now)  # the least time of a page may go on
            worked = Span(start=period.started_at, end=end)
            if worked.start < span.end and worked.length:
                incidents = " ".join(f"INC-{it}" for it in period.was_on if self._is_shown(it))
                ring_of = answered.get(period.number)
                yield LedgerEntry(
                    source=LedgerSource.WORK,
                    ref=incidents or (ring_of.incident if ring_of else f"work #{period.number}"),
                    span=worked,
                    team=self._tx.policy.team_paged_as(ring_of.service) if ring_of else "",
                )

    def _is_shown(self, incident: int) -> bool:
        found = self._session.incidents.look(incident)
        return found is not None and not found.private

    def _lines(
        self, person: str, entries: Sequence[LedgerEntry], month: Month, calendars: Calendars | None
    ) -> Sequence[Line]:
        zone, policy = Directory(self._tx).zone(person), self._tx.policy
        usual = next((it.team for it in entries if it.source is LedgerSource.SHIFT), "")

        def holiday(day: date, team: str) -> str | None:
            calendar = policy.on_call.calendar(person, team or usual)
            return calendars.holiday(calendar, day) if calendars and calendar else None

        return lines(person, entries, month, zone=zone, timers=policy.timers, holiday=holiday)


def _with_lines(found: Mapping[str, Sequence[Line]]) -> Mapping[str, Sequence[Line]]:
    return {person: own for person, own in found.items() if own}


def _is_within(entry: LedgerEntry, shifts: Sequence[LedgerEntry]) -> bool:
    return any(it.span.start <= entry.span.start < it.span.end for it in shifts)


def _wide(month: Month) -> Span:
    span = month.span("UTC")
    return Span(start=span.start - AROUND, end=span.end + AROUND)
