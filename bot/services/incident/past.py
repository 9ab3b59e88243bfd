"""Record an incident that is over: it was handled without Spy."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.name import NAME_LENGTH
from bot.domain.policy import Severity
from bot.domain.refusal import Refusal
from bot.domain.text import one_line, shortened
from bot.services.limits import RequestLimits
from bot.services.transaction import Transaction


class PastIncidents:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def record(
        self,
        name: str,
        *,
        began: datetime,
        ended: datetime,
        by: str,
        severity: Severity | None = None,
        services: Sequence[str] = (),
    ) -> Incident:
        """Open an incident with these times (UTC) as resolved, with `by` as commander. It pages nobody.

        Its postmortem is owed as usual, counted from its end. Milestones are not sent: the work is done.
        """
        if ended <= began:
            raise Refusal(
                f"It can't end at {ended:%H:%M} UTC, before it began ({began:%H:%M} UTC). "
                'Try `incident was "checkout was down" from 10:05 to 11:40`.',
                slot="ended",
            )
        RequestLimits(self._tx).require_incident(by)
        declared = events.Declared(
            at=began,
            by=by,
            name=shortened(one_line(name), NAME_LENGTH),
            severity=severity.key if severity else None,
            services=tuple(services),
            recorded=True,
        )
        incident = Incident.declared(self._tx.session.incidents.reserve(), declared)
        opened = self._tx.record(incident, declared)
        return self._tx.record(opened, opened.resolve("", by=by, at=ended))
