"""The section `timers:`, made from the policy's own fields: a new timer is one field there."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Annotated, Any, get_type_hints

from pydantic import Field, StrictBool, StrictInt, create_model, model_validator

from bot.config.values import Ahead, ConfigSection, Days, Duration, Name
from bot.domain.former_words import TIMERS, renamed
from bot.domain.policy import Grace, Hour, Safety, Timers

_AS_WRITTEN: Mapping[Any, Any] = {
    timedelta: Duration,
    tuple[timedelta, ...]: tuple[Ahead, ...],
    tuple[str, ...]: tuple[Name, ...],
    bool: StrictBool,
    int: Annotated[StrictInt, Field(ge=1, le=100)],
    Hour: Annotated[StrictInt, Field(ge=0, le=23)],
    Mapping[str, Grace]: Mapping[Name, Days],
    Mapping[str, timedelta]: Mapping[Name, Duration],
    tuple[Safety, ...]: tuple[Safety, ...],
}
"""How a value of each type is written in config.yaml."""


class _Timers(ConfigSection):
    @model_validator(mode="before")
    @classmethod
    def _in_current_words(cls, given: Any) -> Any:
        return renamed(given, TIMERS) if isinstance(given, dict) else given


def _derived() -> type[_Timers]:
    hints, defaults = get_type_hints(Timers, include_extras=True), Timers()
    made: dict[str, Any] = {
        it.name: (_AS_WRITTEN[hints[it.name]], getattr(defaults, it.name)) for it in fields(Timers)
    }
    return create_model("TimersSection", __base__=_Timers, **made)


TimersSection = _derived()
