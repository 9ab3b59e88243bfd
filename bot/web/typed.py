"""What people and programs type outside Slack."""

import re

from bot.domain.markup import as_slack_sends

_ADDRESSED = re.compile(r"[/@]?spy\s+", re.IGNORECASE)
"""How people begin in Slack: a slash command, a mention, or the plain name. No command begins so."""


def as_typed_in_slack(typed: str) -> str:
    """Return the words without `/spy` or `@spy` in front, as Slack sends what people type."""
    words = typed.strip()
    found = _ADDRESSED.match(words)
    return as_slack_sends(words[found.end() :] if found else words.removeprefix("/"))
