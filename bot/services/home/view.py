"""What a person's Home shows: what waits for them, and the open incidents that they may see."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.incident.incident import Incident
from bot.domain.incident.search import Search
from bot.domain.oncall.cover import CoverRequest, CoverState
from bot.domain.oncall.shift import Shift
from bot.domain.paging.page import Page, PageState
from bot.domain.portion import Portion
from bot.domain.postmortem.follow_up import FollowUp
from bot.services.directory import Directory
from bot.services.oncall.shifts import Shifts
from bot.services.oncall.team_people import TeamPeople
from bot.services.permissions import Permissions
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

Facts = Mapping[str, Any]
OFFERS, PAGES, UPDATES, COVERS, SHIFTS, FOLLOW_UPS = 3, 4, 4, 3, 3, 5
MINE, OTHERS = 8, 8
"""How many of each are shown. Each takes two blocks: its words and its buttons. A Home has at most 100."""
READ = 50
"""How many of a person's own incidents are looked through."""
SOON = timedelta(days=7)
"""How long before it begins a shift is shown, as its first warning comes."""
RINGING = timedelta(days=1)
"""How old a page may be that still waits for an answer."""


class HomeView:
    """Reads for one person. Each incident, and each record of one, passes `ReadAccess`."""

    def __init__(self, tx: Transaction, person: str) -> None:
        # Spy itself is trusted to see for people of whom Slack has said nothing; who looks at a Home is not.
        self._tx = tx = replace(tx, source="home")
        self._session = tx.session
        self._person = person
        self._access = ReadAccess(tx)

    def facts(self) -> Facts:
        permissions = Permissions(self._tx)
        return {
            "may_open": permissions.may(self._person, "member"),
            "is_known": permissions.is_confirmed(self._person),
            "severities": list(self._tx.policy.severities),
            "now": self._tx.now,
            "pages": Portion.of(self._pages(), None, size=PAGES),
            "covers": Portion.of(self._covers(), None, size=COVERS),
            "shifts": Portion.of(self._shifts(), None, size=SHIFTS),
            **self._incidents(),
            **self._follow_ups(),
        }

    # --- incidents ---

    def _incidents(self) -> Facts:
        wanted = self._access.search(Search(seen_by=self._person))
        own, incidents = replace(wanted, only_members=True), self._session.incidents
        theirs = [it for it in incidents.search(own, limit=READ) if self._access.sees(self._person, it)]
        count = incidents.count(own)
        mine = [it for it in theirs if self._person in it.members]
        promised = [it for it in mine if it.commander == self._person and it.update_due]
        return {
            "offers": Portion.of(
                [it for it in theirs if it.command_offered_to == self._person], None, size=OFFERS
            ),
            "updates": Portion.of(sorted(promised, key=_due), None, size=UPDATES),
            "mine": Portion(items=mine[:MINE], count=count - (len(theirs) - len(mine)), number=1, size=MINE),
            "others": self._others(wanted, besides=count),
        }

    def _others(self, wanted: Search, *, besides: int) -> Portion[Incident]:
        """Return the newest incidents that they are not in; `besides` is how many they are in."""
        incidents = self._session.incidents
        count = incidents.count(wanted) - besides
        newest = incidents.search(wanted, limit=OTHERS + READ) if count > 0 else ()
        others = [it for it in newest if not self._is_theirs(it) and self._access.sees(self._person, it)]
        return Portion(items=others[:OTHERS], count=max(count, 0), number=1, size=OTHERS)

    def _is_theirs(self, incident: Incident) -> bool:
        return self._person in {*incident.members, incident.command_offered_to}

    # --- what waits ---

    def _pages(self) -> list[Page]:
        """Return the pages that ring for this person and that nobody has answered."""
        since, pages = self._tx.now - RINGING, self._session.pages
        to_them = [it for it in pages.unanswered(None, since=since) if it.person == self._person]
        to_teams = [it for team in self._teams() for it in pages.unanswered(team, since=since)]
        return [it for it in (*to_them, *to_teams) if self._rings(it)]

    def _rings(self, page: Page) -> bool:
        if page.state is not PageState.SENT or page.answer or page.test:
            return False
        theirs = page.person == self._person
        return self._access.sees_record(self._person, page.incident, theirs=theirs, since=page.requested_at)

    def _teams(self) -> list[str]:
        """Return the teams for which this person is on call now."""
        now, directory = self._tx.now, Directory(self._tx)
        on = {it.team for it in Shifts(self._tx).of(self._person) if it.start <= now < it.end}
        policies = {
            it.policy
            for it in self._session.on_calls.copy().on_calls
            if (it.end is None or now < it.end) and directory.paged_as(it.user, it.email) == self._person
        }
        teams = self._tx.policy.teams.values()
        return [it.key for it in teams if it.key in on or it.escalation_policy in policies]

    def _covers(self) -> list[CoverRequest]:
        """Return the open requests for cover that this person is asked to answer."""
        return [it for it in self._session.covers.open() if self._is_asked(it)]

    def _is_asked(self, cover: CoverRequest) -> bool:
        is_open = cover.state is CoverState.ASKED and self._tx.now < cover.end
        if not is_open or self._person == cover.by or self._person in cover.declined_by:
            return False
        if cover.asked:
            return cover.asked == self._person
        team = self._tx.policy.teams.get(cover.team)
        is_member = Permissions(self._tx).may(self._person, "member")
        return team is not None and is_member and TeamPeople(self._tx).has(team, self._person, channel=None)

    def _shifts(self) -> list[Shift]:
        """Return the shift that runs, and those that begin soon."""
        return [it for it in Shifts(self._tx).of(self._person) if it.start <= self._tx.now + SOON]

    def _follow_ups(self) -> Facts:
        service = FollowUps(self._tx)
        open_ones = [it for it in service.todo(self._person) if self._sees(it)]
        return {
            "follow_ups": Portion.of(open_ones, None, size=FOLLOW_UPS),
            "overdue": service.overdue(open_ones, reader=self._person),
        }

    def _sees(self, follow_up: FollowUp) -> bool:
        return self._access.sees_record(self._person, follow_up.incident, theirs=True)


def _due(incident: Incident) -> Any:
    return incident.update_due
