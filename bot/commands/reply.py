"""What a command returns: words for the asker, or a form to fill in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A template and its facts. Private to the asker of a slash command, unless `shared` with the channel."""

    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    shared: bool = False
    document: Mapping[str, Any] | None = None
    """The facts of a postmortem; its Markdown is then the fact `document` of the template."""
    confirms: bool = False
    """Whether the line in the incident's channel says as much: whoever asked aloud there needs no second one."""


@dataclass(frozen=True)
class Fill:
    """A form to open: when it is sent, `command` is said with its fields as slots."""

    form: str
    command: str
    facts: Mapping[str, Any] = field(default_factory=dict)
