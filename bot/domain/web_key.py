"""A key to the dashboard: a one-time link, or the session of a browser."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

LINK_LASTS = timedelta(minutes=10)
"""How long a one-time link can be used."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class KeyKind(StrEnum):
    LINK = "link"
    SESSION = "session"


@dataclass(frozen=True, kw_only=True)
class WebKey:
    """Lets a person in until `ends_at` (UTC). `digest` is that of the secret, which is stored nowhere."""

    digest: str
    kind: KeyKind
    person: str
    made_at: datetime
    ends_at: datetime


def digest_of(secret: str) -> str:
    """Return what is stored of a secret. It is random and long, so that no salt and no slow function is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_local(address: str | None) -> bool:
    """Return whether an address is plain http on one's own machine, where nobody listens on the way."""
    known = urlsplit(address or "")
    return known.scheme == "http" and known.hostname in LOCAL


def is_safe(address: str) -> bool:
    """Return whether nobody on the way to this address can read a key."""
    return urlsplit(address).scheme == "https" or is_local(address)
