"""What a command returns: an answer, or a form to fill in."""

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
    """The facts of a postmortem. Its Markdown becomes the template's fact `document`."""
    confirms: bool = False
    """Whether the line in the incident's channel says the same: then the person who asked there needs no answer."""
    discreet: bool = False
    """Whether only the asker sees it, also if they asked in a message that everybody sees."""
    once: bool = False
    """Whether it holds a secret that is stored nowhere: only an acknowledgement can show it, and no repetition does."""


@dataclass(frozen=True)
class Fill:
    """A form to open. Submitting it runs `command` with the form's fields as slots."""

    form: str
    command: str
    facts: Mapping[str, Any] = field(default_factory=dict)
