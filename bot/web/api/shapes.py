"""The shapes of what programs send: checked once, and described in the API's document."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.IGNORECASE)
_LEAP = re.compile(r"(?<=T\d\d:\d\d:)60", re.IGNORECASE)

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _moment(value: object) -> object:
    """Read a time as RFC 3339 has it. One that UTC can't hold becomes the nearest that it can."""
    if not (isinstance(value, str) and _RFC3339.fullmatch(value)):
        raise ValueError("is no time. Write it as 2026-11-30T12:00:00Z")
    moment = datetime.fromisoformat(_LEAP.sub("59", value.upper()))
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FIRST if moment < FIRST else LAST


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A time with its offset."""
IncidentNumber = Annotated[int, Field(ge=1, lt=10**9, examples=[1])]
SlackId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2,20}$")]
Cursor = Annotated[str, Field(max_length=1000, description="`next` of the answer before")]


class ApiInput(BaseModel):
    """What a program sends. A field that is not known is refused: it may be misspelt."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Query(ApiInput):
    """What stands behind the question mark of an address."""
