"""Requests to PagerDuty's REST API: each is sent once, and a list is read to its end."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from bot.adapters.network.server_clock import ServerClock
from bot.adapters.pagerduty.answers import JSON, part
from bot.domain.text import storable_json
from bot.ports import Unreachable

if TYPE_CHECKING:
    from bot.adapters.pagerduty.wire import Wire

NO_HEADERS: Mapping[str, str] = {}


class PagerDutySession:
    """Sends requests, each once. Safe to use from many threads.

    The connection is opened by the first request: its library loads slowly, and Spy can start without it.
    """

    def __init__(
        self, token: str, *, from_email: str, url: str, timeout: timedelta, clock: ServerClock
    ) -> None:
        self._token = token
        self._sender = from_email
        self._url = url
        self._timeout = timeout
        self._clock = clock
        self._opening = Lock()
        self._wire: Wire | None = None

    def close(self) -> None:
        if self._wire:
            self._wire.close()

    def all(
        self, path: str, kind: str, wanted: JSON, *, headers: Mapping[str, str] = NO_HEADERS
    ) -> Iterator[Any]:
        """Yield the entries of all pages of a list."""
        offset, more = 0, True
        while more:
            page = self.call("GET", path, params={**wanted, "limit": 100, "offset": offset}, headers=headers)
            found = part(page, kind) or ()
            yield from found
            offset += len(found)
            more = bool(page.get("more") and found)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: JSON | None = None,
        body: JSON | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Any:
        text = self._opened().ask(method, path, params=params, body=body, headers=headers)
        try:
            return json.loads(storable_json(text))
        except ValueError as odd:
            raise Unreachable("PagerDuty's answer is not JSON: is something in between?") from odd

    def _opened(self) -> "Wire":
        with self._opening:
            if self._wire is None:
                from bot.adapters.pagerduty.wire import Wire  # noqa: PLC0415  see the class

                self._wire = Wire(
                    self._token,
                    from_email=self._sender,
                    url=self._url,
                    timeout=self._timeout,
                    clock=self._clock,
                )
            return self._wire
