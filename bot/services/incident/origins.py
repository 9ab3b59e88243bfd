"""Link a new incident to the message or thread that it was declared from."""

from collections.abc import Mapping
from typing import Any

from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.origin import Origin
from bot.services.people import People
from bot.services.transaction import Transaction


class Origins:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def proposal(self, origin: Origin | None) -> Mapping[str, Any]:
        """Return what the form proposes: the message's first line as the name, and whether it is private."""
        if origin is None:
            return {"name": "", "is_of_private": False}
        name = origin.proposed_name(People(self._tx).name)
        return {"name": name, "is_of_private": origin.is_private and origin.kind == "message"}

    def link(self, incident: Incident, origin: Origin | None, *, by: str) -> Incident:
        """Link the origin, and name its author on the timeline. A public incident names no author of private words."""
        if origin is None or origin.is_of(incident):
            return incident
        author = origin.author_in(private=incident.private)
        title = origin.title
        added = events.LinkAdded(at=self._tx.now, by=by, url=origin.url, title=title, author=author)
        return self._tx.record(incident, added)
