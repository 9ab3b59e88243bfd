"""Effects as the outbox keeps them: a kind and a JSON payload."""

from functools import cache

from pydantic import TypeAdapter

from bot.domain import effects
from bot.domain.effects import Effect

KINDS: dict[str, type[Effect]] = {
    kind.__name__: kind
    for kind in vars(effects).values()
    if isinstance(kind, type) and issubclass(kind, Effect) and kind is not Effect
}


@cache
def _adapter(kind: str) -> TypeAdapter[Effect]:
    return TypeAdapter(KINDS[kind])


def dump(effect: Effect) -> str:
    return _adapter(type(effect).__name__).dump_json(effect).decode()


def load(kind: str, payload: str) -> Effect:
    return _adapter(kind).validate_json(payload)
