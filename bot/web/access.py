"""Who may see everything on a port: those with the token, or all who reach an internal port."""

import base64
import binascii
from collections.abc import Callable, Mapping
from hmac import compare_digest

from bot.web.answer import WebAnswer

SeesAll = Callable[[Mapping[str, str]], bool]
"""Returns whether a request with these headers (names in lower case) may see everything."""

REFUSED = WebAnswer(
    status=401,
    headers={"www-authenticate": 'Basic realm="Spy", charset="UTF-8"'},
    body=(
        "This page needs Spy's token (WEB_TOKEN in its environment): send it as Authorization: Bearer …, "
        "or type it as the password, with any name. Without a token the page is on web.internal_port only. "
        "See docs/operations.md.\n"
    ),
)


def everyone(_headers: Mapping[str, str]) -> bool:
    """Show everything to everyone: for an internal port, and for a rehearsal."""
    return True


def with_token(token: str) -> SeesAll:
    """Show everything to those who send this token. Without a token that is nobody."""

    def sees_all(headers: Mapping[str, str]) -> bool:
        return bool(token) and compare_digest(_given(headers.get("authorization", "")), token.encode())

    return sees_all


def _given(authorization: str) -> bytes:
    """Return the token in an Authorization header: a bearer token, or a browser's password."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(given.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
