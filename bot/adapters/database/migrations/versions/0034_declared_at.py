"""Find the incidents of a month by the time of their declaration."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.add_column("incident", sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True))
    _fill()
    op.create_index("incident_by_declaration", "incident", ["declared_at"])


def downgrade() -> None:
    op.drop_index("incident_by_declaration", table_name="incident")
    op.drop_column("incident", "declared_at")


def _fill() -> None:
    table = sa.table(
        "incident",
        sa.column("number"),
        sa.column("declared_at", sa.DateTime(timezone=True)),
        sa.column("kept", sa.JSON),
    )
    known = sa.select(table.c.number, table.c.kept["declared_at"].as_string())
    rows = [{"of": n, "at": _moment(at)} for n, at in op.get_bind().execute(known).all() if at]
    if rows:
        filled = table.update().where(table.c.number == sa.bindparam("of"))
        op.get_bind().execute(filled.values(declared_at=sa.bindparam("at")), rows)


def _moment(value: str) -> datetime:
    """Read a time. SQLite stores it in UTC, without a zone."""
    at = datetime.fromisoformat(value).astimezone(UTC)
    return at.replace(tzinfo=None) if op.get_context().dialect.name == "sqlite" else at
