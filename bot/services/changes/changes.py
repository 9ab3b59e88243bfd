"""Recent changes: received from sources or entered by hand, and marked as suspect in an incident."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.changes import change
from bot.domain.changes.change import HAND, LOOKED_BACK, Change, ChangeWindow, before_impact
from bot.domain.incident.incident import Incident
from bot.domain.portion import Portion
from bot.domain.refusal import Choice, Refusal
from bot.domain.service import known_as, service_name
from bot.domain.text import one_line, shortened
from bot.services.transaction import Transaction

LISTED = 10
"""How many changes one message lists. Each has a button, and Slack allows fifty blocks."""
LOOKED_THROUGH = 200
"""How many changes one search reads at most. A service or a shorter time finds older ones."""


@dataclass(frozen=True, kw_only=True)
class RecentChanges:
    """The changes in a window, newest first. `is_cut` means that there were more than `LOOKED_THROUGH`."""

    changes: Portion[Change]
    window: ChangeWindow
    is_cut: bool


class Changes:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- receiving changes ---

    def hear(self, news: Change) -> Change:
        """Store a report of a change. A second report of the same change is merged into it.

        A service that is not listed keeps its source's name: no news is lost for a name.
        """
        news = replace(news, service=known_as(news.service, self._tx.policy.services))
        self._session.lock(f"change:{news.key}")
        known = self._session.changes.by_key(news.key)
        updated = known.updated_by(news) if known else self._numbered(news)
        if updated != known:
            self._session.changes.put(updated)
        return updated

    def record_all(self, news: Iterable[Change]) -> None:
        """Store changes from the pager, which names a service by its own id."""
        for updated in news:
            service = self._tx.policy.service_paged_as(updated.service) if updated.service else None
            self.hear(replace(updated, service=service))

    def record(
        self,
        words: str,
        *,
        by: str,
        service: str | None = None,
        incident: Incident | None = None,
        at: datetime | None = None,
    ) -> Change:
        """Store a change that somebody entered, now or at a past time (UTC).

        A change entered in a private incident stays visible only there.
        """
        if at and at > self._tx.now:
            raise Refusal(f"A change can't be of the future ({at:%H:%M} UTC). Give a past time.", slot="at")
        number = self._session.changes.reserve()
        added = Change(
            number=number,
            key=f"hand:{number}",
            source=HAND,
            kind=change.OTHER,
            service=service,
            title=one_line(words),
            happened_at=at or self._tx.now,
            as_of=at or self._tx.now,
            heard_at=self._tx.now,
            author=by,
            only_in=incident.number if incident and incident.private else None,
        )
        self._session.changes.put(added)
        return added

    def _numbered(self, news: Change) -> Change:
        return replace(news, number=self._session.changes.reserve())

    def forget_old(self, *, limit: int) -> int:
        """Delete changes received more than 30 days ago. Suspected changes stay in their incidents."""
        return self._session.changes.forget(before=self._tx.now - change.KEPT, limit=limit)

    # --- search ---

    def recent(
        self,
        incident: Incident | None,
        *,
        span: timedelta | None = None,
        service: str | None = None,
        page: int | None = None,
    ) -> RecentChanges:
        """Return changes before now, or before the incident's impact began. The default span is one hour."""
        span = span or LOOKED_BACK
        now = self._tx.now
        window = before_impact(incident, span) if incident else ChangeWindow(since=now - span, until=now)
        newest = self._session.changes.within(window, service=service, limit=LOOKED_THROUGH)
        found = [it for it in newest if it.is_seen_in(incident.number if incident else None)]
        is_cut = len(newest) == LOOKED_THROUGH
        return RecentChanges(changes=Portion.of(found, page, LISTED), window=window, is_cut=is_cut)

    # --- suspects ---

    def suspect(self, incident: Incident, number: int, *, by: str) -> Incident:
        """Mark a change as suspect. It appears on the card, and Spy asks *roll back?*"""
        found = self._session.changes.get(number)
        if found is None or not found.is_seen_in(incident.number):
            raise Refusal(
                f"There is no change {number}. Spy keeps changes for 30 days.",
                choices=(Choice(label="What changed?", say=f"incident {incident.number} changes"),),
            )
        suspected = change.suspect(incident, found, by=by, at=self._tx.now)
        if suspected is None:
            raise Refusal(f"Change {number} is suspected in {incident.id} already.")
        return self._tx.record(incident, suspected)

    def clear(self, incident: Incident, number: int, *, by: str) -> Incident:
        """Remove the suspicion of a change."""
        return self._tx.record(incident, incident.clear(number, by=by, at=self._tx.now))


def named(words: str) -> str:
    """Return a service's name as somebody typed it, normalised. Refuses what can't be one."""
    name = service_name(words)
    if name is None:
        raise Refusal(
            f"{shortened(words)} is no service's name. It has letters and digits, like checkout.",
            slot="service",
        )
    return name
