"""Rendered text: messages, forms, documents, runbooks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.domain.message import Message
from bot.domain.postmortem.document import Document
from bot.domain.postmortem.statistics import Bar
from bot.domain.runbook.runbook import Reading, Runbook


@dataclass(frozen=True, kw_only=True)
class FormField:
    """A field of a form. `kind` is line, text, choice, person or tick."""

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
    """An introduction above the fields, in Slack mrkdwn."""


class Templates(Protocol):
    """Renders templates. A template's name is its path below templates/, without the file ending."""

    def render(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = ...
    ) -> Message:
        """Render a message. `names` returns a person's name by Slack id, or None if it is not known."""

    def words(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = ...
    ) -> str:
        """Render a message for readers outside Slack, such as on a phone: names instead of ids, nothing escaped."""

    def form(self, template: str, facts: Mapping[str, Any]) -> Form:
        """Render a form."""

    def document(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = ...
    ) -> Document:
        """Render a document in Markdown: `postmortem` or `follow_up`."""

    def picture(self, title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
        """Draw an incident as an SVG picture."""


class WebTemplates(Protocol):
    """Renders the pages of the dashboard."""

    def page(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None], zone: str
    ) -> str:
        """Render HTML. Times are shown in this time zone (IANA)."""


@dataclass(frozen=True, kw_only=True)
class FilledRunbook:
    """A runbook with its values. `text` is escaped mrkdwn, as much of it as a message can hold."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)
    """The values by name, each on one line and escaped."""
    left_out: int = 0
    """How many blocks at the end do not fit into a message."""
    url: str | None = None
    """Where the whole runbook can be read in a browser, if known."""


class Runbooks(Protocol):
    """This organisation's runbooks, as their files are now."""

    def all(self) -> Sequence[Runbook]: ...
    def mistakes(self) -> Sequence[str]:
        """Return why files are left out: one line each, with file and line."""

    def find(self, name: str) -> Runbook:
        """Find a runbook by name. Raises Refusal with the nearest name if there is none."""

    def read(self, runbook: Runbook, given: Mapping[str, str]) -> Reading:
        """Read what was typed for its parameters, with Slack's own escapes."""

    def fill(
        self, runbook: Runbook, values: Mapping[str, str], incident: Mapping[str, object] | None = None
    ) -> FilledRunbook:
        """Fill in the values that `read` returned. Raises Refusal, with advice, if that is not possible."""
