"""Read alerts that any tool sends to Spy's own webhook: JSON."""

import hashlib
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from bot.adapters.network.mistakes import sentence
from bot.adapters.network.payload import Moment, Part
from bot.domain.alert.report import TOOL, AlertNews, AlertReport, AlertState
from bot.domain.foreign import WORD, address, inert
from bot.domain.service import service_name
from bot.ports import Rejected

LIKE = '{"title": "error rate 12 %", "service": "checkout", "key": "checkout-errors"}'


def news(body: bytes, *, heard_at: datetime) -> AlertNews:
    """Return the alert in a body. Raise Rejected `malformed`, with the field's name, if it can't be read.

    If the tool sends no `key`, service and title identify the alert.
    """
    try:
        report = _ToolAlert.model_validate_json(body)
    except ValidationError as odd:
        raise Rejected("malformed", sentence(odd, like=LIKE)) from None
    title = inert(report.title)
    if not title:
        raise Rejected("malformed", "The field title has nothing in it that can be read.")
    service = service_name(report.service or "")
    found = AlertReport(
        key=f"{TOOL}:{report.key or _digest(service or '', title)}",
        source=TOOL,
        title=title,
        state=AlertState(report.status),
        service=service,
        heard_at=heard_at,
        began_at=None if report.status == "resolved" else report.at,
        ended_at=report.at if report.status == "resolved" else None,
        severity=inert(report.severity or "", WORD) or None,
        url=address(report.url),
    )
    return AlertNews(source=TOOL, reports=(found,))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class _ToolAlert(Part):
    title: Annotated[str, Field(min_length=1)]
    service: Annotated[str, Field(max_length=200)] | None = None
    key: Annotated[str, Field(pattern=r"^[\x20-\x7e]{1,200}$")] | None = None
    status: Literal["firing", "acknowledged", "resolved"] = "firing"
    severity: str | None = None
    url: str | None = None
    at: Moment | None = None
