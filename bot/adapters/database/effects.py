"""Convert effects to and from the outbox's columns: a kind and a JSON payload."""

from functools import cache

from pydantic import TypeAdapter, ValidationError

from bot.domain.effects import EFFECT_KINDS, Effect, Unknown


@cache
def _adapter(name: str) -> TypeAdapter[Effect]:
    """Return what reads and writes this kind of effect. Raises LookupError if no feature declares it."""
    kind = EFFECT_KINDS[name]
    if kind is Unknown:
        raise LookupError(name)
    return TypeAdapter(kind)


def dump(effect: Effect) -> str:
    """Return an effect as JSON, without its kind."""
    return _adapter(type(effect).__name__).dump_json(effect).decode()


def load(key: str, kind: str, payload: str) -> Effect:
    """Return the effect, or `Unknown` if its kind or its payload can't be read."""
    try:
        return _adapter(kind).validate_json(payload)
    except LookupError:
        return Unknown(key=key, kind=kind, why=f"{kind} is an unknown kind of effect")
    except ValidationError as error:
        return Unknown(key=key, kind=kind, why=f"{kind} has an unknown form: {error.error_count()} mistakes")
