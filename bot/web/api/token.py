"""Whose token it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ports import Templates
from bot.services.api.incidents import ApiPerson, ApiViews, Described
from bot.services.transaction import Transaction
from bot.web.api import ApiRequest, reads


@dataclass(frozen=True, kw_only=True)
class ApiTokenFacts(Described):
    """The token that you sent."""

    name: str
    person: ApiPerson
    """In whose name it asks."""
    scopes: Sequence[str]
    ends_at: datetime | None


@reads("/token")
def get_token(ask: ApiRequest, *, templates: Templates, tx: Transaction) -> ApiTokenFacts:
    """Return whose token you sent, and what it may do."""
    person = ApiViews(tx, templates).person(ask.person)
    assert person, "a token is somebody's"  # noqa: S101  not input
    scopes = sorted(it.value for it in ask.holder.scopes)
    return ApiTokenFacts(name=ask.holder.name, person=person, scopes=scopes, ends_at=ask.holder.ends_at)
