"""Read PagerDuty's change events. Spy polls for them, because PagerDuty sends no webhook about them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, ValidationError

from bot.adapters.network.payload import Moment, Part
from bot.domain.changes.change import OTHER, Change
from bot.domain.foreign import WORD, address, inert


def change(entry: Mapping[str, Any], *, heard_at: datetime, ahead: timedelta = timedelta()) -> Change | None:
    """Return the change of one event; None if it is not as PagerDuty documents it.

    `service` is PagerDuty's id of the service. `ahead` is how far PagerDuty's clock is ahead of ours;
    the times of the change are by our clock.
    """
    try:
        reported = _Entry.model_validate(entry)
    except ValidationError:
        return None
    happened_at = min(reported.timestamp - ahead, heard_at)
    return Change(
        key=f"pagerduty:{reported.id}",
        source="pagerduty",
        kind=OTHER,
        service=reported.services[0].id if reported.services else None,
        title=inert(reported.summary) or "(no title)",
        url=address(reported.links[0].href if reported.links else None) or address(reported.html_url),
        author=inert(reported.source or "", WORD) or None,
        happened_at=happened_at,
        as_of=happened_at,
        heard_at=heard_at,
    )


Ident = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,80}$")]


class _Reference(Part):
    id: Ident


class _ChangeLink(Part):
    href: str


class _Entry(Part):
    id: Ident
    summary: str
    timestamp: Moment
    source: str | None = None
    services: tuple[_Reference, ...] = ()
    links: tuple[_ChangeLink, ...] = ()
    html_url: str | None = None
