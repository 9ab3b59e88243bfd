"""List who is in the workspace, so that Spy knows who is a guest before they ask for anything."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from bot.domain.policy import Policy
from bot.ports import Chat, Clock, Person, Rejected, Sessions, Throttled, Unavailable, Unreachable
from bot.services.people import People
from bot.services.transaction import Transaction

LISTED_EVERY = timedelta(hours=12)
TRIED_EVERY = timedelta(minutes=5)
AT_ONCE = 50
"""How many people one transaction stores, so that requests do not wait for all of them."""

log = structlog.get_logger()


class Everyone:
    """Asks one process at a time. Who joins between two lists is asked for when they first say something."""

    def __init__(self, *, sessions: Sessions, clock: Clock, policy: Callable[[], Policy], chat: Chat) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policy = policy
        self._chat = chat
        self._owner = uuid4().hex
        self._listed_at: datetime | None = None
        self.has_asked = False
        """Whether Slack was asked once, with or without success."""

    def run(self) -> None:
        now = self._clock.now()
        if self._listed_at and now < self._listed_at + LISTED_EVERY:
            return
        try:
            if self._is_our_turn(now):
                self._list()
            self._listed_at = now
        except (Unreachable, Throttled, Rejected, Unavailable) as trouble:
            log.warning("the people of the workspace can't be listed", why=str(trouble))
        finally:
            self.has_asked = True

    def _list(self) -> None:
        for people in self._chat.people():
            for first in range(0, len(people), AT_ONCE):
                self._store(people[first : first + AT_ONCE])

    def _store(self, people: Sequence[Person]) -> None:
        with self._sessions.begin_background() as session:
            tx = Transaction(session=session, now=self._clock.now(), policy=self._policy(), source="slack")
            People(tx).listed(people)

    def _is_our_turn(self, now: datetime) -> bool:
        with self._sessions.begin() as session:
            return session.holds("everyone", self._owner, now=now, lease=LISTED_EVERY)
