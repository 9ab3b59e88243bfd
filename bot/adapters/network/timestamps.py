"""A moment as others write it, made ours: it names its zone, lies in our time, and is told in UTC."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _in_utc(at: datetime) -> datetime:
    if not 1970 <= at.year <= 9000:  # noqa: PLR2004  near the ends of the calendar no zone can be changed
        raise ValueError("must be a moment of our time")
    return at.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
