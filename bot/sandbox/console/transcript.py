"""Prints the events of the box in a terminal, one block per message, with unsafe characters replaced."""

from __future__ import annotations

import contextlib
import re
import threading
import unicodedata
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from bot.sandbox.feed import BoxEvent
from bot.sandbox.slack.world import SlackMessage

CHANNEL, PRIVATE, PHONE, FAILURE = "cyan", "magenta", "yellow", "bold red"
JOINERS = "\u200c\u200d"  # inside emoji and many scripts
PHRASES = {
    "joined": "{person} joined",
    "left": "{person} left",
    "created": "created by {person}",
    "topic": "topic: {text}",
    "purpose": "purpose: {text}",
    "renamed": "renamed to #{text}",
    "archived": "archived by {person}",
    "unarchived": "opened again by {person}",
    "made_private": "made private by {person}",
    "made_public": "made public by {person}",
    "id_changed": "has a new id",
    "channel_deleted": "deleted by {person}",
    "bookmark_added": "bookmark: {text}",
    "bookmark_changed": "bookmark: {text}",
    "deleted": "deleted: {text}",
    "reaction_added": "{person} reacts :{text}:",
    "reaction_removed": "{person} takes back :{text}:",
}
EPHEMERALS = {"ephemeral": "", "ephemeral_edited": "edited: ", "ephemeral_deleted": "gone: "}
WINDOWS = {"view_opened": "a form opens", "view_updated": "the form changes"}


class Transcript:
    """Prints from any thread. `typing` returns the line that a person is typing."""

    def __init__(self, out: Console, *, place_name: Callable[[str], str]) -> None:
        self.typing: Callable[[], str] | None = None
        self._out = out
        self._place_name = place_name
        self._shown: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def typed(self, prompt: str, line: str) -> None:
        """Print a line of a script."""
        self._print(Text(prompt, style="bold").append(plain(line), style="not bold" if prompt else "dim"))

    def note(self, text: str) -> None:
        self._print(Text(f"  {plain(text)}", style="dim"))

    def trouble(self, text: str) -> None:
        self._print(Text(plain(text), style=FAILURE))

    def on_event(self, event: BoxEvent) -> None:
        """Print an event, if the person at the keyboard needs it."""
        place, text = event.place and self._place_name(event.place), event.text
        if isinstance(event.subject, SlackMessage) and event.kind in ("posted", "edited"):
            self._message(event, event.subject, place)
        elif event.kind in EPHEMERALS:
            where = f"only {event.person}, in {place}"
            self._block(where, EPHEMERALS[event.kind] + text, PRIVATE)
        elif event.kind in WINDOWS:
            self._block(f"only {event.person}", f"{WINDOWS[event.kind]}: {text}", PRIVATE)
        elif event.kind == "home_published":
            self._home(event)
        elif event.kind.startswith("page_"):
            self._page(event)
        elif event.kind == "public_status":
            self._block("Statuspage", text, CHANNEL)
        elif event.kind == "failed":
            self._block(f"only {event.person}", text, FAILURE)
        elif event.kind in PHRASES and not _is_own_doing(event):
            self._block(place, PHRASES[event.kind].format(person=event.person, text=text), CHANNEL)

    def _message(self, event: BoxEvent, message: SlackMessage, place: str) -> None:
        """Print a message of the bot. What people type is already on the screen."""
        if not message.bot or message.subtype not in (None, "bot_message"):
            return
        lines = event.text.splitlines()
        before = self._shown.get(message.ts, [])
        self._shown[message.ts] = lines
        if event.kind == "posted":
            thread = " (thread)" if message.thread_ts not in (None, message.ts) else ""
            self._block(place + thread, event.text, CHANNEL)
        elif fresh := [line for line in lines if line not in before]:
            self._block(place, "\n".join(f"edited: {line}" for line in fresh), CHANNEL)

    def _home(self, event: BoxEvent) -> None:
        """Print a person's home tab; when it is published again, only what is new on it."""
        lines, tab = event.text.splitlines(), f"home:{event.ref}"
        before = self._shown.get(tab, [])
        self._shown[tab] = lines
        if fresh := [line for line in lines if line not in before]:
            self._block(f"{event.person}'s home tab", "\n".join(fresh), PRIVATE)

    def _page(self, event: BoxEvent) -> None:
        if event.kind == "page_rings":
            self._block(f"{event.person}'s phone", f"rings: {event.text}", PHONE)
        elif event.kind != "page_triggered":
            by = f" by {event.person}" if event.person else ""
            word = event.kind.removeprefix("page_")
            self._block("PagerDuty", f"{word}{by}: {event.text}", PHONE)

    def _block(self, place: str, text: str, style: str) -> None:
        """Print the place, with one line beside it or several below."""
        lines = plain(text).splitlines() or [""]
        block = Text("  ").append(plain(place), style=style)
        if len(lines) == 1:
            block.append(f"  {lines[0]}")
        else:
            for line in lines:
                block.append(f"\n      {line}")
        self._print(_decorated(block))

    def _print(self, text: Text) -> None:
        """Print in one piece. A line that is being typed is printed again below."""
        with self._lock, self._out.capture() as printed:
            self._out.print(text, soft_wrap=True, highlight=False)
        typing = self.typing() if self.typing else ""
        with contextlib.suppress(BrokenPipeError):  # the reader has closed the pipe
            self._out.file.write(f"\r\x1b[K{printed.get()}{typing}" if typing else printed.get())
            self._out.file.flush()


def _is_own_doing(event: BoxEvent) -> bool:
    """Whether the line just typed shows it already."""
    return event.kind.startswith("reaction_") and event.person != "spy"


_ODD = re.compile(r"[^\n\x20-\x7e]")
"""Any character that needs a closer look. Most texts have none."""


def plain(text: str) -> str:
    """Replace characters that move the cursor, change colours or turn the reading direction."""
    return _ODD.sub(lambda found: _harmless(found[0]), text.replace("\t", "    ").replace("\r\n", "\n"))


def _harmless(letter: str) -> str:
    is_control = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "\N{REPLACEMENT CHARACTER}" if is_control and letter not in "\n" + JOINERS else letter


def _decorated(text: Text) -> Text:
    text.highlight_regex(r"(?<![\w*])\*[^*\n]+\*(?![\w*])", "bold")
    text.highlight_regex(r"\[[^#\[\]\n][^\[\]\n]{0,74}\]", "reverse")
    text.highlight_regex(r"(?<!\w)@[\w.-]+", "green")
    return text
