"""Read changes that any tool sends to Spy's own webhook: JSON, signed with a timestamp against replays."""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, ValidationError

from bot.adapters.network.payload import Moment, Part
from bot.adapters.network.signatures import is_signed
from bot.domain.changes.change import DEPLOY, TOOL, Change
from bot.domain.foreign import WORD, address, inert
from bot.domain.service import service_name
from bot.ports import Rejected

OLDEST = timedelta(minutes=5)
"""How far a request's timestamp may be from now, in either direction; the same as for Slack's requests."""


def check(
    body: bytes,
    *,
    timestamp: str,
    signature: str,
    secret: str,
    now: datetime,
    ahead: timedelta = timedelta(),
) -> None:
    """Check a signature: `v1=` and the HMAC-SHA256, in hex, of `v1:<timestamp>:<body>`.

    `timestamp` is in seconds since 1970. It is compared with our clock, and with a second clock that is `ahead`
    of ours, because ours may be wrong.
    Raise Rejected `signature` if the signature is wrong or the timestamp is more than 5 min from now.
    """
    if not is_signed(b"v1:%s:%s" % (timestamp.encode(), body), [signature], [secret], scheme="v1"):
        raise Rejected(
            "signature", "This request is not signed with CHANGES_WEBHOOK_SECRET: see docs/changes.md."
        )
    if not (timestamp.isascii() and timestamp.isdigit() and _is_near(int(timestamp[:12]), now, now + ahead)):
        minutes = OLDEST // timedelta(minutes=1)
        raise Rejected("signature", f"X-Spy-Timestamp is more than {minutes} min from now. Sign it anew.")


def _is_near(seconds: int, *clocks: datetime) -> bool:
    return any(abs(now.timestamp() - seconds) <= OLDEST.total_seconds() for now in clocks)


def news(body: bytes, *, signature: str, heard_at: datetime) -> Change:
    """Return the change in a body. Raise Rejected `malformed`, with the field's name, if it can't be read.

    If the tool sends no `id`, the `signature` identifies the request.
    """
    try:
        report = _Report.model_validate_json(body)
    except ValidationError as odd:
        raise Rejected("malformed", _sentence(odd)) from None
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


def _sentence(odd: ValidationError) -> str:
    """Return what is wrong with the first invalid field, without its value."""
    error = odd.errors(include_input=False, include_url=False)[0]
    name = ".".join(str(part) for part in error["loc"])
    if not name:
        return 'The body is no JSON object such as {"service": "checkout", "title": "deploy 4f2a1c"}.'
    what = error["msg"].removeprefix("Value error, ")
    return f"The field {name}: {what[:1].lower()}{what[1:]}."
