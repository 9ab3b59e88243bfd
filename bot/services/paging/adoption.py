"""Take over an incident that the pager had already: it becomes the page of an incident of Spy's."""

from dataclasses import dataclass, replace

from bot.domain.incident.incident import Incident
from bot.domain.paging import events
from bot.domain.paging.page import ADOPTED, Page, PageState
from bot.services.paging.pages import Pages
from bot.services.transaction import Transaction


@dataclass(frozen=True, kw_only=True)
class PagersIncident:
    """An incident of the pager: its id and address there, whose it is, whom it rings, and who acknowledged it."""

    pager_id: str
    url: str
    title: str
    team: str
    assigned: str | None = None
    acknowledged_by: str | None = None


class Adoption:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._pages = Pages(tx)

    def adopt(self, theirs: PagersIncident, incident: Incident, *, by: str | None) -> Page:
        """Make it a page of an incident. One that was a page of another incident moves."""
        key = f"{ADOPTED}{theirs.pager_id}"
        known = self._session.pages.by_key(key)
        page = replace(known, incident=incident.number) if known else self._new(key, theirs, incident, by=by)
        adopted = events.PageAdopted(
            at=self._tx.now,
            by=by,
            page=page.number,
            whom=page.whom,
            pager_id=theirs.pager_id,
            url=theirs.url,
            message=theirs.title,
            assigned=theirs.assigned,
        )
        page = self._pages.keep(page, adopted)
        if theirs.acknowledged_by and page.state is PageState.SENT:
            acknowledged = events.PageAcknowledged(
                at=self._tx.now, page=page.number, whom=page.whom, who=theirs.acknowledged_by
            )
            page = self._pages.keep(page, acknowledged)
        return page

    def _new(self, key: str, theirs: PagersIncident, incident: Incident, *, by: str | None) -> Page:
        return Page(
            number=self._session.pages.reserve(),
            key=key,
            message=theirs.title,
            requested_by=by,
            requested_at=self._tx.now,
            team=theirs.team,
            incident=incident.number,
            severity=incident.severity,
            is_adopted=True,
            is_own=True,
        )
