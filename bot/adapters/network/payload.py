"""What services send to Spy: the base of their models, and timestamps."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


class Part(BaseModel):
    """An object, or a part of one. Fields that Spy does not use are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _in_utc(at: datetime) -> datetime:
    if not 1970 <= at.year <= 9000:  # noqa: PLR2004  near the ends of the calendar, conversion to UTC fails
        raise ValueError("must be a moment of our time")
    return at.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A timestamp with a time zone and a sensible year, converted to UTC."""
