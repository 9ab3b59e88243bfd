"""Call Slack's Web API within its rate limits. A failure raises Unreachable, Throttled or Rejected."""

import json
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from urllib3.exceptions import HTTPError

from bot.adapters.network.reasons import reason
from bot.adapters.network.server_clock import ServerClock
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.failures import (
    HTTP_LIMITED,
    HTTP_REFUSED,
    SlackRejected,
    failure,
    is_limited,
    retry_after,
)
from bot.adapters.slack.lengths import fitted
from bot.adapters.slack.limits import SlackLimits
from bot.adapters.slack.reading import maybe
from bot.adapters.slack.silence import Silence
from bot.ports import Unreachable

Answer = Mapping[str, Any]
HTTP_GONE = 404


class Calls:
    """Slack's methods by name. Safe to use from many threads."""

    def __init__(
        self, client: PooledWebClient, limits: SlackLimits, clock: ServerClock, silence: Silence
    ) -> None:
        self._client = client
        self._limits = limits
        self.clock = clock
        self.silence = silence

    def write(self, method: str, /, *, who: str = "", **params: Any) -> Answer:
        """Call a method that takes JSON. `who` identifies the caller's turn in the rate limit's queue."""
        return self._call(method, who, params, {"json": fitted(method, params)})

    def request(self, method: str, /, **params: Any) -> Answer:
        """Call a method that takes form data only."""
        return self._call(method, "", params, {"params": params})

    def respond(self, url: str, payload: Mapping[str, Any]) -> None:
        """Post to a `response_url`. Slack accepts five posts to each."""
        try:
            status, headers, text = self._client.send(url, fitted("response_url", payload))
        except (HTTPError, OSError) as error:
            raise self._unheard(Unreachable(f"Slack did not answer: {reason(error)}")) from error
        self.silence.heard()
        answer = _parsed(text)
        if status == HTTP_LIMITED:
            raise self._limits.refused("response_url", who=url, retry_after=retry_after(headers))
        if status >= HTTP_REFUSED or answer.get("ok") is False:
            gone = {"error": "used_url"} if status == HTTP_GONE else {}
            raise failure("response_url", status, gone | dict(answer))

    def _call(self, method: str, who: str, params: Mapping[str, Any], sent: Mapping[str, Any]) -> Answer:
        channel = str(params.get("channel", ""))
        turn = who or channel or str(params.get("name") or params.get("channel_id") or "")
        self._limits.enter(method, channel=channel, who=turn)
        try:
            reply = self._client.api_call(method, **sent)
        except SlackApiError as error:
            self.clock.hear(error.response.headers)
            status, answer = error.response.status_code, error.response.data
            if not is_limited(status, maybe(answer, "error") or ""):
                raise self._judged(failure(method, status, answer)) from error
            self.silence.heard()
            wait = retry_after(error.response.headers)
            raise self._limits.refused(method, channel=channel, who=turn, retry_after=wait) from error
        except (HTTPError, OSError) as error:
            raise self._unheard(Unreachable(f"Slack did not answer {method}: {reason(error)}")) from error
        self.clock.hear(reply.headers)
        self.silence.heard()
        return reply.data  # type: ignore[return-value]  # bytes only for files

    def _judged(self, failed: Unreachable | SlackRejected) -> Unreachable | SlackRejected:
        if isinstance(failed, Unreachable):
            return self._unheard(failed)
        self.silence.heard()
        return failed

    def _unheard(self, unreachable: Unreachable) -> Unreachable:
        """Add to a failure whether Slack answers anybody else."""
        self.silence.missed()
        unreachable.steady_since = self.silence.steady_since
        return unreachable


def promised(answer: Answer, *path: str) -> str:
    """Return the text at a path of the answer. Raise Unreachable if it is missing: the outcome is then unknown."""
    found = maybe(answer, *path)
    if found is None:
        raise Unreachable(f"Slack's answer names no {' '.join(path)}")
    return found


def entries(answer: Answer, name: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list in the answer. Raise Unreachable if there is no list."""
    found = answer.get(name)
    if not isinstance(found, list):
        raise Unreachable(f"Slack's answer has no {name}")
    return [it for it in found if isinstance(it, Mapping)]


def _parsed(text: str) -> Answer:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
