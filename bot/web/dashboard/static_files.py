"""The style sheet, scripts and pictures of the dashboard."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from bot.web.answer import WebAnswer

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
)
A_YEAR = 31_536_000


@cache
def _files() -> Mapping[str, bytes]:
    folder = resources.files("bot.web.dashboard") / "static"
    return {it.name: it.read_bytes() for it in folder.iterdir() if _kind(it.name) in KINDS}


@cache
def _version(name: str) -> str:
    return hashlib.sha256(_files()[name]).hexdigest()[:12]


def address_of(name: str) -> str:
    """Return the address of a file. It changes with the file, so that a browser may keep the file for long."""
    return f"/static/{name}?v={_version(name)}"


def static_file(name: str, version: str = "") -> WebAnswer:
    """Return a file. Without its version, as when one script imports another, a browser asks each time."""
    found = _files().get(name)
    if found is None:
        return WebAnswer(status=404, body="There is no such file.\n")
    headers = {
        "content-type": KINDS[_kind(name)],
        "cache-control": f"public, max-age={A_YEAR}, immutable" if version == _version(name) else "no-cache",
        "x-content-type-options": "nosniff",
    }
    return WebAnswer(headers=headers, body=found)


def _kind(name: str) -> str:
    return name.rpartition(".")[2]
