"""What services send to Spy: the base of their models, timestamps, and values that may be odd."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError, WrapValidator
from pydantic.functional_validators import ModelWrapValidatorHandler


class Part(BaseModel):
    """An object, or a part of one. Fields that Spy does not use are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _in_utc(at: datetime) -> datetime:
    if not 1970 <= at.year <= 9000:  # noqa: PLR2004  near the ends of the calendar, conversion to UTC fails
        raise ValueError("must be a moment of our time")
    return at.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A timestamp with a time zone and a sensible year, converted to UTC."""


def _or_none(given: object, handler: ModelWrapValidatorHandler[Any]) -> Any:
    try:
        return handler(given)
    except ValidationError:
        return None


Maybe = WrapValidator(_or_none)
"""None for a value that is not valid."""
