"""GitHub's own recorded webhooks, signed as GitHub signs them; what a test changes in one, it says."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any

from tests.support.folders import TESTS

_TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
FILE = TESTS / "specs" / "github.webhooks.json"


@cache
def _recorded() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["samples"]
    return found


def names() -> list[str]:
    return list(_recorded())


def event(name: str) -> str:
    """The X-GitHub-Event of a recording."""
    return str(_recorded()[name]["event"])


def payload(name: str) -> Any:
    """A recording, to be changed at will."""
    return deepcopy(_recorded()[name]["payload"])


def recent(name: str, at: datetime) -> Any:
    """A recording whose times are all `at`."""
    moved = json.loads(_TIME.sub(f"{at:%FT%TZ}", json.dumps(_recorded()[name]["payload"])))
    if isinstance(moved["repository"].get("pushed_at"), int):
        moved["repository"]["pushed_at"] = int(at.timestamp())
    return moved


def body(told: Any) -> bytes:
    return json.dumps(told).encode()


def signed(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed_by_tool(body: bytes, at: int, secret: str) -> Mapping[str, str]:
    """The headers of Spy's own webhook."""
    text = b"v1:%d:%s" % (at, body)
    signature = "v1=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return {"X-Spy-Timestamp": str(at), "X-Spy-Signature": signature}
