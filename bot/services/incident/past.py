"""Record an incident that is over: it was handled without Spy."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.name import NAME_LENGTH, bare_name
from bot.domain.policy import Severity
from bot.domain.refusal import Choice, Refusal
from bot.domain.text import one_line, shortened
from bot.services.limits import RequestLimits
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

NEWEST = 20
"""How many incidents of one name are looked at."""


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
        anyway: bool = False,
    ) -> Incident:
        """Open an incident with these times (UTC) as resolved, with `by` as commander. It pages nobody.

        Its postmortem is owed as usual, counted from its end. Milestones are not sent: the work is done.
        One of this name and these times is recorded once, unless `anyway` is set.
        """
        if ended <= began:
            raise Refusal(
                f"It can't end at {ended:%H:%M} UTC, before it began ({began:%H:%M} UTC). "
                'Try `incident was "checkout was down" from 10:05 to 11:40`.',
                slot="ended",
            )
        if not anyway:
            self._must_be_new(name, began, ended, by=by)
        RequestLimits(self._tx).require_incident(by)
        declared = events.Declared(
            at=began,
            by=by,
            name=_shortened(name),
            severity=severity.key if severity else None,
            services=tuple(services),
            recorded=True,
        )
        incident = Incident.declared(self._tx.session.incidents.reserve(), declared)
        opened = self._tx.record(incident, declared)
        return self._tx.record(opened, opened.resolve("", by=by, at=ended))

    def _must_be_new(self, name: str, began: datetime, ended: datetime, *, by: str) -> None:
        """Refuse what is recorded already. A second request with the same name waits for the first."""
        wanted = bare_name(_shortened(name), self._tx.policy.severities)
        self._tx.session.lock(f"declared-as:{wanted}")
        for it in self._tx.session.incidents.named(wanted, limit=NEWEST):
            is_same = it.recorded and (it.declared_at, it.resolved_at) == (began, ended)
            if is_same and ReadAccess(self._tx).sees(by, it):
                raise Refusal(
                    f"{it.id} was recorded with this name and these times already. "
                    "To record another one, say it again with `anyway` at the end.",
                    choices=(Choice(label=f"Show {it.id}", say=f"incident {it.number} tldr"),),
                )


def _shortened(name: str) -> str:
    return shortened(one_line(name), NAME_LENGTH)
