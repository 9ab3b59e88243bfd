"""Signatures of webhooks: HMAC-SHA256, in hex."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import Rejected

OLDEST = timedelta(minutes=5)
"""How far a request's timestamp may be from now, in either direction; the same as for Slack's requests."""


def is_signed(body: bytes, signatures: Iterable[str], secrets: Iterable[str], *, scheme: str) -> bool:
    """Return whether one of the signatures (`<scheme>=<hex>`) was made with one of the secrets."""
    given = [it.strip().encode() for it in signatures]
    ours = [
        f"{scheme}={hmac.new(it.encode(), body, hashlib.sha256).hexdigest()}".encode() for it in secrets if it
    ]
    return any([hmac.compare_digest(one, other) for one in given for other in ours])  # noqa: C419  constant time


@dataclass(frozen=True, kw_only=True)
class ToolSecret:
    """The secret with which tools sign their requests: its variable, its value, and where that is described."""

    variable: str
    value: str
    page: str

    def check(
        self,
        body: bytes,
        *,
        timestamp: str,
        signature: str,
        now: datetime,
        ahead: timedelta = timedelta(),
    ) -> None:
        """Check a signature: `v1=` and the HMAC-SHA256, in hex, of `v1:<timestamp>:<body>`.

        `timestamp` is in seconds since 1970. It is compared with our clock, and with a second clock that is `ahead`
        of ours, because ours may be wrong.
        Raise Rejected `signature` if the signature is wrong or the timestamp is more than 5 min from now.
        """
        if not is_signed(b"v1:%s:%s" % (timestamp.encode(), body), [signature], [self.value], scheme="v1"):
            raise Rejected("signature", f"This request is not signed with {self.variable}: see {self.page}.")
        if not is_near(timestamp, now, now + ahead):
            minutes = OLDEST // timedelta(minutes=1)
            raise Rejected(
                "signature", f"X-Spy-Timestamp is more than {minutes} min from now. Sign it again."
            )


def is_near(timestamp: str, *clocks: datetime) -> bool:
    """Whether a timestamp, in seconds since 1970, is at most `OLDEST` from the time of one of these clocks."""
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    seconds = int(timestamp[:12])
    return any(abs(now.timestamp() - seconds) <= OLDEST.total_seconds() for now in clocks)
