"""Under the hood, for who writes plugins: what came to the bot, what it called, and what waits in its outbox."""

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
PATIENCE = 1.0  # seconds for the bot's figures
WAITING = re.compile(r'^spy_outbox_waiting\{state="(\w+)"\} (\S+)$', re.MULTILINE)


class Inspector:
    def __init__(self, box: Box) -> None:
        self._box = box

    def exchanges(self) -> list[tuple[int, Exchange]]:
        """The last ones with their numbers, the newest first."""
        numbered = list(enumerate(self._box.exchanges))
        return numbered[: -SHOWN - 1 : -1]

    def exchange(self, number: int) -> Exchange:
        return self._box.exchanges[number]

    def outbox(self) -> dict[str, int]:
        """How many effects wait, by state, as the bot's own /metrics has it; nothing where it does not answer."""
        return {state: int(float(count)) for state, count in WAITING.findall(self._asked("/metrics"))}

    def effects(self) -> list[dict[str, Any]]:
        """Those that wait and those that were done last, as the bot's own /outbox has them in a rehearsal."""
        found: list[dict[str, Any]] = json.loads(self._asked("/outbox") or "[]")
        return [it | {"due_at": datetime.fromisoformat(it["due_at"])} for it in found]

    def _asked(self, path: str) -> str:
        """What the bot answers at its own web; nothing where it does not, or has no such page."""
        address = urlsplit(self._box.bot_url)
        connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.read().decode() if answer.status == HTTPStatus.OK else ""
        except (OSError, HTTPException):
            return ""
        finally:
            connection.close()


def laid_out(body: bytes | None, content_type: str = "") -> str:
    """A payload as a person can read it: JSON with line ends, a form as an object, JSON in it unpacked."""
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
