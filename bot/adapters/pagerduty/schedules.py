"""PagerDuty's schedules: layered ones, shift-based ones, and those that only `/oncalls` tells of."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bot.adapters.pagerduty.answers import covers, final_entries, mark, overridden, part, reference
from bot.adapters.pagerduty.directory import AddressBook
from bot.adapters.pagerduty.reading import OnCallEntry, ScheduleEntry, User, each
from bot.adapters.pagerduty.session import PagerDutySession
from bot.adapters.pagerduty.shift_based import ShiftBasedSchedules
from bot.domain.oncall.shift import Turn
from bot.ports import Rejected

LAYERED_FOR = timedelta(hours=1)
"""How long a schedule counts as layered before Spy asks again. An upgraded schedule keeps its id."""


class ScheduleKind(StrEnum):
    LAYERED = "layered"
    SHIFT_BASED = "shift-based"
    ON_CALLS = "read from /oncalls"


class Schedules:
    """Reads and overrides a schedule of either kind.

    As PagerDuty advises, it asks `/v3/schedules` first and takes a refusal for *not shift-based*.
    If the layered API refuses too, `/oncalls` says who is on call.
    """

    def __init__(
        self, session: PagerDutySession, people: AddressBook, monotonic: Callable[[], float]
    ) -> None:
        self._session = session
        self._people = people
        self._monotonic = monotonic
        self._shift_based = ShiftBasedSchedules(session, people)
        self._layered_until: dict[str, float] = {}

    def turns(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Turn]:
        """Return the shifts that touch this time, overrides included, uncut."""
        if self._monotonic() < self._layered_until.get(schedule, 0):
            try:
                return self._layers(schedule, since=since, until=until)
            except Rejected:
                self._layered_until.pop(schedule, None)
        return self._ask(schedule, since=since, until=until)[1]

    def kind(self, schedule: str, *, at: datetime) -> ScheduleKind:
        """Return which kind it is. Raise Rejected `not_found` if there is no schedule with this id."""
        return self._ask(schedule, since=at, until=at + timedelta(days=1))[0]

    def override(
        self, schedule: str, *, user: User, instead_of: str | None, start: datetime, end: datetime
    ) -> Turn:
        """Put a person on call, and return the shift. A retry finds what was made before."""
        try:
            there = self._shift_based.assignments(schedule, since=start, until=end)
        except Rejected as refused:
            _must_be_about_the_kind(refused)
            return self._override_layers(schedule, user=user, start=start, end=end)
        return self._shift_based.override(
            schedule, there, user=user, instead_of=instead_of, start=start, end=end
        )

    def _ask(self, schedule: str, *, since: datetime, until: datetime) -> tuple[ScheduleKind, Sequence[Turn]]:
        try:
            return ScheduleKind.SHIFT_BASED, self._shift_based.turns(schedule, since=since, until=until)
        except Rejected as refused:
            _must_be_about_the_kind(refused)
        try:
            turns = self._layers(schedule, since=since, until=until)
        except Rejected as refused:
            _must_be_about_the_kind(refused)
            return ScheduleKind.ON_CALLS, self._on_calls(
                schedule, since=since, until=until, else_raise=refused
            )
        self._layered_until[schedule] = self._monotonic() + LAYERED_FOR.total_seconds()
        return ScheduleKind.LAYERED, turns

    # --- layered

    def _layers(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Turn]:
        window = {"since": mark(since), "until": mark(until), "overflow": "true"}
        answer = self._session.call("GET", f"/schedules/{schedule}", params=window)
        entries = final_entries(answer, "rendered_schedule_entries")
        return [self._turn(schedule, entry) for entry in each(ScheduleEntry, entries)]

    def _override_layers(self, schedule: str, *, user: User, start: datetime, end: datetime) -> Turn:
        path = f"/schedules/{schedule}/overrides"
        window = {"since": mark(start), "until": mark(end)}
        made = each(ScheduleEntry, part(self._session.call("GET", path, params=window), "overrides"))
        found = next((it for it in made if covers(it, user, start, end)), None)
        if found and self._is_on_call(schedule, user, start, end):
            return self._turn(schedule, found)
        wanted = {"start": mark(start), "end": mark(end), "user": reference("user", user.id)}
        return self._turn(
            schedule, overridden(self._session.call("POST", path, body={"overrides": [wanted]}))
        )

    def _is_on_call(self, schedule: str, user: User, start: datetime, end: datetime) -> bool:
        """Whether only this user is on call then: a younger override may lie over theirs."""
        turns = self._layers(schedule, since=start, until=end)
        return {it.user for it in turns if it.start < end and it.end > start} == {user.id}

    def _turn(self, schedule: str, entry: ScheduleEntry) -> Turn:
        return self._people.turn(schedule, entry.user, entry.start, entry.end)

    # --- refused

    def _on_calls(
        self, schedule: str, *, since: datetime, until: datetime, else_raise: Rejected
    ) -> Sequence[Turn]:
        """Return the shifts that `/oncalls` tells of. If there are none, the schedule may not exist at all."""
        wanted = {
            "schedule_ids": [schedule],
            "since": mark(since),
            "until": mark(until),
            "include": ["users"],
        }
        on_calls = each(OnCallEntry, self._session.all("/oncalls", "oncalls", wanted))
        turns = dict.fromkeys(
            self._people.turn(schedule, it.user, it.start, it.end) for it in on_calls if it.start and it.end
        )
        if not turns:
            raise else_raise
        return [*turns]


def _must_be_about_the_kind(refused: Rejected) -> None:
    """Raise it again if it is about the token."""
    if refused.code == "unauthorized":
        raise refused
