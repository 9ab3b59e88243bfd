"""People's Home tabs: opened, kept up to date for a while, and closed."""

from collections.abc import Iterable, Sequence

from bot.domain.home.effects import PublishHome
from bot.domain.home.home import SECOND_LOOK, WATCHED_FOR, Home, HomeChange, readers, turn
from bot.services.directory import Directory
from bot.services.transaction import Transaction

WATCHED = 5_000
"""Most Homes that are kept up to date: those that were opened last."""
TAKEN = 1_000
"""Most changes that one look takes."""


class Homes:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._homes = tx.session.homes

    # --- opened ---

    def opened(self, person: str, *, mark: str | None = None, origin: str) -> None:
        """Publish a person's Home, and keep it up to date for a while. `mark` is Slack's of what it shows now."""
        Directory(self._tx).seen(person, None)
        now = self._tx.now
        self._homes.opened(Home(person=person, looked_at=now, due_at=now + SECOND_LOOK, mark=mark))
        self._publish(person, origin)

    # --- kept up to date ---

    def due(self) -> Sequence[Home]:
        """Return the Homes to compare now with what is true, and store when that is due again.

        One process does this at a time.
        """
        if not self._tx.session.try_lock("homes"):
            return ()
        homes = self._homes.all(limit=WATCHED)
        touched = self._touched(self._homes.take(limit=TAKEN), homes)
        decided = turn(homes, touched, now=self._tx.now)
        self._homes.move(decided.moved)
        return decided.publish

    def publish(self, people: Iterable[str]) -> None:
        """Publish these people's Homes again, because they show what is no longer true."""
        origin = str(int(self._tx.now.timestamp() * 1000))
        for person in people:
            self._publish(person, origin)

    def _touched(self, changes: Iterable[HomeChange], homes: Iterable[Home]) -> set[str]:
        """Return whose Home these changes may concern."""
        everybody, found = {it.person for it in homes}, set[str]()
        for change in changes:
            if change.incident:
                found |= readers(self._tx.session.incidents.look(change.incident))
            else:
                found |= {change.person} if change.person else everybody
        return found & everybody

    # --- published ---

    def published(self, home: Home, *, shown: str, mark: str | None) -> None:
        """Record what a Home shows. One that was closed is forgotten, unless it was opened again meanwhile."""
        if home.is_watched(self._tx.now):
            self._homes.published(home.person, at=self._tx.now, shown=shown, mark=mark)
        else:
            self.forget(home.person)

    def overtaken(self, person: str, *, origin: str) -> None:
        """Publish a Home again: Slack shows another state of it than Spy knows of."""
        home = self._homes.get(person)
        if home:
            self._homes.forget_state(person, due_at=self._tx.now + SECOND_LOOK)
            self._publish(person, f"{origin}:again")

    def forget(self, person: str) -> None:
        """Keep a Home no longer up to date. It is published again when it is opened again."""
        self._homes.remove(person, looked_before=self._tx.now - WATCHED_FOR)

    def give_up(self, person: str) -> None:
        """Stop keeping a Home up to date that Slack does not take, until it is opened again."""
        self._homes.remove(person, looked_before=self._tx.now)

    def _publish(self, person: str, origin: str) -> None:
        self._tx.send(PublishHome(key=f"home:{person}:{origin}", person=person))
