"""Translate Slack's errors: outcome unknown, rate limited, or refused with a sentence that says what to do."""

from collections.abc import Mapping
from typing import Any

from bot.adapters.slack.reading import listed, maybe, part
from bot.domain.foreign import inert
from bot.ports import Rejected, Unreachable

TROUBLE = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "unreadable answer",
    }
)
LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
LONGEST_PAUSE = 24 * 3600.0  # seconds; Slack never asks for more
HTTP_REFUSED, HTTP_LIMITED, HTTP_TROUBLE = 400, 429, 500

CURES = {
    "not_in_channel": "Spy is not in that channel. Invite it there with /invite @spy.",
    "channel_not_found": (
        "Spy can't see that channel. If it is private, invite Spy there with /invite @spy; "
        "else check its id in the configuration."
    ),
    "is_archived": "That channel is archived. Unarchive it, or name another one.",
    "restricted_action": "This workspace's settings don't let Spy do that. A workspace admin can allow it.",
    "user_not_found": "Slack knows no such person here.",
    "users_not_found": "Slack knows no such person here.",
    "cant_invite": "Slack does not let Spy invite that person.",
    "cant_invite_self": "Spy is in that channel already.",
    "user_is_restricted": "That person is a guest: a workspace admin must let them into the channel.",
    "ura_max_channels": "That person is a guest of one channel, and can't be invited to a second.",
    "user_not_in_channel": "That person is not in the channel, so that they can't be told there.",
    "cannot_dm_bot": "Slack lets no bot write to another bot.",
    "message_not_found": "That message is gone.",
    "no_such_subteam": (
        "Slack knows no such user group. Look at its id (S0SRE) in config.yaml, "
        "under `permissions:` or a team's `oncall_group:`."
    ),
    "permission_denied": (
        "This workspace's settings don't let Spy change user groups. "
        "A workspace admin can allow it: Settings & Permissions, User Groups."
    ),
    "plan_upgrade_required": (
        "This workspace's plan has no user groups: name people (U0ANA) under `permissions:` in config.yaml."
    ),
    "name_taken": "A channel of that name exists already, perhaps an archived one.",
    "expired_trigger_id": "Slack's 3 seconds for opening the form were over. Try once more.",
    "trigger_expired": "Slack's 3 seconds for opening the form were over. Try once more.",
    "exchanged_trigger_id": "That form was opened already.",
    "used_url": "Slack takes no more answers to that request.",
    "expired_url": "Slack takes no more answers to that request: it is older than 30 minutes.",
    "invalid_auth": "Slack refuses SLACK_BOT_TOKEN. Copy it again: OAuth & Permissions, Bot User OAuth Token.",
    "not_authed": "SLACK_BOT_TOKEN is empty. Copy it: OAuth & Permissions, Bot User OAuth Token.",
    "account_inactive": "The app was removed from the workspace. Reinstall it, and set the new SLACK_BOT_TOKEN.",
    "token_revoked": "SLACK_BOT_TOKEN was revoked. Reinstall the app, and set the new one.",
    "msg_too_long": "That is longer than Slack takes.",
    "too_many_bookmarks": "That channel has all the bookmarks that Slack allows.",
}


REFUSALS = frozenset({"invalid_blocks", "invalid_blocks_format"})
"""What is refused for good, whatever the status: a `response_url` answers so with 500."""
OPENING = "apps.connections.open"
NOT_CONNECTED = "not connected: run spy check"
_NOT_TAKEN = (
    "Slack refuses SLACK_APP_TOKEN. Make an app-level token with connections:write on the app's "
    "Basic Information page, and set it."
)
APP_TOKEN_CURES = dict.fromkeys(
    (
        "invalid_auth",
        "not_authed",
        "not_allowed_token_type",
        "token_revoked",
        "token_expired",
        "missing_scope",
    ),
    _NOT_TAKEN,
)
"""When a Socket Mode link is opened, these codes are about the app-level token."""


class SlackRejected(Rejected):
    """A refusal with Slack's whole answer, which may have details beyond the code."""

    def __init__(self, code: str, sentence: str, answer: Mapping[str, Any]) -> None:
        super().__init__(code, sentence, detail=_detail(code, answer))
        self.answer = answer


def is_limited(status: int, code: str) -> bool:
    """Return whether Slack refused a call because of a rate limit."""
    return status == HTTP_LIMITED or code in LIMITED


def failure(method: str, status: int, answer: Mapping[str, Any]) -> Unreachable | SlackRejected:
    """Return the error for an answer other than `ok`. Call `is_limited` first: rate limits are not handled here."""
    named = maybe(answer, "error")
    code = named or f"http_{status}"
    is_no_refusal = status < HTTP_REFUSED and named is None
    is_trouble = status >= HTTP_TROUBLE and code not in REFUSALS
    if (
        is_no_refusal or is_trouble or code in TROUBLE or " " in code
    ):  # a code with a space is slack_sdk's own text
        return Unreachable(f"Slack answered {method} with {status} {named or 'and no word why'}")
    return SlackRejected(code, _sentence(method, code, answer), answer)


def _sentence(method: str, code: str, answer: Mapping[str, Any]) -> str:
    if method == OPENING and code in APP_TOKEN_CURES:
        return APP_TOKEN_CURES[code]
    if code == "missing_scope":
        needed = inert(maybe(answer, "needed") or "for this")
        return (
            f"Spy lacks Slack's permission {needed}. Add it under the app's OAuth & Permissions, "
            "and reinstall the app."
        )
    if code in CURES:
        return CURES[code]
    return f"Slack refused {method}: {inert(code)}."


def _detail(code: str, answer: Mapping[str, Any]) -> str:
    """Return Slack's own words about a code that is not known here."""
    said = (it for it in listed(part(answer, "response_metadata"), "messages") if isinstance(it, str))
    details = inert("; ".join(said))
    return f" {details}" if details and code not in {*CURES, *APP_TOKEN_CURES, "missing_scope"} else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait from the Retry-After header; None if it is missing, invalid or over a day."""
    delay = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        seconds = max(float(delay), 0.0)
    except ValueError:
        return None
    return seconds if seconds < LONGEST_PAUSE else None
