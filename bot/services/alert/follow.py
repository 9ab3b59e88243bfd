"""Keep the lines of alerts up to date with incidents."""

from collections.abc import Iterable
from datetime import timedelta

from bot.domain.effects import Effect
from bot.domain.incident.incident import Incident
from bot.services.alert.lines import Lines
from bot.services.incident.merges import Merges
from bot.services.transaction import Transaction, follower

OFFERED_FOR = timedelta(hours=1)
"""How long after its last report an undecided alert is offered to incidents that open later."""
REFRESHED_AT_MOST = 20
NAMED_FOR = timedelta(days=30)
HIDDEN_AT_MOST = 500
"""Lines offer an incident longer than it is news to them. When it becomes private, all of them must forget its name."""


@follower
class AlertFollower:
    """Refreshes the lines that name an incident or offer it. It costs a change nothing, unless the lines change."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._lines = Lines(tx)

    def follow(self, before: Incident | None, incident: Incident) -> Iterable[Effect]:
        """Return nothing: the lines are queued here."""
        if before is None or _shown(before) == _shown(incident):
            return ()
        because = f"incident:{incident.number}:{incident.entries}"
        for alerts in self._session.alerts.of(self._named_with(before, incident)).values():
            for alert in alerts:
                self._lines.refresh(alert, because=because)
        if not incident.private or not before.private:
            span, limit = (
                (NAMED_FOR, HIDDEN_AT_MOST) if incident.private else (OFFERED_FOR, REFRESHED_AT_MOST)
            )
            for alert in self._session.alerts.recent(None, since=self._tx.now - span, limit=limit):
                if alert.is_undecided:
                    self._lines.refresh(alert, because=because)
        return ()

    def _named_with(self, before: Incident, incident: Incident) -> list[int]:
        """Return the numbers of the incidents whose lines name this one: itself, and those merged into it."""
        tells = (before.is_open, before.private) != (incident.is_open, incident.private)
        came = Merges(self._tx).came_into(incident) if tells else ()
        return [incident.number, *(it.number for it in came)]


def _shown(incident: Incident) -> tuple[object, ...]:
    return incident.phase if not incident.is_open else None, incident.private, incident.channel
