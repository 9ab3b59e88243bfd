"""What all tables have."""

import re
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import JSON
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel


class Row(SQLModel):
    """A row. Its table is named as its class: TeamNoticeRow is in `team_notice`."""

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]  # no object of a row is made, so nothing reads its fields

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  a class attribute
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__.removesuffix("Row")).lower()


class RecordRow(Row):
    """A record as JSON. Its further columns are there only to find it."""

    kept: dict[str, Any] = Field(sa_type=JSON, nullable=False)


class NumberedRow(RecordRow):
    number: int = Field(primary_key=True)
