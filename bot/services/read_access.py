"""Who may see which incident: the one place that decides.

Whatever shows an incident, or a record that belongs to one, asks here first. The transaction remembers what was
shown, so that `commands.discretion` keeps an answer about a private incident among its members.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.incident.incident import Incident
from bot.domain.incident.search import Search
from bot.services.permissions import Permissions
from bot.services.transaction import Transaction

TRUSTED = frozenset({"spy", "terminal"})
"""Sources that wait for no word of Slack about a person: Spy itself, and a terminal."""
PRIVATE = 100
"""If more private incidents than these matter, each person's are read for that person alone."""


class ReadAccess:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._shown = tx.understood.shown
        self._restricted = dict[str, bool]()
        """Who was found to see only the incidents that they are in, or not."""
        self._private: Sequence[Incident] | None = None

    def sees(self, person: str, incident: Incident) -> bool:
        """Whether a person may see an incident, and remember that it is shown.

        A private incident is for its members. A guest sees no other incident than those in whose channel they are.
        """
        if not self._may_see(person, incident):
            return False
        self._shown[incident.number] = incident
        return True

    def sees_record(
        self, person: str, number: int | None, *, theirs: bool = False, since: datetime | None = None
    ) -> bool:
        """Whether a person may see a record that belongs to an incident (by number), or to none.

        With `theirs`, it was given to them: they see it without the incident, unless they were removed since then.
        """
        incident = self._look(number) if number else None
        if number is None or incident is None:
            return number is None
        if self.sees(person, incident):
            return True
        if not theirs or incident.has_left(person, since=since):
            return False
        self._shown[incident.number] = incident
        return True

    def among(self, person: str, incidents: Iterable[Incident]) -> list[Incident]:
        """Return those that a person may see, and remember that they are shown."""
        return [it for it in incidents if self.sees(person, it)]

    def open_to_all(self, incidents: Iterable[Incident]) -> list[Incident]:
        """Return those that everybody in a channel may see: no private ones."""
        return [it for it in incidents if not it.private]

    def search(self, wanted: Search) -> Search:
        """Return a search among the incidents that its person may see."""
        return replace(wanted, only_members=self._sees_only_theirs(wanted.seen_by))

    def audience(self, person: str, *, past: int) -> Hashable:
        """Return what is equal for two people only if they see the same incidents: open, and the `past` newest ended.

        So what is read of these for one of them is true for the other, in this transaction.
        """
        if self._private is None:
            self._private = self._session.incidents.private_shown(past=past, limit=PRIVATE)
        if len(self._private) >= PRIVATE or self._sees_only_theirs(person):
            return person
        return frozenset(it.number for it in self._private if self._may_see(person, it))

    def shows(self, found: Iterable[Incident]) -> None:
        """Remember that these are shown: a search found them for a person who may see them."""
        self._shown.update({it.number: it for it in found})

    def _look(self, number: int) -> Incident | None:
        return self._shown.get(number) or self._session.incidents.look(number)

    def _may_see(self, person: str, incident: Incident) -> bool:
        is_in_it = person in incident.members or person == incident.command_offered_to
        if is_in_it or self._is_asked_there(incident, person):
            return not incident.private or not self._is_deactivated(person)
        return incident.is_seen_by(person) and not self._sees_only_theirs(person)

    def _is_asked_there(self, incident: Incident, person: str) -> bool:
        """Whether the request comes from the incident's channel. Slack delivers it from members only."""
        return bool(incident.channel) and incident.channel == self._tx.here and not incident.has_left(person)

    def _sees_only_theirs(self, person: str) -> bool:
        """Whether a person is a guest, and not one whom `permissions:` trusts like a member.

        Somebody of whom Slack has said nothing yet may be a guest too.
        """
        if person not in self._restricted:
            self._restricted[person] = self._is_restricted(person)
        return self._restricted[person]

    def _is_restricted(self, person: str) -> bool:
        known = self._session.people.get(person)
        is_known = known is not None and known.is_confirmed
        is_other = known is not None and (known.is_guest or known.is_deactivated)
        is_asked = self._tx.source not in TRUSTED
        return (is_other or (is_asked and not is_known)) and not Permissions(self._tx).may(person, "member")

    def _is_deactivated(self, person: str) -> bool:
        known = self._session.people.get(person)
        return known is not None and known.is_deactivated
