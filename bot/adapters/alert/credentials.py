"""Check who sends alerts. Alertmanager can't sign what it sends, but it can send a token; Grafana can do both."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.adapters.network.signatures import is_near
from bot.ports import Rejected

SIGNATURE, TIMESTAMP = "x-grafana-alerting-signature", "x-grafana-alerting-timestamp"
"""Grafana's own header, and the one that docs/alerts.md tells people to set for the timestamp."""
Headers = Mapping[str, str]


def must_have_token(headers: Headers, *, variable: str, token: str) -> None:
    """Raise Rejected `signature` unless the request has this token: as a bearer token, or as the password."""
    if not _has_token(headers, token):
        raise Rejected("signature", f"This request has not the token {variable}: see docs/alerts.md.")


def must_be_of_grafana(
    body: bytes, headers: Headers, *, secret: str, now: datetime, ahead: timedelta = timedelta()
) -> None:
    """Raise Rejected `signature` unless the request is signed with the secret, or has it as its token.

    Grafana signs `<timestamp>:<body>`, or only the body if no timestamp header is set.
    """
    given = headers.get(SIGNATURE)
    if given is None:
        must_have_token(headers, variable="GRAFANA_WEBHOOK_SECRET", token=secret)
        return
    timestamp = headers.get(TIMESTAMP)
    signed = body if timestamp is None else b"%s:%s" % (timestamp.encode(), body)
    ours = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.strip().encode(), ours.encode()):
        raise Rejected(
            "signature", "This request is not signed with GRAFANA_WEBHOOK_SECRET: see docs/alerts.md."
        )
    if timestamp is not None and not is_near(timestamp, now, now + ahead):
        raise Rejected("signature", "The timestamp of this request is more than 5 min from now.")


def _has_token(headers: Headers, token: str) -> bool:
    return bool(token) and hmac.compare_digest(_given(headers.get("authorization", "")), token.encode())


def _given(authorization: str) -> bytes:
    scheme, _, given = authorization.partition(" ")
    if scheme.casefold() == "bearer":
        return given.strip().encode()
    if scheme.casefold() != "basic":
        return b""
    try:
        return base64.b64decode(given.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
