"""Note what changes on people's Home tabs: one small row for each change, and none while nobody looks."""

from collections.abc import Iterable, Sequence

from bot.domain.effects import Effect
from bot.domain.home.home import WATCHED_FOR, HomeChange, changes
from bot.domain.incident.incident import Incident
from bot.services.transaction import Transaction, follower


@follower
class HomeChanges:
    """A worker finds out whose Home a change concerns (see `workers.homes`): no command waits for that."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def follow(self, before: Incident | None, incident: Incident) -> Sequence[Effect]:
        """Note a change of an incident, if Homes show it."""
        self._note(*changes(before, incident))
        return ()

    def of(self, people: Iterable[str | None]) -> None:
        """Note a change that only these people's Homes may show."""
        self._note(*(HomeChange(person=it) for it in people if it))

    def of_asked(self, person: str | None) -> None:
        """Note a change that concerns the one person who is asked, or a whole team: then all Homes are looked at."""
        self._note(HomeChange(person=person))

    def _note(self, *noted: HomeChange) -> None:
        if noted:
            self._tx.session.homes.note(*noted, since=self._tx.now - WATCHED_FOR)
