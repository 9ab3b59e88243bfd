"""Read changes that any tool sends to Spy's own webhook: JSON."""

import hashlib
from datetime import datetime
from typing import Annotated

from pydantic import Field, ValidationError

from bot.adapters.network.mistakes import sentence
from bot.adapters.network.payload import Moment, Part
from bot.domain.changes.change import DEPLOY, TOOL, Change
from bot.domain.foreign import WORD, address, inert
from bot.domain.service import service_name
from bot.ports import Rejected


def news(body: bytes, *, signature: str, heard_at: datetime) -> Change:
    """Return the change in a body. Raise Rejected `malformed`, with the field's name, if it can't be read.

    If the tool sends no `id`, the `signature` identifies the request.
    """
    try:
        report = _Report.model_validate_json(body)
    except ValidationError as odd:
        raise Rejected(
            "malformed", sentence(odd, like='{"service": "checkout", "title": "deploy 4f2a1c"}')
        ) from None
    service = service_name(report.service)
    if service is None:
        raise Rejected("malformed", "The field service has no letter or digit in it.")
    happened_at = min(report.at or heard_at, heard_at)
    ident = f"id:{service}:{report.id}" if report.id else hashlib.sha256(signature.encode()).hexdigest()
    return Change(
        key=f"tool:{ident}",
        source=TOOL,
        kind=_word(report.kind) or DEPLOY,
        service=service,
        title=inert(report.title) or "(no title)",
        url=address(report.url),
        author=_word(report.author),
        ref=_word(report.ref),
        outcome=_word(report.outcome),
        happened_at=happened_at,
        as_of=happened_at,
        heard_at=heard_at,
    )


def _word(given: str | None) -> str | None:
    return inert(given or "", WORD) or None


class _Report(Part):
    service: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(min_length=1)]
    kind: str = DEPLOY
    url: str | None = None
    author: str | None = None
    at: Moment | None = None
    ref: str | None = None
    outcome: str | None = None
    id: Annotated[str, Field(pattern=r"^[\x20-\x7e]{1,200}$")] | None = None
