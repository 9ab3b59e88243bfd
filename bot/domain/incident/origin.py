"""The Slack message or thread that an incident is declared from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.incident.incident import Incident
from bot.domain.incident.name import NAME_LENGTH
from bot.domain.markup import MENTION, plain_prose, undecorated
from bot.domain.text import one_line, shortened


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A message, or a thread. Its words only propose a name: they are stored nowhere else."""

    url: str
    kind: str = "message"
    """`message` or `thread`."""
    author: str = ""
    """A mention, or the name of a bot; empty if nobody is known."""
    is_private: bool = False
    """Whether its channel is private or a direct message: then a public incident does not name its author."""
    text: str = ""
    thread: str | None = None
    """The thread in which Spy answers."""

    @property
    def title(self) -> str:
        """Return the title of its link."""
        place = " in a private channel" if self.is_private else ""
        return f"The {self.kind} it was declared from{place}"

    def is_of(self, incident: Incident) -> bool:
        """Whether an incident links it."""
        return any(it.url == self.url for it in incident.links)

    def author_in(self, *, private: bool) -> str:
        """Return its author as a public or `private` incident may name them."""
        return self.author if private or not self.is_private else ""

    def proposed_name(self, name_of: Callable[[str], str | None]) -> str:
        """Return its first line as a person reads it. `name_of` returns a person's name, None if it is unknown."""
        lines = (undecorated(it).strip() for it in plain_prose(self.text).splitlines())
        first = next((it for it in lines if any(letter.isalnum() for letter in it)), "")
        named = MENTION.sub(lambda found: name_of(found["id"]) or found["label"] or "someone", first)
        return shortened(one_line(named), NAME_LENGTH)

    @property
    def memory(self) -> Mapping[str, Any]:
        """Return what a form keeps of it: not its words."""
        return {"url": self.url, "kind": self.kind, "author": self.author, "is_private": self.is_private}


def remembered(memory: Any) -> Origin | None:
    """Return the origin that a form kept; None if there is none."""
    if not isinstance(memory, Mapping) or not isinstance(memory.get("url"), str):
        return None
    return Origin(
        url=memory["url"],
        kind="thread" if memory.get("kind") == "thread" else "message",
        author=str(memory.get("author") or ""),
        is_private=memory.get("is_private") is not False,
    )
