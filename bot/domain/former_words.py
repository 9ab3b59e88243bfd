"""Words of earlier versions that Spy still reads, in configuration, runbooks and buttons.

READ_UNTIL is the last day on which they must work. After it, delete this file and its uses.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import TypeVar

READ_UNTIL = date(2027, 11, 30)
TIMERS = {"room_rest": "channel_rest", "cover_nags": "cover_reminders"}
"""Keys of `timers:`."""
RECIPIENTS = {"room": "channel"}
"""Whom a milestone speaks to, in `to:`."""
MILESTONE_FIELDS = re.compile(r"(?<!\{)\{(id|name|severity)\}(?!\})")
"""Placeholders in a milestone's words: `{id}` for `{{ id }}`."""
INCIDENT_FIELDS = {"room": "channel"}
"""What a runbook reads from `incident`."""
COMMANDS = {"follow-up sort ": "follow-up category "}
"""Beginnings of commands, as buttons in Slack have them."""

V = TypeVar("V")


def renamed(section: Mapping[str, V], former: Mapping[str, str]) -> dict[str, V]:
    """Return the section by its current keys. A key given by both names keeps the value of the current one."""
    brought = {former[key]: value for key, value in section.items() if key in former}
    return brought | {key: value for key, value in section.items() if key not in former}


def current_command(text: str) -> str:
    """Return a command in current words."""
    for former, current in COMMANDS.items():
        if text.casefold().startswith(former):
            return current + text[len(former) :]
    return text


def with_placeholders(words: str) -> str:
    """Return a milestone's words with current placeholders."""
    return MILESTONE_FIELDS.sub(r"{{ \1 }}", words)
