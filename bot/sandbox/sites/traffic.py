"""Sends requests through the switch as long as the box runs, and counts the answers."""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import urllib3

RATE = 50
"""Requests per second at most. 5 % of them show within a second."""
PATIENCE = 5.0
OK = 200


@dataclass(frozen=True, kw_only=True)
class TrafficCount:
    """The answers by site, the site of the last answer, and the number of failed requests."""

    answered: Mapping[str, int]
    last: str
    lost: int


class Traffic:
    """Sends one request after another in its own thread, from `begin` to `close`."""

    def __init__(self, port: int) -> None:
        self._pool = urllib3.HTTPConnectionPool("127.0.0.1", port, timeout=PATIENCE, retries=False)
        self._lock = threading.Lock()
        self._answered: Counter[str] = Counter(east=0, west=0)
        self._last = ""
        self._lost = 0
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._flow, name="sandbox-traffic", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop, and return after the last answer."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._pool.close()

    def tally(self) -> TrafficCount:
        with self._lock:
            return TrafficCount(answered=dict(self._answered), last=self._last, lost=self._lost)

    def seen(self) -> str:
        tally = self.tally()
        answered = ", ".join(f"{count} answered by {site}" for site, count in tally.answered.items())
        last = f", the last one by {tally.last}" if tally.last else ""
        return f"traffic: {answered}{last}; {tally.lost or 'none'} lost"

    def _flow(self) -> None:
        while not self._closing.wait(1 / RATE):
            site = self._send()
            with self._lock:
                if site:
                    self._answered[site] += 1
                    self._last = site
                else:
                    self._lost += 1

    def _send(self) -> str:
        """Send one request. Return the site that answered, or "" if it failed."""
        try:
            answer = self._pool.urlopen("GET", "/")
        except urllib3.exceptions.HTTPError:
            return ""
        return str(json.loads(answer.data)["site"]) if answer.status == OK else ""
