"""Who asks, by the bearer token of a request."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from bot.domain.api_token import TokenHolder
from bot.domain.policy import Policy
from bot.ports import Clock, Conflict, Session, Sessions, Unavailable
from bot.services.retry import retry_on_conflict
from bot.services.tokens import Tokens
from bot.services.transaction import Transaction


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """Finds the holder of a token. Each request asks anew, so that a revoked token is refused at once."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]

    def holder(self, headers: Mapping[str, str]) -> TokenHolder | None:
        """Return whose token is in the Authorization header (names in lower case); None if it is nobody's."""
        secret = bearer_of(headers)
        if not secret:
            return None
        with self.sessions.read() as session:
            holder = Tokens(self._transaction(session)).person_of(secret)
        if holder and holder.is_use_to_be_noted:
            with suppress(Conflict, Unavailable):  # who asks need not wait for it
                retry_on_conflict(partial(self._note, secret))
        return holder

    def _note(self, secret: str) -> None:
        with self.sessions.begin_background() as session:
            Tokens(self._transaction(session)).note_use(secret)

    def _transaction(self, session: Session) -> Transaction:
        return Transaction(session=session, now=self.clock.now(), policy=self.policy(), source="api")


def bearer_of(headers: Mapping[str, str]) -> str:
    """Return the token in an Authorization header, "" if there is none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.casefold() == "bearer" else ""
