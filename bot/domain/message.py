"""A message independent of any vendor: plain text with every fact, and parts that decorate it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Button:
    """A button that runs a command (`say`) or opens a `url`.

    `confirm` is a question to ask first. `in_menu` puts it into the menu (⋯). `memory` comes back when it is pressed:
    what the command declares an incident from (`origin`), or who had asked for it (`ask`).
    """

    label: str
    say: str | None = None
    url: str | None = None
    style: str | None = None
    confirm: str | None = None
    in_menu: bool = False
    memory: Mapping[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True)
class DataTable:
    """A table of texts and numbers. `text` says the same in words, for readers who can't see it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    text: str
    kind: Literal["data_table"] = "data_table"


@dataclass(frozen=True)
class DataChart:
    """Bars: a label and a number each. `text` says the same in words, for readers who can't see it."""

    title: str
    labels: tuple[str, ...]
    values: tuple[int, ...]
    text: str
    kind: Literal["data_chart"] = "data_chart"


# `kind` identifies each part after it is stored as JSON.
Part = Header | Section | Fields | Context | Divider | Buttons | DataTable | DataChart


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message. `text` holds every fact (Slack mrkdwn, escaped); `parts` decorate it."""

    text: str
    parts: tuple[Part, ...] = ()

    @property
    def offers(self) -> Iterator[tuple[str, str]]:
        """Yield the label of each button that says a command, and the command."""
        for part in self.parts:
            if isinstance(part, Buttons):
                yield from ((it.label, it.say) for it in part.buttons if it.say)

    @property
    def has_data(self) -> bool:
        """Whether it has tables or charts, which not every reader's client can show."""
        return any(isinstance(it, DataTable | DataChart) for it in self.parts)
