"""PagerDuty's shift-based schedules, `/v3/schedules`.

What is assumed of them is in docs/oncall.md. Neither pdpyras nor its successor knows them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.adapters.pagerduty.answers import JSON, final_entries, mark, part
from bot.adapters.pagerduty.directory import AddressBook
from bot.adapters.pagerduty.reading import (
    AssignmentEntry,
    CustomShiftEntry,
    OverrideEntry,
    ShiftSource,
    User,
    each,
)
from bot.adapters.pagerduty.session import PagerDutySession
from bot.domain.oncall.shift import Turn
from bot.ports import Rejected

HEADERS = {"X-Early-Access": "flexible-schedules-early-access"}
"""Some accounts want it. The others ignore it."""


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """One user's time, and its source: a rotation or a custom shift, as an override names it."""

    user: str
    start: datetime
    end: datetime
    source: tuple[str, str] | None
    is_override: bool = False
    """Whether an override put them there. Then it is younger than an override of them, which no longer counts."""

    def is_like(self, other: "Assigned") -> bool:
        same = (self.user, self.source) == (other.user, other.source)
        return same and self.is_override == other.is_override

    def covers(self, other: "Assigned") -> bool:
        same = (self.user, self.source) == (other.user, other.source)
        return same and self.start <= other.start and self.end >= other.end


class ShiftBasedSchedules:
    """Several people can be on call at once. An override replaces one of them; a custom shift adds one."""

    def __init__(self, session: PagerDutySession, people: AddressBook) -> None:
        self._session = session
        self._people = people

    def turns(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Turn]:
        found = self.assignments(schedule, since=since, until=until)
        return [self._people.turn(schedule, User(id=it.user), it.start, it.end) for it in found]

    def assignments(self, schedule: str, *, since: datetime, until: datetime) -> Sequence[Assigned]:
        """Return who is on call when, uncut. Unassigned slots are left out."""
        wanted = {**_window(since, until), "overflow": "true", "include": ["final_schedule"]}
        answer = self._session.call("GET", f"/v3/schedules/{schedule}", params=wanted, headers=HEADERS)
        every = each(AssignmentEntry, final_entries(answer, "computed_shift_assignments"))
        return [
            Assigned(
                user=it.member.user_id,
                start=it.start_time,
                end=it.end_time,
                source=_named(it.source),
                is_override=bool(it.source and it.source.override_id),
            )
            for it in every
            if it.member.user_id
        ]

    def override(
        self,
        schedule: str,
        there: Iterable[Assigned],
        *,
        user: User,
        instead_of: str | None,
        start: datetime,
        end: datetime,
    ) -> Turn:
        """Replace one person (without `instead_of`, everybody) by another; where nobody is on call, add them.

        `there` is who is on call then. What an earlier try made is not made again.
        """
        there = within(there, start, end)
        made = self._made(schedule, user.id, start, end)
        theirs = [it for it in there if it.user != user.id and instead_of in {None, it.user}]
        gaps = [
            Assigned(user="", start=since, end=until, source=None)
            for since, until in gaps_in(there, start, end)
        ]
        still = [it for it in theirs if it.is_override or not _is_made(it, made)]
        self._replace(schedule, still, user.id)
        self._add(schedule, [it for it in gaps if not _is_made(it, made)], user.id)
        times = [*theirs, *gaps, *made, *(it for it in there if it.user == user.id)]
        if not times:
            raise Rejected("not_on_call", "PagerDuty's schedule has changed: someone else is on call then.")
        begin, until = min(it.start for it in times), max(it.end for it in times)
        return self._people.turn(schedule, user, max(begin, start), min(until, end))

    def _made(self, schedule: str, user: str, start: datetime, end: datetime) -> list[Assigned]:
        """Return the overrides (by whom they replace) and custom shifts that put this user on call."""
        overrides = each(OverrideEntry, self._all(schedule, "overrides", start, end))
        custom_shifts = each(CustomShiftEntry, self._all(schedule, "custom_shifts", start, end))
        return [
            *(
                Assigned(
                    user=it.overridden_member.user_id or "",
                    start=it.start_time,
                    end=it.end_time,
                    source=_overridden(it),
                )
                for it in overrides
                if it.overriding_member.user_id == user
            ),
            *(
                Assigned(user="", start=it.start_time, end=it.end_time, source=None)
                for it in custom_shifts
                if user in it.users
            ),
        ]

    def _replace(self, schedule: str, theirs: Collection[Assigned], user: str) -> None:
        if any(it.source is None for it in theirs):
            raise Rejected("no_override", "PagerDuty does not say which rotation the shift belongs to.")
        wanted = [
            {
                "type": "override_shift",
                **dict([it.source] if it.source else []),
                **_times(it),
                "overridden_member": _member(it.user),
                "overriding_member": _member(user),
            }
            for it in theirs
        ]
        self._make(schedule, "overrides", wanted)

    def _add(self, schedule: str, gaps: Iterable[Assigned], user: str) -> None:
        assignments = [{"type": "shift_assignment", "member": _member(user)}]
        wanted = [{"type": "custom_shift", **_times(it), "assignments": assignments} for it in gaps]
        self._make(schedule, "custom_shifts", wanted)

    def _make(self, schedule: str, kind: str, wanted: Sequence[JSON]) -> None:
        if wanted:
            path = f"/v3/schedules/{schedule}/{kind}"
            part(self._session.call("POST", path, body={kind: wanted}, headers=HEADERS), kind)

    def _all(self, schedule: str, kind: str, start: datetime, end: datetime) -> Iterable[Any]:
        path = f"/v3/schedules/{schedule}/{kind}"
        return self._session.all(path, kind, _window(start, end), headers=HEADERS)


def within(given: Iterable[Assigned], start: datetime, end: datetime) -> list[Assigned]:
    """Return the assignments cut to a time. Adjacent ones of one user and source become one."""
    joined: list[Assigned] = []
    for it in sorted(given, key=lambda it: (it.user, it.source or (), it.start)):
        cut = replace(it, start=max(it.start, start), end=min(it.end, end))
        last = joined[-1] if joined else None
        if cut.start >= cut.end:
            continue
        if last and last.is_like(cut) and cut.start <= last.end:
            joined[-1] = replace(last, end=max(last.end, cut.end))
        else:
            joined.append(cut)
    return joined


def gaps_in(given: Iterable[Assigned], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the parts of a time in which nobody is on call."""
    gaps, until = [], start
    for it in sorted(given, key=lambda it: it.start):
        if it.start > until:
            gaps.append((until, it.start))
        until = max(until, it.end)
    return [*gaps, (until, end)] if until < end else gaps


def _is_made(wanted: Assigned, made: Iterable[Assigned]) -> bool:
    return any(it.covers(wanted) for it in made)


def _named(source: ShiftSource | None) -> tuple[str, str] | None:
    """Return the source as an override names it."""
    if source and source.rotation_id:
        return "rotation_id", source.rotation_id
    return ("custom_shift_id", source.shift_id) if source and source.shift_id else None


def _overridden(override: OverrideEntry) -> tuple[str, str] | None:
    return _named(ShiftSource(rotation_id=override.rotation_id, shift_id=override.custom_shift_id))


def _member(user: str) -> Mapping[str, str]:
    return {"type": "user_member", "user_id": user}


def _times(given: Assigned) -> Mapping[str, str]:
    return {"start_time": mark(given.start), "end_time": mark(given.end)}


def _window(since: datetime, until: datetime) -> JSON:
    return {"since": mark(since), "until": mark(until)}
