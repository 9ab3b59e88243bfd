"""One call of the Web API: its arguments in every encoding, and errors in Slack's words."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from bot.sandbox.server.server import HttpRequest
from bot.sandbox.slack.world import Json, SlackChannel


class SlackError(Exception):
    """An answer with `ok: false`. `facts` are added to it."""

    def __init__(self, error: str, **facts: Any) -> None:
        super().__init__(error)
        self.error = error
        self.facts = facts

    @classmethod
    def explained(cls, error: str, messages: list[str]) -> "SlackError":
        return cls(error, response_metadata={"messages": [f"[ERROR] {message}" for message in messages]})


@dataclass(frozen=True, kw_only=True)
class ScopeOf:
    """Returns the scope that a call needs for a kind of channel."""

    public: str
    private: str
    im: str

    def of(self, channel: SlackChannel | None, *, asks_private: bool) -> str:
        if channel is not None and channel.is_im:
            return self.im
        is_private = channel.is_private if channel is not None else asks_private
        return self.private if is_private else self.public


def flat(scope: str) -> ScopeOf:
    return ScopeOf(public=scope, private=scope, im=scope)


def by_kind(verb: str) -> ScopeOf:
    """Return the scopes of a verb by kind of channel. Public ones have channels:manage for `write`."""
    public = "channels:manage" if verb == "write" else f"channels:{verb}"
    return ScopeOf(public=public, private=f"groups:{verb}", im=f"im:{verb}")


class Args:
    """The arguments: form fields, JSON or a query. JSON inside form fields is parsed on demand."""

    def __init__(self, values: Json) -> None:
        self.values = values

    @classmethod
    def of(cls, request: HttpRequest) -> "Args":
        values: Json = dict(parse_qsl(request.query, keep_blank_values=True)) if request.query else {}
        if request.body:
            values |= _body(request.body, request.headers.get("content-type", ""))
        return cls(values)

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return default if value is None else str(value)

    def needed(self, name: str, error: str) -> str:
        """Return the argument. SlackError with this code if it is missing or empty."""
        value = self.text(name)
        if not value:
            raise SlackError(error)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.values.get(name)
        return default if value is None else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise SlackError("invalid_arguments") from None

    def json(self, name: str, error: str) -> Any:
        """Return the parsed argument, None if it is absent or empty."""
        value = self.values.get(name)
        if value in (None, ""):
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error) from None


def _body(body: bytes, content_type: str) -> Json:
    if "json" in content_type:
        try:
            values = json.loads(body)
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(values, dict):
            raise SlackError("json_not_object")
        return values
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method. `tier` None has no limit, `is_post` is limited per channel, `token` is the kind of token."""

    run: Callable[[Args], Json]
    scope: ScopeOf | None = None
    tier: int | None = None
    is_post: bool = False
    token: str = "bot"
