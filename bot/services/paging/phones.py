"""Phone numbers of people whom the pager can't ring now. Only who asks sees them."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.paging.effects import ShowPhones
from bot.domain.paging.page import Page
from bot.domain.policy import Team
from bot.domain.subject import Address, IncidentChannel
from bot.ports import OnCallShift
from bot.services.directory import Directory
from bot.services.oncall.oncall import OnCall
from bot.services.transaction import Transaction


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How to reach somebody: their number at the pager, as last copied, and their Slack id, where known."""

    name: str
    phone: str | None = None
    person: str | None = None


class Phones:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._directory = Directory(tx)

    def of_team(self, team: Team) -> tuple[Reach, ...]:
        """Return how to reach the people on call for a team, first level first."""
        return tuple(dict.fromkeys(self._of_shift(it) for it in OnCall(self._tx).of(team).teams[0].on_calls))

    def of_person(self, person: str) -> tuple[Reach, ...]:
        """Return how to reach a person. The pager's number is known of those who are on call for some team."""
        known = (self._of_shift(it) for it in self._tx.session.on_calls.copy().on_calls)
        found = next((it for it in known if it.person == person), None)
        return (found or Reach(name=self._directory.name(person) or f"<@{person}>", person=person),)

    def of_page(self, page: Page) -> tuple[Reach, ...]:
        """Return how to reach the people of a page by hand: its person, or those on call for its team."""
        if page.person:
            return self.of_person(page.person)
        team = self._tx.policy.teams.get(page.team or "")
        manager = self._directory.manager(team)
        return (self.of_team(team) if team else ()) or (self.of_person(manager) if manager else ())

    def look_up(
        self, them: Iterable[Reach], *, asker: str, to: Address, origin: str, thread: str | None = None
    ) -> bool:
        """Ask Slack for the numbers that the pager does not have, for the asker alone. False if none is missing."""
        people = tuple(it.person for it in them if it.person and not it.phone)
        if people:
            key = f"phones:{asker}:{origin}"
            self._tx.send(ShowPhones(key=key, people=people, asker=asker, to=to, thread=thread))
        return bool(people)

    def show_for(self, page: Page) -> None:
        """Show the numbers of a page that rings nobody to who requested it, once; if Spy did, to the commander."""
        incident = self._tx.session.incidents.look(page.incident) if page.incident else None
        asker = page.requested_by or (incident.contact if incident else None)
        if asker and not page.test:
            to = page.line_at or (IncidentChannel(page.incident) if page.incident else asker)
            self._tx.send(ShowPhones(key=f"phones:page:{page.number}", page=page.number, asker=asker, to=to))

    def _of_shift(self, shift: OnCallShift) -> Reach:
        person = self._directory.paged_as(shift.user, shift.email)
        return Reach(name=shift.name, phone=shift.phone, person=person)
