"""What can happen to a runbook in an incident."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.event import Event


@dataclass(frozen=True, kw_only=True)
class RunbookOpened(Event):
    """Somebody filled in a runbook in the incident's channel. The title is copied here because a runbook may go."""

    runbook: str
    title: str
    text_field: ClassVar[str] = "title"
