"""Reports of a month, from a few statements: for a person, or for all who read a channel."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from zoneinfo import ZoneInfo

from bot.domain.incident.events import RoleGiven
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.domain.oncall.ledger import Month
from bot.domain.oncall.load import Ring
from bot.domain.oncall.rest import Span
from bot.domain.policy import Team
from bot.domain.postmortem.statistics import counted_kinds
from bot.domain.relief.relief import ESCALATION
from bot.domain.report.counting import RELIEF_KINDS, is_of
from bot.domain.report.report import MonthlyReport, ReportRecords, made
from bot.services.directory import Directory
from bot.services.oncall.paged import Counted, PagedPeople
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

KINDS = frozenset({*counted_kinds(), *RELIEF_KINDS, RoleGiven.kind()})
"""What a report needs of the timelines."""
ALL_TEAMS = "all"
"""What stands for all teams in the address of a report."""
SeenOf = Callable[[Iterable[Incident]], Sequence[Incident]]
"""Returns those incidents that the reader may see."""


class MonthlyReports:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._access = ReadAccess(tx)

    def for_person(self, person: str, team: Team | None, month: Month | None) -> MonthlyReport:
        """Return the report of what a person may see. Without a team: of all; without a month: the current one."""
        return self._made(team, month, partial(self._access.among, person), reader=person)

    def for_channel(self, team: Team | None, month: Month | None) -> MonthlyReport:
        """Return the report of what everybody in a channel may see."""
        return self._made(team, month, self._access.open_to_all, reader="")

    def address(self, report: MonthlyReport) -> str | None:
        """Return where a report is in a browser, if Spy has an address there."""
        address = self._tx.policy.dashboard.address
        return f"{address.rstrip('/')}/reports/{report.team or ALL_TEAMS}/{report.month}" if address else None

    def zone(self, team: Team | None) -> str:
        """Return the zone (IANA) whose clock divides the months: the team's, else its manager's, else UTC."""
        policy = self._tx.policy
        team = team or policy.teams.get(policy.command_team or "")
        if team is None:
            return "UTC"
        return team.zone or (Directory(self._tx).zone(team.manager) if team.manager else "UTC")

    def _made(self, team: Team | None, month: Month | None, seen_of: SeenOf, *, reader: str) -> MonthlyReport:
        zone = self.zone(team)
        month = month or Month.of(self._tx.now.astimezone(ZoneInfo(zone)))
        span = month.span(zone)
        declared = self._session.incidents.declared_between(span.start, span.end)
        seen = seen_of(declared)
        incidents = self._of_team(team, seen)
        numbers = [it.number for it in incidents]
        counted = self._whose_pages_count(declared, seen, seen_of)
        entries, rings = self._entries(numbers), self._rings(team, span, frozenset(numbers), counted)
        follow_ups, overdue = self._session.follow_ups.among(numbers), FollowUps(self._tx).overdue
        directory = Directory(self._tx)
        records = ReportRecords(
            incidents=incidents,
            entries=entries,
            rings=rings,
            zones={it: directory.zone(it) for it in {ring.person for ring in rings} if it},
            follow_ups=follow_ups,
            overdue=overdue(follow_ups, reader=reader),
            postmortems=self._session.postmortems.among(numbers),
            relieved=self._relieved(entries),
        )
        return made(
            records,
            team=team.key if team else "",
            month=month,
            zone=zone,
            now=self._tx.now,
            severities=list(self._tx.policy.severities),
            timers=self._tx.policy.timers,
        )

    def _of_team(self, team: Team | None, incidents: Sequence[Incident]) -> Sequence[Incident]:
        if team is None:
            return incidents
        paged = self._session.pages.paged_for(team.key, [it.number for it in incidents])
        services = self._tx.policy.services
        return [it for it in incidents if is_of(team.key, it, paged=it.number in paged, services=services)]

    def _entries(self, numbers: Sequence[int]) -> Mapping[int, Sequence[Entry]]:
        """Return what counts of the timelines, in recorded order."""
        timeline, found = self._session.timeline, defaultdict[int, list[Entry]](list)
        for it in timeline.among(numbers, KINDS, reminder=ESCALATION):
            found[it.incident].append(it)
        return found

    def _relieved(self, entries: Mapping[int, Sequence[Entry]]) -> Mapping[str, str]:
        """Return the person of each work period for which relief was asked."""
        every = (it for them in entries.values() for it in them if it.kind == "reminded")
        asked = {int(it.data["mark"]) for it in every}
        return {str(it.number): it.person for it in self._session.periods.among(asked)} if asked else {}

    def _rings(
        self, team: Team | None, span: Span, theirs: Collection[int], counted: Counted
    ) -> Sequence[Ring]:
        """Return the pages of this time that are the team's."""
        rings = PagedPeople(self._tx).between(span.start, span.end, counted=counted).rings
        if team is None:
            return rings
        return [it for it in rings if it.team == team.key or (not it.team and it.incident in theirs)]

    def _whose_pages_count(
        self, declared: Sequence[Incident], seen: Sequence[Incident], seen_of: SeenOf
    ) -> Counted:
        """Return which incidents' pages count: those that the reader may see, without drills.

        Pages may be of an incident that was declared in another month.
        """
        known, counted = {it.number for it in declared}, {it.number for it in seen if not it.drill}

        def among(numbers: AbstractSet[int]) -> Collection[int]:
            others = seen_of(self._session.incidents.among(numbers - known))
            return {*(numbers & counted), *(it.number for it in others if not it.drill)}

        return among
