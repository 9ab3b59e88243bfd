"""Tokens of programs: make, list and revoke them, and find whose token a secret is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_urlsafe

from bot.domain.api_token import INCLUDED, PREFIX, ApiToken, Scope, TokenHolder
from bot.domain.refusal import Refusal
from bot.domain.text import one_line, shortened
from bot.domain.web_key import digest_of
from bot.services.directory import Directory
from bot.services.permissions import Permissions
from bot.services.transaction import Transaction
from bot.services.web_keys import BYTES
from bot.services.web_keys import LONGEST as LONGEST_SECRET

LONGEST = 60
"""Characters of a token's name."""
MOST = 20
"""How many tokens one person may have."""
FRESH = timedelta(minutes=5)
"""How old the time of a token's last use may be: a program that asks often does not write each time."""
MARK = 12
"""Characters of the digest that identify a token where its name may be given again."""


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A new token with its secret, which is shown once."""

    token: ApiToken
    secret: str


class Tokens:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._records = tx.session.api_tokens

    # --- making and revoking ---

    def make(self, name: str, scope: Scope, *, by: str, ends_at: datetime | None = None) -> NewToken:
        """Make a token that lets a program do what `by` may, within its scope, until `ends_at` (UTC)."""
        short = _name(name)
        if ends_at and ends_at <= self._tx.now:
            raise Refusal("A token can't have ended already. Give a time to come.", slot="ends")
        self._tx.session.lock("tokens")
        if self._records.named(short):
            raise Refusal(
                f"There is a token called {short} already. Choose another name, or revoke that one."
            )
        if len(self._records.of(by)) >= MOST:
            raise Refusal(f"You have {MOST} tokens. Revoke one first: `token list` shows them.")
        secret = PREFIX + token_urlsafe(BYTES)
        token = ApiToken(
            digest=digest_of(secret),
            name=short,
            scope=scope,
            person=by,
            made_at=self._tx.now,
            ends_at=ends_at,
        )
        self._records.put(token)
        return NewToken(token=token, secret=secret)

    def seen_by(self, person: str) -> Sequence[ApiToken]:
        """Return a person's own tokens; an admin sees everybody's."""
        found = self._records.all() if self._is_admin(person) else self._records.of(person)
        return [it for it in found if not it.has_ended(self._tx.now)]

    def revoke(self, name: str, *, by: str) -> ApiToken:
        """Revoke one's own token; an admin may revoke anybody's. Others hear the same as if there were none."""
        found = self._records.named(one_line(name))
        if found is None or (found.person != by and not self._is_admin(by)):
            raise Refusal(f"You have no token called {shortened(one_line(name))}. `token list` shows yours.")
        self._records.remove(found.digest)
        return found

    def revoke_all(self, person: str) -> None:
        """Revoke all tokens of a person."""
        self._records.remove(*(it.digest for it in self._records.of(person)))

    # --- asking by them ---

    def person_of(self, secret: str) -> TokenHolder | None:
        """Return whose token this is, and what it may do; None if it has ended or was revoked."""
        token = self._valid(self._records.look(digest_of(secret))) if _is_secret(secret) else None
        if token is None:
            return None
        return TokenHolder(
            person=token.person,
            scopes=INCLUDED[token.scope],
            name=token.name,
            mark=token.digest[:MARK],
            ends_at=token.ends_at,
            is_use_to_be_noted=self._is_old(token),
        )

    def note_use(self, secret: str) -> None:
        """Store that a token was used now."""
        token = self._valid(self._records.get(digest_of(secret)))
        if token and self._is_old(token):
            self._records.put(replace(token, used_at=self._tx.now))

    def _valid(self, token: ApiToken | None) -> ApiToken | None:
        if token is None or token.has_ended(self._tx.now):
            return None
        return token if Directory(self._tx).is_assignable(token.person) else None

    def _is_old(self, token: ApiToken) -> bool:
        return token.used_at is None or self._tx.now - token.used_at >= FRESH

    def _is_admin(self, person: str) -> bool:
        return Permissions(self._tx).may(person, "admin")


def _is_secret(words: str) -> bool:
    return words.startswith(PREFIX) and len(words) <= LONGEST_SECRET


def _name(words: str) -> str:
    name = one_line(words).replace('"', "'")
    if not 0 < len(name) <= LONGEST:
        raise Refusal(
            f"The name of a token has 1 to {LONGEST} characters; this has {len(name)}.", slot="name"
        )
    return name
