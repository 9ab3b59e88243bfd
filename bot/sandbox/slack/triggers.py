"""Trigger ids and response URLs, which a person's action gives the bot for a short time."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.slack.call import SlackError

TRIGGER_LIFE = 3.0
RESPONSE_LIFE = 30 * 60.0
RESPONSE_USES = 5


@dataclass(kw_only=True)
class Trigger:
    person: str
    at: float
    is_used: bool = False


@dataclass(kw_only=True)
class ResponseUrl:
    """A response URL. `ts` is the message that was acted on, None for a slash command."""

    person: str
    channel: str
    at: float
    ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


Spent = Literal["used_url", "expired_url"]


class Triggers:
    """Creates and checks them. The clock is in seconds and can be replaced."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}

    def trigger(self, person: str) -> str:
        id_ = f"{secrets.randbelow(10**10)}.0.{secrets.token_hex(12)}"
        self._triggers[id_] = Trigger(person=person, at=self.clock())
        return id_

    def exchange(self, id_: str) -> str:
        """Return the person of a trigger. It works once, for a short time."""
        trigger = self._triggers.get(id_)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.is_used:
            raise SlackError("exchanged_trigger_id")
        if self.clock() - trigger.at > TRIGGER_LIFE:
            raise SlackError("trigger_expired")
        trigger.is_used = True
        return trigger.person

    def response_token(
        self, person: str, channel: str, ts: str | None = None, thread_ts: str | None = None
    ) -> str:
        token = secrets.token_hex(12)
        self._urls[token] = ResponseUrl(
            person=person, channel=channel, at=self.clock(), ts=ts, thread_ts=thread_ts
        )
        return token

    def spend(self, token: str) -> ResponseUrl | Spent:
        url = self._urls.get(token)
        if url is None or self.clock() - url.at > RESPONSE_LIFE:
            return "expired_url"
        if url.uses >= RESPONSE_USES:
            return "used_url"
        url.uses += 1
        return url

    def expire(self) -> None:
        """Expire all triggers and response URLs."""
        for trigger in self._triggers.values():
            trigger.at -= TRIGGER_LIFE + 1
        for url in self._urls.values():
            url.at -= RESPONSE_LIFE + 1
