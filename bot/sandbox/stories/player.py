"""Plays stories on the page: scripts of the terminal chat, with comments as captions."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from bot.sandbox import Box
from bot.sandbox.console.chat import DONE, ConsoleChat
from bot.sandbox.console.script import PHONE, ScriptAction, ScriptLine, read
from bot.sandbox.console.script_actions import (
    ExpectAction,
    ExpectNotAction,
    SendTrafficAction,
    SetHealthAction,
    SetLagAction,
    ShowTrafficAction,
)

FOLDER = Path(__file__).parent
PATIENCE = timedelta(seconds=15)
TROUBLE = re.compile(r"^line \d+: (.*?);? ?(?:there is:)?$", re.MULTILINE)  # the format of the chat's errors
READING, WATCHING = 1.8, 0.7
"""Seconds to wait after a caption, and after an action."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """A script. Its first comment is the title."""

    name: str
    title: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, file: Path) -> Story:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        return cls(name=file.stem, title=lines[0].removeprefix("# "), lines=tuple(lines[1:]))


@dataclass(frozen=True, kw_only=True)
class Playing:
    """The progress of a story; `line` is the current action, `at` its number."""

    story: Story
    state: Literal["playing", "over", "failed"] = "playing"
    caption: str = ""
    line: str = ""
    at: int = 0

    @property
    def of(self) -> int:
        return len(self.story.lines)


@dataclass(frozen=True, kw_only=True)
class StoryFocus:
    """What the page shows during a story. Empty parts do not change."""

    person: str
    place: str = ""
    dock: str = ""


class StoryPlayer:
    """Plays one story at a time. Calls `on_change` at each step. `pace` scales the pauses."""

    def __init__(self, box: Box, *, on_change: Callable[[StoryFocus | None], None]) -> None:
        self.playing: Playing | None = None
        self.pace = 1.0
        self._box = box
        self._on_change = on_change
        self._stopped = threading.Event()  # one per play, so that a stopped play does not affect the next
        self._lock = threading.Lock()

    @cached_property
    def stories(self) -> list[Story]:
        """The stories, sorted by file name."""
        return [Story.of(file) for file in sorted(FOLDER.glob("*.txt"))]

    def play(self, name: str) -> None:
        story = next((story for story in self.stories if story.name == name), None)
        if story is None:
            raise LookupError(f"There is no story called {name}.")
        with self._lock:
            if self.playing and self.playing.state == "playing":
                raise LookupError("A story is playing already.")
            self.playing = Playing(story=story)
            self._stopped = threading.Event()
        self._on_change(None)
        play = threading.Thread(
            target=self._run, args=(self.playing, self._stopped), name="sandbox-story", daemon=True
        )
        play.start()

    def stop(self) -> None:
        """Stop the story after its present line, or close one that has ended."""
        with self._lock:
            self._stopped.set()
            self.playing = None
        self._on_change(None)

    def _run(self, playing: Playing, stopped: threading.Event) -> None:
        printed = io.StringIO()
        out, begun = Console(file=printed, width=10_000), self._box.clock.now()
        chat = ConsoleChat(self._box, out, patience=PATIENCE, since=begun)
        code = chat.play(self._lines(playing, stopped, chat), interactive=False)
        if code == DONE:
            self._show(stopped, state="over", line="", at=playing.of)
        else:
            why = TROUBLE.findall(printed.getvalue())[-1]
            self._show(stopped, state="failed", line="", caption=f"The story can't go on: {why}")

    def _lines(self, playing: Playing, stopped: threading.Event, chat: ConsoleChat) -> Iterator[str]:
        people = [person.name for person in self._box.slack.state.people.values()]
        for number, text in enumerate(playing.story.lines, start=1):
            if stopped.is_set():
                return
            if text.startswith("# "):
                self._show(stopped, caption=text[2:], line="", at=number)
                stopped.wait(READING * self.pace)
                continue
            line = read(text, people=people, place=chat.place)
            is_seen = line.action is not None and not isinstance(line.action, ExpectAction | ExpectNotAction)
            self._show(
                stopped, self._focus_of(line, chat), at=number, **({"line": line.said} if is_seen else {})
            )
            yield text
            if is_seen:
                stopped.wait(WATCHING * self.pace)

    def _focus_of(self, line: ScriptLine, chat: ConsoleChat) -> StoryFocus:
        person, place = line.person or chat.person, line.place or chat.place
        if place == PHONE:
            return StoryFocus(person=person, dock="phones")
        found = chat.visibility.channels(person, place)
        place_id, dock = found[-1].id if found else "", "sites" if _is_about_sites(line.action) else ""
        return StoryFocus(person=person, place=place_id, dock=dock)

    def _show(self, stopped: threading.Event, focus: StoryFocus | None = None, **changes: Any) -> None:
        """Update the progress, unless the story was stopped."""
        with self._lock:
            if stopped.is_set() or self.playing is None:
                return
            self.playing = replace(self.playing, **changes)
        self._on_change(focus)


def _is_about_sites(action: ScriptAction | None) -> bool:
    if isinstance(action, ExpectAction | ExpectNotAction):
        return bool(action.switch)
    return isinstance(action, SendTrafficAction | ShowTrafficAction | SetHealthAction | SetLagAction)
