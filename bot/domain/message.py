"""What is said, before any vendor's form of it: plain text that holds every fact, and parts that decorate it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Button:
    """A press says a command (`say`) or opens a `url`; `confirm` is asked first. Rarer ones are `in_menu` (⋯)."""

    label: str
    say: str | None = None
    url: str | None = None
    style: str | None = None
    confirm: str | None = None
    in_menu: bool = False


@dataclass(frozen=True)
class Header:
    text: str
    kind: Literal["header"] = "header"


@dataclass(frozen=True)
class Section:
    text: str
    kind: Literal["section"] = "section"


@dataclass(frozen=True)
class Fields:
    texts: tuple[str, ...]
    kind: Literal["fields"] = "fields"


@dataclass(frozen=True)
class Context:
    text: str
    kind: Literal["context"] = "context"


@dataclass(frozen=True)
class Divider:
    kind: Literal["divider"] = "divider"


@dataclass(frozen=True)
class Buttons:
    buttons: tuple[Button, ...]
    kind: Literal["buttons"] = "buttons"


# `kind` tells the parts apart once they have been kept as JSON.
Part = Header | Section | Fields | Context | Divider | Buttons


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is said: `text` holds every fact (Slack mrkdwn, escaped), `parts` decorate it."""

    text: str
    parts: tuple[Part, ...] = ()
