"""A validated timestamp from outside: it must have a time zone and a sensible year, and is converted to UTC."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _in_utc(at: datetime) -> datetime:
    if not 1970 <= at.year <= 9000:  # noqa: PLR2004  near the ends of the calendar, conversion to UTC fails
        raise ValueError("must be a moment of our time")
    return at.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
