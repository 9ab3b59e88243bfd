"""Index who opened an incident and who requested a page, to count them; and which page rings for which others."""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

OPENED, REQUESTED, FOLDED = ("incident", "declared_by"), ("page", "requested_by"), ("page", "folded_into")


def upgrade() -> None:
    _add(OPENED, sa.String())
    op.create_index("incident_by_person", "incident", ["declared_by", "opened_at"])
    _add(REQUESTED, sa.String())
    _add(FOLDED, sa.Integer())
    op.create_index("ix_page_requested_at", "page", ["requested_at"])
    op.create_index("ix_page_folded_into", "page", ["folded_into"])


def downgrade() -> None:
    op.drop_index("ix_page_folded_into", table_name="page")
    op.drop_index("ix_page_requested_at", table_name="page")
    op.drop_index("incident_by_person", table_name="incident")
    for table, column in (FOLDED, REQUESTED, OPENED):
        op.drop_column(table, column)


def _add(place: tuple[str, str], kind: sa.String | sa.Integer) -> None:
    """Add a column, with what each record has as the field of this name."""
    name, column = place
    op.add_column(name, sa.Column(column, kind, nullable=True))
    table = sa.table(name, sa.column("number"), sa.column(column), sa.column("kept", sa.JSON))
    rows = op.get_bind().execute(sa.select(table.c.number, table.c.kept)).all()
    values: Mapping[int, object] = {number: kept.get(column) for number, kept in rows}
    for number, value in values.items():
        if value is not None:
            op.execute(table.update().where(table.c.number == number).values({column: value}))
