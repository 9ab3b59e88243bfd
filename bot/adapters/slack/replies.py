"""Send replies to people when the outbox can't, such as without a database. Kept in memory and retried."""

import time
from dataclasses import dataclass, replace
from threading import Condition, Thread

import structlog

from bot.adapters.slack.chat import SlackChat
from bot.commands.request import Request
from bot.domain.message import Message
from bot.ports import Rejected, Throttled, Unreachable

TRIED_FOR = 30 * 60.0
"""Seconds for which Slack accepts an answer to a request."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
MOST = 1_000
"""The most replies that wait; further ones are only logged."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Reply:
    request: Request
    words: Message
    due: float
    until: float
    wait: float = FIRST_WAIT


class Replies:
    """Replies that wait. Any thread may add one; a background thread sends them while there are any."""

    def __init__(self, chat: SlackChat) -> None:
        self._chat = chat
        self._changed = Condition()
        self._waiting: list[_Reply] = []
        self._is_sending = False

    def add(self, request: Request, words: Message) -> None:
        now = time.monotonic()
        with self._changed:
            if len(self._waiting) >= MOST:
                log.warning("nobody could be told", request=request.id)
                return
            self._waiting.append(_Reply(request=request, words=words, due=now, until=now + TRIED_FOR))
            self._changed.notify()
            if self._is_sending:
                return
            self._is_sending = True
        Thread(target=self._run, name="replies", daemon=True).start()

    def _run(self) -> None:
        while reply := self._next():
            again_in = self._send(reply)
            if again_in is None:
                continue
            due = time.monotonic() + again_in
            if due > reply.until:
                log.warning("nobody could be told", request=reply.request.id)
                continue
            with self._changed:
                self._waiting.append(replace(reply, due=due, wait=min(reply.wait * 2, LONGEST_WAIT)))

    def _next(self) -> _Reply | None:
        """Wait until the next reply is due, and return it; None if there are no more."""
        with self._changed:
            while self._waiting:
                first = min(self._waiting, key=lambda it: it.due)
                if (left := first.due - time.monotonic()) <= 0:
                    self._waiting.remove(first)
                    return first
                self._changed.wait(left)
            self._is_sending = False
            return None

    def _send(self, reply: _Reply) -> float | None:
        """Send a reply. Return the seconds until the next attempt; None if it was sent or refused for good."""
        request = reply.request
        try:
            if request.response_url:
                self._chat.respond(request.response_url, reply.words)
            else:
                self._chat.post_ephemeral(
                    request.channel or request.user, request.user, reply.words, thread=request.thread
                )
        except Throttled as throttled:
            return throttled.retry_after.total_seconds()
        except Unreachable:
            return reply.wait
        except Rejected as rejected:
            log.warning("nobody could be told", request=request.id, why=rejected.logged)
        return None
