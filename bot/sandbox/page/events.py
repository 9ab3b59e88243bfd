"""Server-sent events for the page: the parts that are out of date, and the time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping

from bot.sandbox import Box
from bot.sandbox.feed import BoxEvent
from bot.sandbox.server.server import HttpStream
from bot.sandbox.slack.world import SlackMessage

BEAT = 1.0  # seconds
PARTS: Mapping[str, tuple[str, ...]] = {
    "posted": ("sidebar",),
    "deleted": ("sidebar",),
    "joined": ("sidebar", "head", "composer"),
    "left": ("sidebar", "head", "composer"),
    "created": ("sidebar",),
    "renamed": ("sidebar", "head", "composer"),
    "archived": ("sidebar", "head", "composer"),
    "unarchived": ("sidebar", "head", "composer"),
    "made_private": ("sidebar", "head", "composer"),
    "made_public": ("sidebar", "head", "composer"),
    "id_changed": ("sidebar", "head", "composer"),
    "channel_deleted": ("sidebar", "head", "composer"),
    "topic": ("head",),
    "pinned": ("head",),
    "unpinned": ("head",),
    "bookmark_added": ("head",),
    "bookmark_changed": ("head",),
    "bookmark_removed": ("head",),
    "view_opened": ("modal",),
    "view_updated": ("modal",),
    "view_closed": ("modal",),
    "home_published": ("home",),
    "schedule_changed": ("dock:oncall",),
    "site_changed": ("dock:sites",),
    "faults_changed": ("toolbar",),
}
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "page_": ("dock:phones",),
    "issue_": ("dock:github",),
    "mail_": ("dock:mail",),
    "public_": ("dock:statuspage",),
}


class PageEvents:
    """One queue per open page, filled by the feed's thread and read in the server's.

    `is_ready` is whether the bot runs. Each page hears of it once a second.
    """

    def __init__(self, box: Box) -> None:
        self.is_ready = True
        self._box = box
        self._open: dict[asyncio.Queue[bytes], asyncio.AbstractEventLoop] = {}
        box.on(self._on_event)

    def send(self, kind: str, **facts: object) -> None:
        """Send an event to every open page."""
        event = _event(kind, facts)
        for queue, loop in list(self._open.items()):
            loop.call_soon_threadsafe(queue.put_nowait, event)

    def stream(self) -> HttpStream:
        return HttpStream(
            content_type="text/event-stream", chunks=self._events(), headers=(("cache-control", "no-store"),)
        )

    async def _events(self) -> AsyncGenerator[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._open[queue] = asyncio.get_running_loop()
        try:
            yield b"retry: 1000\n\n" + self._beat()
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), BEAT)
                except TimeoutError:
                    yield self._beat()
        finally:
            del self._open[queue]

    def _beat(self) -> bytes:
        clock = self._box.clock
        facts = {"at": clock.now().timestamp(), "rate": clock.rate, "exchanges": len(self._box.exchanges)}
        return _event("beat", facts | {"ready": self.is_ready})

    def _on_event(self, event: BoxEvent) -> None:
        """Send a change: the message that changed, or the parts that show it."""
        kind, person = event.kind, event.person
        if kind == "failed":
            self.send("failed", person=person, text=event.text)
            return
        parts = PARTS.get(kind) or next((p for head, p in FAMILIES.items() if kind.startswith(head)), ())
        facts: dict[str, object] = {"parts": parts, "place": event.place, "person": person}
        if isinstance(event.subject, SlackMessage):
            facts |= {"ts": event.subject.ts, "thread": event.subject.thread_ts}
        self.send("change", **facts)


def _event(kind: str, facts: Mapping[str, object]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(facts)}\n\n".encode()
