"""What the lasting messages show, and the tldr: facts read afresh each time, never parsed back from Slack."""

from collections.abc import Mapping
from typing import Any

from bot.domain.incident import Incident
from bot.domain.timeline import Entry, lately, told
from bot.services.desk import Desk

Facts = Mapping[str, Any]

MARKED = frozenset({"nag", "relief", "rest", "warning", "cover"})
"""Surfaces of which there are several to one ref: what each shows depends on its mark too."""


class Views:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._work = desk.work

    def surface(self, surface: str, ref: int, mark: str = "") -> tuple[str, Facts]:
        """Give the template and the facts of a lasting message; `mark` as in `Show`."""
        shown = getattr(self, surface)
        facts: Facts = shown(ref, mark) if surface in MARKED else shown(ref)
        return f"surfaces/{surface}", facts

    def card(self, number: int) -> Facts:
        return self._state(self._desk.incident(number))

    def announcement(self, number: int) -> Facts:
        return self._state(self._desk.incident(number))

    def page(self, number: int) -> Facts:
        page = self._work.pages.get(number)
        incident = self._desk.incident(page.incident) if page and page.incident else None
        return {"page": page, "incident": incident, "now": self._desk.now}

    def tell(self, number: int) -> Facts:
        tell = self._work.tells.get(number)
        incident = self._desk.incident(tell.incident) if tell else None
        return {"tell": tell, "incident": incident, "now": self._desk.now}

    told = tell

    def brief(self, number: int) -> Facts:
        """Give what a successor reads before saying *I have command*."""
        return self.tldr(self._desk.incident(number))

    def tldr(self, incident: Incident) -> Facts:
        """Tell the whole state on one screen: the card's facts and the last three events of substance."""
        recent = lately(self._work.timeline.of(incident.number))
        return {**self._state(incident), "events": [_line(entry) for entry in recent]}

    def timeline(self, incident: Incident) -> list[Facts]:
        """Give the told entries, oldest first, each as the facts its one-line template wants."""
        return [_line(entry) for entry in told(self._work.timeline.of(incident.number))]

    def _state(self, incident: Incident) -> Facts:
        return {
            "incident": incident,
            "pages": self._work.pages.of(incident.number),
            "now": self._desk.now,
            "lasted": incident.lasted(self._desk.now),
            "commanded_for": self._desk.now - incident.command_since if incident.command_since else None,
        }


def _line(entry: Entry) -> Facts:
    about = {"incident": entry.incident, "kind": entry.kind, "at": entry.occurred_at, "by": entry.actor}
    return {**entry.data, **about, "permalink": entry.permalink}
