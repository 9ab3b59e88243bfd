"""Who calls the MCP server: by a token, or by what Slack has signed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.subject import is_person

SLACKBOT = "Slackbot"
"""The name of the machine that Slack's own client is."""


@dataclass(frozen=True, kw_only=True)
class McpCaller:
    """In whose name a machine calls ("" if Slack did not say for this message), and what it is called."""

    person: str
    name: str
    may_propose: bool


@dataclass(frozen=True, kw_only=True)
class Callers:
    """Finds out who calls. Runs in a thread."""

    of_token: Callable[[Mapping[str, str]], McpCaller | None]
    """Returns whose token is in these headers (names in lower case); None if it can't be used."""
    is_signed: Callable[[bytes, Mapping[str, str]], bool]
    """Returns whether Slack has signed a body, with these headers."""
    workspace: Callable[[], str | None]
    """Returns the Slack id of Spy's own workspace."""

    def of(self, body: bytes, headers: Mapping[str, str]) -> McpCaller | None:
        if "x-slack-signature" in headers:
            return self._of_slack(body) if self.is_signed(body, headers) else None
        return self.of_token(headers)

    def _of_slack(self, body: bytes) -> McpCaller | None:
        """Return who asks Slackbot: `_meta.slack` of a message says so, and the signature covers it."""
        slack = _slack_of(body)
        person, team = slack.get("user_id"), slack.get("team_id")
        if person is None and team is None:
            return McpCaller(person="", name=SLACKBOT, may_propose=False)
        if not isinstance(person, str) or not is_person(person) or team != (self.workspace() or None):
            return None
        return McpCaller(person=person, name=SLACKBOT, may_propose=True)


def _slack_of(body: bytes) -> Mapping[str, Any]:
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    for name in ("params", "_meta", "slack"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
