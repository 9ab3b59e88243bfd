"""Requests that flow through the switch for as long as the box lives, and the count of what became of them."""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import urllib3

RATE = 50
"""Requests a second at most; enough for 5 % of them to show in a second."""
PATIENCE = 5.0
OK = 200


@dataclass(frozen=True, kw_only=True)
class TrafficCount:
    """How many were answered by each site, the site that answered last, and how many nobody answered well."""

    answered: Mapping[str, int]
    last: str
    lost: int


class Traffic:
    """Sends one after another from a thread of its own, once begun and until closed; either may be said twice."""

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
        """Return when the last request has been answered."""
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
        """Name the site that answered; empty where none did, or not well."""
        try:
            answer = self._pool.urlopen("GET", "/")
        except urllib3.exceptions.HTTPError:
            return ""
        return str(json.loads(answer.data)["site"]) if answer.status == OK else ""
