"""Convert effects to and from the outbox's columns: a kind and a JSON payload."""

from functools import cache

from pydantic import TypeAdapter, ValidationError

from bot.domain import effects
from bot.domain.effects import Effect, Unknown

KINDS: dict[str, type[Effect]] = {
    kind.__name__: kind
    for kind in vars(effects).values()
    if isinstance(kind, type) and issubclass(kind, Effect) and kind not in (Effect, Unknown)
}


@cache
def _adapter(kind: str) -> TypeAdapter[Effect]:
    return TypeAdapter(KINDS[kind])


def dump(effect: Effect) -> str:
    """Return an effect as JSON, without its kind."""
    return _adapter(type(effect).__name__).dump_json(effect).decode()


def load(key: str, kind: str, payload: str) -> Effect:
    """Return the effect, or `Unknown` if its kind or its payload can't be read."""
    if kind not in KINDS:
        return Unknown(key=key, kind=kind, why=f"{kind} is an unknown kind of effect")
    try:
        return _adapter(kind).validate_json(payload)
    except ValidationError as error:
        return Unknown(key=key, kind=kind, why=f"{kind} has an unknown form: {error.error_count()} mistakes")
