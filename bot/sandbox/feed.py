"""The events of the box, sent to listeners in order, and a way to wait for them."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

REMEMBERED = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxEvent:
    """Something that a person could see; `person` is a handle, `place` a channel's id, `ref` a ts, view or page.

    Slack's kinds: posted, edited, deleted, ephemeral, ephemeral_edited, ephemeral_deleted, view_opened,
    view_updated, view_closed, home_published, reaction_added, reaction_removed, joined, left, topic, purpose,
    created, renamed, archived, unarchived, made_private, made_public, id_changed, channel_deleted, pinned,
    unpinned, bookmark_added, bookmark_changed, bookmark_removed, failed. `subject` is the message, view or
    channel of the event.
    """

    kind: str
    text: str = ""
    person: str = ""
    place: str = ""
    ref: str = ""
    subject: object = None
    at: float = field(default_factory=time.time)


class Feed:
    """Carries every change in the box. State is changed under `lock`; `publish` wakes those who wait."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.recent: deque[BoxEvent] = deque(maxlen=REMEMBERED)
        self._changed = threading.Condition(self.lock)
        self._changes = 0
        self._listeners: list[Callable[[BoxEvent], object]] = []
        self._unpublished: queue.SimpleQueue[BoxEvent | threading.Event | None] = queue.SimpleQueue()
        self._publisher: threading.Thread | None = None

    def on(self, listener: Callable[[BoxEvent], object]) -> None:
        """Call `listener` with each later event, one at a time, in the feed's own thread."""
        with self.lock:
            self._listeners.append(listener)
            if self._publisher is None:
                self._publisher = threading.Thread(target=self._publish_all, name="sandbox-feed", daemon=True)
                self._publisher.start()

    def publish(self, event: BoxEvent) -> None:
        with self.lock:
            self.recent.append(event)
            self.touch()
            if self._listeners:
                self._unpublished.put(event)

    def touch(self) -> None:
        """Wake those who wait, after a change that no person can see."""
        with self.lock:
            self._changes += 1
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Return once `condition` holds. AssertionError with the last events if it does not."""
        deadline = time.monotonic() + seconds
        while True:
            seen = self._changes
            if condition():  # outside the lock, since it may need another lock
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(self._story(seconds))
            with self._changed:
                self._changed.wait_for(lambda seen=seen: self._changes != seen, min(left, 0.1))  # type: ignore[misc]

    def flush(self, seconds: float = 5.0) -> None:
        """Return once every listener has received all events published before this call."""
        reached = threading.Event()
        if self._publisher is not None:
            self._unpublished.put(reached)
            reached.wait(seconds)

    def close(self) -> None:
        if self._publisher is not None:
            self._unpublished.put(None)
            self._publisher.join(timeout=5)
            self._publisher = None

    def _publish_all(self) -> None:
        while (item := self._unpublished.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
                continue
            for listener in tuple(self._listeners):
                listener(item)

    def _story(self, seconds: float) -> str:
        lines = [
            f"  {h.kind:<16} {h.place:<12} {h.person:<6} {h.text[:120]!r}" for h in list(self.recent)[-12:]
        ]
        return "\n".join([f"not so within {seconds:g} s; what happened last:", *(lines or ["  nothing"])])
