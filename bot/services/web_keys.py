"""Sign people in to the dashboard by a one-time link, and out again."""

from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe

from bot.domain.audit import DONE
from bot.domain.refusal import Refusal
from bot.domain.web_key import LINK_LASTS, KeyKind, WebKey, digest_of, is_safe
from bot.services.audit import AuditLog
from bot.services.directory import Directory
from bot.services.transaction import Transaction

BYTES = 32
"""Random bytes of a secret: nobody guesses it."""
LONGEST = 100
"""Characters of a secret from outside that are looked at."""
NO_ADDRESS = (
    "The dashboard has no address yet. Ask an admin to set `web.public_url` in config.yaml to where people reach "
    "Spy's port, such as https://spy.example.com."
)
PLAIN_ADDRESS = (
    "The dashboard needs https, so that nobody on the way can read a session. Ask an admin to put Spy behind https "
    "and to set `web.public_url` in config.yaml to that address."
)


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A new session: whose it is, and its secret, for the cookie alone."""

    person: str
    secret: str
    lasts: timedelta


class WebKeys:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._records = tx.session.web_keys

    def link(self, person: str) -> str:
        """Return the address of a one-time link for a person. Refuses if the dashboard has no safe address."""
        address = self._tx.policy.dashboard.address
        if not address:
            raise Refusal(NO_ADDRESS)
        if not is_safe(address):
            raise Refusal(PLAIN_ADDRESS)
        secret = self._made(KeyKind.LINK, person, LINK_LASTS)
        return f"{address.rstrip('/')}/sign-in?key={secret}"

    def invited(self, secret: str) -> str | None:
        """Return for whom a link is that can still be used. Looking does not use it up."""
        return self._person(secret, KeyKind.LINK)

    def sign_in(self, secret: str) -> SignedIn | None:
        """Use up a link, and return a session for its person; None if it can't be used any more."""
        person = self._person(secret, KeyKind.LINK)
        if person is None or not self._records.remove(digest_of(secret)):
            return None
        lasts = self._tx.policy.dashboard.session
        AuditLog(self._tx).add("sign in", DONE, person=person)
        return SignedIn(person=person, secret=self._made(KeyKind.SESSION, person, lasts), lasts=lasts)

    def person_of(self, secret: str) -> str | None:
        """Return whose session this is; None if it has ended."""
        return self._person(secret, KeyKind.SESSION)

    def sign_out(self, secret: str) -> None:
        """End one session."""
        person = self.person_of(secret)
        if person and self._records.remove(digest_of(secret)):
            AuditLog(self._tx).add("sign out", DONE, person=person)

    def end_all(self, person: str) -> int:
        """End all sessions of a person, and their unused links. Return how many sessions there were."""
        return self._records.remove_all(person, now=self._tx.now)

    def _made(self, kind: KeyKind, person: str, lasts: timedelta) -> str:
        secret, now = token_urlsafe(BYTES), self._tx.now
        self._records.put(
            WebKey(digest=digest_of(secret), kind=kind, person=person, made_at=now, ends_at=now + lasts)
        )
        return secret

    def _person(self, secret: str, kind: KeyKind) -> str | None:
        key = self._records.get(digest_of(secret)) if len(secret) <= LONGEST else None
        if key is None or key.kind is not kind or key.ends_at <= self._tx.now:
            return None
        return key.person if Directory(self._tx).is_assignable(key.person) else None
