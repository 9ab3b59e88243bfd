"""Tokens of programs, as people make them."""

import re
from collections.abc import Sequence

from sqlalchemy import text

from bot.domain.api_token import TokenHolder
from bot.services.tokens import Tokens
from bot.testing import SpyKit


def token_for(spy: SpyKit, person: str = "U0ANA", scope: str = "say", name: str = "", ends: str = "") -> str:
    """Say `/spy token new …`, and return the secret of the answer."""
    answer = spy.say(f'token new "{name or f"{person} {scope}"}" {scope} {ends}', by=person).message
    found = re.search(r"`(spy_[^`]+)`", answer.text if answer else "")
    assert found, answer
    return found[1]


def holder_of(spy: SpyKit, secret: str) -> TokenHolder | None:
    with spy.tx() as tx:
        return Tokens(tx).person_of(secret)


def stored(spy: SpyKit) -> Sequence[str]:
    """Return all rows of all tables, as text."""
    with spy.sessions.engine.connect() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
        return [str(row) for it in tables.all() for row in connection.execute(text(f"SELECT * FROM {it}"))]  # noqa: S608
