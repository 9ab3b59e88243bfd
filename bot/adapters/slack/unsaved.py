"""What people read when their request was not done: the reason, what to do by hand, and their words."""

from collections.abc import Callable
from uuid import uuid4

import structlog

from bot.adapters.slack.text import cut
from bot.commands.by_hand import by_hand
from bot.commands.request import Request
from bot.commands.timed import NotDone
from bot.domain.message import Message
from bot.domain.policy import Policy

WORDS_SHOWN = 1_500

log = structlog.get_logger()


class Unsaved:
    """Writes these sentences. They are in Python, because the templates may be broken and the database is away."""

    def __init__(self, policy: Callable[[], Policy]) -> None:
        self._policy = policy

    def told(self, request: Request, error: Exception) -> Message:
        """Return the message, with everything that can be done by hand."""
        steps = by_hand(self._policy()) if isinstance(error, NotDone) else ""
        words = f"Your words: {cut(request.text, WORDS_SHOWN) or '(none)'}"
        return Message(text=" ".join(filter(None, (sentence(request, error), steps, words))))

    def complaint(self, request: Request, error: Exception) -> str:
        """Return the sentence for a form, which has room for little and shows no markup."""
        at = self._policy().pager_page if isinstance(error, NotDone) else ""
        return sentence(request, error) + (f" Page by hand: {at}" if at else "")


def sentence(request: Request, error: Exception) -> str:
    """Log an error and return a sentence for the user."""
    if isinstance(error, NotDone):  # logged already, where the time ran out
        return error.sentence
    mark = uuid4().hex[:8]
    log.error("an ask failed", fault=mark, source=str(request.source), request=request.id, exc_info=error)
    return f"Spy hit a fault of its own and did nothing. It is logged as {mark}."
