"""`spy ready`: ask the Spy that runs on this machine whether it is ready. For the health check of a container.

It loads little, because it is run again and again. A mistake in the configuration is not its business: the running
Spy may work on an earlier one.
"""

import json
import os
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import yaml

USUAL_PORT = 3000
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  addresses that are listened at
"""Addresses to listen at, and where to ask then."""
PATIENCE = 4.0
"""Seconds to wait for an answer. Each part has two."""


def ready(config: Path) -> tuple[bool, list[str]]:
    """Return whether Spy is ready, and what to tell: with WEB_TOKEN, what each part says."""
    host, port = address(config)
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz", headers=_token())
        answer = connection.getresponse()
        return answer.status == HTTPStatus.OK, list(_in_words(answer.read()))
    except (OSError, HTTPException):
        return False, [f"No Spy answers at {host}:{port}."]
    finally:
        connection.close()


def address(config: Path) -> tuple[str, int]:
    """Return where Spy listens, as the file says; else the usual."""
    web = _web(config)
    host, port = web.get("host", ""), web.get("port", USUAL_PORT)
    is_port = isinstance(port, int) and 0 < port < 1 << 16
    return EVERYWHERE.get(str(host), str(host)), port if is_port else USUAL_PORT


def _web(config: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    web = found.get("web") if isinstance(found, dict) else None
    return web if isinstance(web, dict) else {}


def _token() -> Mapping[str, str]:
    token = os.environ.get("WEB_TOKEN", "").strip()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _in_words(body: bytes) -> Iterator[str]:
    try:
        found = json.loads(body)
        yield "Spy is ready." if found["ready"] else "Spy is not ready."
        yield from (f"{part}: {state}" for part, state in found.get("checks", {}).items() if state != "ok")
    except (ValueError, TypeError, KeyError, AttributeError):
        yield "What answers there is no Spy."
