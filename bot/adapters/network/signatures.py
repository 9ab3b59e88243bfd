"""Signatures of webhooks: HMAC-SHA256, in hex."""

import hashlib
import hmac
from collections.abc import Iterable


def is_signed(body: bytes, signatures: Iterable[str], secrets: Iterable[str], *, scheme: str) -> bool:
    """Return whether one of the signatures (`<scheme>=<hex>`) was made with one of the secrets."""
    given = [it.strip().encode() for it in signatures]
    ours = [
        f"{scheme}={hmac.new(it.encode(), body, hashlib.sha256).hexdigest()}".encode() for it in secrets if it
    ]
    return any([hmac.compare_digest(one, other) for one in given for other in ours])  # noqa: C419  constant time
