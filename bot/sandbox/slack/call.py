"""One call of the Web API: its arguments however they were sent, and the refusals in Slack's words."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from bot.sandbox.server.server import HttpRequest
from bot.sandbox.slack.world import Json, SlackChannel


class SlackError(Exception):
    """`ok: false`; `facts` go into the answer beside the error."""

    def __init__(self, error: str, **facts: Any) -> None:
        super().__init__(error)
        self.error = error
        self.facts = facts

    @classmethod
    def explained(cls, error: str, messages: list[str]) -> "SlackError":
        return cls(error, response_metadata={"messages": [f"[ERROR] {message}" for message in messages]})


@dataclass(frozen=True, kw_only=True)
class ScopeOf:
    """What a token must be allowed, by the kind of channel the call is about."""

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
    """`read` asks channels:read, groups:read or im:read; `write` asks channels:manage in a public channel."""
    public = "channels:manage" if verb == "write" else f"channels:{verb}"
    return ScopeOf(public=public, private=f"groups:{verb}", im=f"im:{verb}")


class Args:
    """Form fields, JSON or a query: a form's values are strings, and JSON inside them is unpacked on demand."""

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
        """The argument, or a refusal with this error where it is missing or empty."""
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
        """None where the argument is absent or empty."""
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
    """A row of the table: what a call may cost, what it needs, and what it does.

    `tier` None is not limited; `is_post` is limited by channel; `token` is the kind of token that may call.
    """

    run: Callable[[Args], Json]
    scope: ScopeOf | None = None
    tier: int | None = None
    is_post: bool = False
    token: str = "bot"
