"""An incident as people see it: its state, tldr, timeline and checklist."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.event import EVENT_KINDS
from bot.domain.incident import guide
from bot.domain.incident.agenda import agenda, open_asks
from bot.domain.incident.events import CommandOffered
from bot.domain.incident.incident import Incident
from bot.domain.incident.milestone import in_words, milestone_of
from bot.domain.incident.reminders import UPDATE_LATE
from bot.domain.incident.timeline import histories, line
from bot.domain.policy import Milestone
from bot.domain.refusal import Refusal
from bot.services.incident.affected import AffectedServices
from bot.services.people import People
from bot.services.transaction import Transaction

Facts = Mapping[str, Any]
LINES = 30
"""How many lines of a timeline one message can hold, if they are long."""
LATEST = 3
"""How many of the latest events are in the tldr."""
NOTICED = ("team_notified", "team_notice_seen", "team_notice_failed")


class Views:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def card(self, number: int) -> Facts:
        return self.state(self._tx.incident(number))

    def brief(self, number: int, entry: int | None = None) -> Facts:
        """Return the brief for a successor. `entry` is the offer; without it, the last one."""
        incident = self._tx.incident(number)
        offers = self._session.timeline.among([number], [CommandOffered.kind()])
        offer = next((it for it in offers if it.seq == entry), None)
        return {
            **self.tldr(incident),
            "unseen": self._unseen(number),
            "coming": self.coming(incident),
            "reader": offer.data["to"] if offer else incident.command_offered_to,
            "is_latest": offer is None or offer == offers[-1],
        }

    def _unseen(self, number: int) -> list[Facts]:
        """Return the notices to teams that nobody has marked as *Seen*."""
        entries = self._session.timeline.among([number], NOTICED)
        seen = {
            entry.data["notice"]
            for entry in entries
            if entry.kind in {"team_notice_seen", "team_notice_failed"}
        }
        notices = [entry for entry in entries if entry.kind == "team_notified"]
        return [line(entry) for entry in notices if entry.data["notice"] not in seen]

    def coming(self, incident: Incident, *, most: int = 4) -> list[Facts]:
        """Return the next reminders of this incident."""
        policy, zone = self._tx.policy, People(self._tx).zone(incident.owner)
        timers = sorted(agenda(incident, policy, zone=zone), key=lambda timer: timer.due_at)
        ahead = [it for it in timers if it.due_at > self._tx.now and it.reminder != UPDATE_LATE.name]
        return [
            {
                "reminder": it.reminder,
                "due_at": it.due_at,
                "milestone": _spoken(milestone_of(it.reminder, policy), incident),
            }
            for it in ahead[:most]
        ]

    def tldr(self, incident: Incident) -> Facts:
        """Return the state on one screen: the card's facts and the three latest important events."""
        minor = [kind for kind, event in EVENT_KINDS.items() if event.is_minor]
        latest = self._session.timeline.visible(incident.number, without=minor, latest=LATEST)
        return {**self.state(incident), "events": self.lines(incident, latest)}

    def lines(self, incident: Incident, numbers: Sequence[int]) -> list[Facts]:
        """Return these lines in this order, each with who edited it."""
        entries = self._session.timeline.with_edits(incident.number, numbers)
        known, found = histories(entries), {it.seq: it for it in entries}
        return [line(found[number], known) for number in numbers if number in found]

    def checklist(self, incident: Incident) -> Facts:
        """Return all steps of the guide, with who completed them."""
        facts = self._session.timeline.among([incident.number], guide.MADE)
        lines = guide.checklist(incident, facts)
        return {
            "incident": incident,
            "lines": lines,
            "guide": guide.current(incident),
            "now": self._tx.now,
        }

    def timeline(self, incident: Incident, since: int | None = None) -> Facts:
        """Return the latest visible lines, oldest first, or those from line `since` on."""
        lines = self._session.timeline.visible(incident.number)
        if since is not None and lines and since > lines[-1]:
            raise Refusal(f"There is no line {since}: the last one is {lines[-1]}.", slot="line")
        last = max(len(lines) - LINES, 0)
        at = last if since is None else next((n for n, it in enumerate(lines) if it >= since), last)
        return {
            "incident": incident,
            "events": self.lines(incident, lines[at : at + LINES]),
            "count": len(lines),
            "earlier": lines[max(at - LINES, 0)] if at else None,
            "later": lines[at + LINES] if at + LINES < len(lines) else None,
        }

    def state(self, incident: Incident) -> Facts:
        """Return the facts of the card."""
        return {
            **AffectedServices(self._tx).facts(incident),
            "severities": list(self._tx.policy.severities),
            "pages": self._session.pages.of(incident.number),
            "failovers": [it for it in self._session.failovers.active() if it.incident == incident.number],
            "now": self._tx.now,
            "lasted": incident.lasted(self._tx.now),
            "asks": open_asks(incident, self._tx.policy),
            "locks": self._session.locks.held() if incident.is_open else (),
            "guide": guide.current(incident),
            "commanded_for": self._tx.now - incident.command_since if incident.command_since else None,
        }


def _spoken(milestone: Milestone | None, incident: Incident) -> str | None:
    """Return a milestone's message; its name if it is a command."""
    return in_words(milestone.message or milestone.name, incident) if milestone else None
