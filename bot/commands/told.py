"""Remember which requests were told *not done*, so that no later delivery of one does it after all."""

import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Lock

from bot.ports import Clock, Conflict, Sessions, Unavailable

KEPT = 3600.0
"""Seconds for which a request is remembered here. Slack's last delivery of a request comes after six minutes."""
MOST = 10_000
"""The most requests that are remembered. The oldest are forgotten first."""
STORED_AT_ONCE = 100


class ToldNotDone:
    """The requests that were told *not done*, by id, with the sentence that their asker read.

    This process refuses them at once. `store` puts them where other processes find them, as soon as the database
    answers again. Safe to use from many threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._told: dict[str, tuple[str, float]] = {}
        self._unstored: dict[str, None] = {}

    def add(self, request: str, sentence: str) -> None:
        with self._lock:
            self._told[request] = (sentence, time.monotonic())
            self._unstored[request] = None
            for old in list(self._outdated()):
                del self._told[old]
                self._unstored.pop(old, None)

    def sentence(self, request: str) -> str | None:
        """Return what the asker of a request read; None if it was not told *not done*."""
        if not self._told:
            return None
        with self._lock:
            told = self._told.get(request)
        return told[0] if told else None

    def store(self, sessions: Sessions, clock: Clock) -> None:
        """Store the requests as handled. One that was committed after all keeps its answer."""
        while some := self._some():
            with suppress(Unavailable, Conflict):
                with sessions.begin_background() as session:
                    for request in some:
                        session.inbound.remember(request, at=clock.now())
                self._stored(some)
                continue
            return  # the database is still away; the next look tries again

    def _some(self) -> list[str]:
        with self._lock:
            return list(self._unstored)[:STORED_AT_ONCE]

    def _stored(self, requests: list[str]) -> None:
        with self._lock:
            for it in requests:
                self._unstored.pop(it, None)

    def _outdated(self) -> Iterator[str]:
        """Yield the ids that are too old or too many. Ids are in the order in which they were told."""
        too_many, since = len(self._told) - MOST, time.monotonic() - KEPT
        for number, (request, (_, at)) in enumerate(self._told.items()):
            if number >= too_many and at >= since:
                return
            yield request
