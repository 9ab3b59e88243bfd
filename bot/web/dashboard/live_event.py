"""An open page, how often Spy looks for it, and what it is told."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from bot.domain.incident.timeline import WantedLines
from bot.web.dashboard.browser import WebRequest

UNSENT = 20
"""A page that does not read so many events is let go. It comes back by itself, and asks for what it missed."""


@dataclass(frozen=True, kw_only=True)
class LivePace:
    """How often (seconds) Spy looks while somebody watches, and how often a stream says something."""

    look: float = 0.25
    rest: float = 10.0
    """How many times as long as a look took of a processor Spy rests after it: at most a tenth goes into pages."""
    longest: float = 5.0
    """The longest rest."""
    checks: float = 5.0
    """After so long without news, Spy looks again whether somebody may still watch, and what they may see."""
    overview: float = 1.0
    """The least time between two changes of an overview."""
    ping: float = 15.0
    """After so much silence a ping is sent, so that neither a proxy nor the page thinks that the stream is dead."""

    def until_next(self, took: float) -> float:
        """Return how long to wait after a look."""
        return max(self.look, min(self.rest * took, self.longest))


USUAL_PACE = LivePace()


@dataclass(frozen=True, kw_only=True)
class LiveEvent:
    """`name` is change, reload (too much is new) or gone (there is nothing to see any more).

    `mark` says what a page shows that has taken it.
    """

    name: str
    mark: str = ""
    html: str = ""

    @property
    def is_last(self) -> bool:
        return self.name != "change"

    def encoded(self) -> bytes:
        data = json.dumps({"html": self.html})
        return f"id: {self.mark}\nevent: {self.name}\ndata: {data}\n\n".encode()


GONE = LiveEvent(name="gone")


@dataclass(kw_only=True, eq=False)
class Watcher:
    """An open page: an incident, of which it shows the lines that are `wanted`, or the overview (no number).

    `mark` says what it shows: the last line of its incident, or the state of its overview.
    """

    request: WebRequest
    number: int | None
    wanted: WantedLines
    mark: str = ""
    looked_at: float = 0.0
    """When it was found what its reader may see (monotonic)."""
    events: asyncio.Queue[LiveEvent | None] = field(default_factory=lambda: asyncio.Queue(UNSENT))

    def is_due(self, pace: LivePace) -> bool:
        """Whether nobody has looked for a while what its reader may see."""
        return time.monotonic() >= self.looked_at + pace.checks

    def tell(self, event: LiveEvent | None) -> None:
        """Queue an event; None ends the stream, and so does a page that does not read."""
        if self.events.full():
            while not self.events.empty():
                self.events.get_nowait()
            event = None
        self.events.put_nowait(event)
