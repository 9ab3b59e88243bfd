"""For developers of plugins: payloads to the bot, its calls, and its outbox."""

from __future__ import annotations

import json
import re
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bot.sandbox import Box
from bot.sandbox.recorder import Exchange

SHOWN = 60  # exchanges
PATIENCE = 1.0  # seconds to wait for the bot's metrics
WAITING = re.compile(r'^spy_outbox_waiting\{state="(\w+)"\} (\S+)$', re.MULTILINE)


class Inspector:
    def __init__(self, box: Box) -> None:
        self._box = box

    def exchanges(self) -> list[tuple[int, Exchange]]:
        """Return the last exchanges with their numbers, the newest first."""
        numbered = list(enumerate(self._box.exchanges))
        return numbered[: -SHOWN - 1 : -1]

    def exchange(self, number: int) -> Exchange:
        return self._box.exchanges[number]

    def outbox(self) -> dict[str, int]:
        """Count the waiting effects by state, from the bot's /metrics. Empty if the bot does not answer."""
        return {state: int(float(count)) for state, count in WAITING.findall(self._asked("/metrics"))}

    def effects(self) -> list[dict[str, Any]]:
        """Return the waiting and the latest effects, from the bot's /outbox in a rehearsal."""
        found: list[dict[str, Any]] = json.loads(self._asked("/outbox") or "[]")
        return [it | {"due_at": datetime.fromisoformat(it["due_at"])} for it in found]

    def _asked(self, path: str) -> str:
        """Return the bot's answer on its own web server. Empty if there is none."""
        address = urlsplit(self._box.bot_url)
        connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        try:
            token = self._box.environment()["WEB_TOKEN"]
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            return answer.read().decode() if answer.status == HTTPStatus.OK else ""
        except (OSError, HTTPException):
            return ""
        finally:
            connection.close()


def laid_out(body: bytes | None, content_type: str = "") -> str:
    """Format a payload: indent JSON, show a form as an object, unpack JSON inside it."""
    text = (body or b"").decode(errors="replace")
    if "form" in content_type:
        return _json({name: _unpacked(value) for name, value in parse_qsl(text, keep_blank_values=True)})
    read = _unpacked(text)
    return text if isinstance(read, str) else _json(read)


def _unpacked(text: str) -> Any:
    if not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _json(read: Any) -> str:
    return json.dumps(read, indent=2, ensure_ascii=False)
