"""The words: messages, forms, documents, runbooks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.domain.document import Document
from bot.domain.message import Message
from bot.domain.runbook import Reading, Runbook
from bot.domain.statistics import Bar


@dataclass(frozen=True, kw_only=True)
class FormField:
    """A question of a form; `kind` is line, text, choice, person or tick."""

    name: str
    label: str
    kind: str = "line"
    hint: str | None = None
    initial: str | None = None
    optional: bool = False
    options: tuple[tuple[str, str], ...] = ()
    max_length: int | None = None


@dataclass(frozen=True, kw_only=True)
class Form:
    title: str
    submit: str
    fields: tuple[FormField, ...]
    intro: str | None = None
    """What is being asked about; Slack mrkdwn."""


class Templates(Protocol):
    """The words. A template's name is its path below templates/, without the ending."""

    def render(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = ...
    ) -> Message:
        """Fill in a message; `names` tells a person's name by Slack id, None where it is not known."""

    def words(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = ...
    ) -> str:
        """Fill in a message for readers outside Slack, such as a phone: names for ids, nothing escaped."""

    def form(self, template: str, facts: Mapping[str, Any]) -> Form:
        """Fill in a form."""

    def document(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = ...
    ) -> Document:
        """Write a document in Markdown: `postmortem` or `follow_up`."""

    def picture(self, title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
        """Draw an incident as an SVG picture."""


@dataclass(frozen=True, kw_only=True)
class FilledRunbook:
    """A runbook with its values in it: `text` is mrkdwn, ready and escaped, as much of it as a message holds."""

    text: str
    said: Mapping[str, str] = field(default_factory=dict)
    """The values by name, on one line each and escaped."""
    left_out: int = 0
    """How many blocks at its end a message does not hold."""
    url: str | None = None
    """Where the whole of it is to be read in a browser, where that is known."""


class Runbooks(Protocol):
    """The runbooks of this organisation, as their files are now."""

    def all(self) -> Sequence[Runbook]: ...
    def mistakes(self) -> Sequence[str]:
        """Return why files are left out: a line each, with file and line."""

    def find(self, name: str) -> Runbook:
        """Find by name; Refusal with the nearest where there is none."""

    def read(self, runbook: Runbook, said: Mapping[str, str]) -> Reading:
        """Take what was typed for its parameters, with Slack's own escapes."""

    def fill(
        self, runbook: Runbook, values: Mapping[str, str], incident: Mapping[str, object] | None = None
    ) -> FilledRunbook:
        """Fill it in with what `read` made of it; Refusal where that can't be done, with what to do instead."""
