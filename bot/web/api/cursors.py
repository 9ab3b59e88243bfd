"""Where a list goes on, signed with the caller's token: another token, or another list, has other cursors."""

from typing import Any, TypeVar

from itsdangerous import BadData, URLSafeSerializer
from pydantic import TypeAdapter, ValidationError

from bot.web.answer import NotHere
from bot.web.api.endpoint import ApiRequest

T = TypeVar("T")
WRONG = "This cursor is of another list, or was made with another token. Begin without a cursor."


def cursor_of(ask: ApiRequest, place: Any) -> str:
    """Return the cursor of a place in the list that was asked for."""
    made = _serializer(ask).dumps(place)
    return made if isinstance(made, str) else made.decode()


def read_cursor(ask: ApiRequest, cursor: str, kind: TypeAdapter[T]) -> T:
    """Return the place of a cursor. Who has the token can sign anything, so it is checked like all that comes in."""
    try:
        return kind.validate_python(_serializer(ask).loads(cursor))
    except (BadData, ValidationError):
        raise NotHere(WRONG) from None


def _serializer(ask: ApiRequest) -> URLSafeSerializer:
    return URLSafeSerializer(ask.secret, salt=f"cursor {ask.path}")
