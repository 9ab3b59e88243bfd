"""Refuse a person who opens or pages far more than people do, and show what to do instead."""

from bot.domain.incident.incident import Incident
from bot.domain.incident.search import Search
from bot.domain.limits import LimitSettings
from bot.domain.paging.page import Page
from bot.domain.policy import Team
from bot.domain.refusal import Choice, Refusal
from bot.services.permissions import Permissions
from bot.services.transaction import Transaction

OFFERED = 3
"""How many open incidents a refusal offers."""


class RequestLimits:
    """Counts the rows of the database, so that all processes have the same count."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    @property
    def _limits(self) -> LimitSettings:
        return self._tx.policy.limits

    def require_incident(self, by: str) -> None:
        """Refuse another incident of a person who has opened very many. Admins are not limited."""
        since, most = self._tx.now - self._limits.within, self._limits.incidents_per_person
        opened = self._session.incidents.count_opened(by, since=since)
        if opened < most or self._is_admin(by):
            return
        mine = self._session.incidents.search(Search(seen_by=by, private=False), limit=OFFERED)
        raise Refusal(
            f"You have opened {opened} incidents in the last {self._minutes} min, and {most} is the most for one "
            "person. Nothing was opened. Join an open incident, or ask a colleague to open this one. "
            f"To reach people now: `page`, or call them; `oncall` shows who is on call. {self._not_limited}",
            choices=tuple(
                Choice(label=f"Join {it.id} {it.name}", say=f"incident {it.number} join") for it in mine
            ),
        )

    def require_page(self, by: str, team: Team | None, incident: Incident | None) -> None:
        """Refuse another page of a person, or to a team, after very many. Nobody is limited in their own incident."""
        if incident and incident.commander == by:
            return
        since, limits = self._tx.now - self._limits.within, self._limits
        counts = self._session.pages.counts(by, team.key if team else None, since=since)
        is_theirs = counts.by_person >= limits.pages_per_person
        if not (is_theirs or (team and counts.to_team >= limits.pages_per_team)) or self._is_admin(by):
            return
        what = (
            f"You have sent {counts.by_person} pages in the last {self._minutes} min, and {limits.pages_per_person} "
            "is the most for one person."
            if is_theirs or team is None
            else f":{team.key} was paged {counts.to_team} times in the last {self._minutes} min, and "
            f"{limits.pages_per_team} is the most for one team."
        )
        raise Refusal(
            f"{what} Nobody was paged now. {self._instead(team, incident)} {self._not_limited}",
            slot="message",
            choices=(Choice(label="Who is on call", say=f"oncall :{team.key}" if team else "oncall"),),
        )

    def _instead(self, team: Team | None, incident: Incident | None) -> str:
        """Return which page rings already, and how else to reach the people."""
        rings = (
            self._session.pages.unanswered(team.key, since=self._tx.now - self._limits.within) if team else ()
        )
        known = [_state(it) for it in rings[:1]]
        if incident and incident.commander:
            known.append(f"<@{incident.commander}>, who commands {incident.id}, is not limited in it.")
        reach = f"Call them, or write in <#{team.channel}>." if team else "Call them."
        return " ".join((*known, reach))

    @property
    def _not_limited(self) -> str:
        admins = Permissions(self._tx).holders("admin").people[:OFFERED]
        return f"Admins are not limited: {', '.join(f'<@{it}>' for it in admins)}." if admins else ""

    @property
    def _minutes(self) -> int:
        return max(int(self._limits.within.total_seconds() // 60), 1)

    def _is_admin(self, person: str) -> bool:
        return Permissions(self._tx).may(person, "admin")


def _state(page: Page) -> str:
    whom = page.assigned or page.whom
    return f"Page {page.number} rings {whom} since {page.rings_since or page.requested_at:%H:%M} UTC."
