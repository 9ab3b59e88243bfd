"""Name the id of a page at the pager by no vendor: `pager_id`."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

FORMER, CURRENT = "pagerduty_id", "pager_id"


def upgrade() -> None:
    _rename(FORMER, CURRENT)


def downgrade() -> None:
    _rename(CURRENT, FORMER)


def _rename(old: str, new: str) -> None:
    op.drop_index(f"ix_page_{old}", table_name="page")
    op.alter_column("page", old, new_column_name=new)
    op.create_index(f"ix_page_{new}", "page", [new])
    _rename_key(sa.table("page", sa.column("number"), sa.column("kept", sa.JSON)), old, new)
    timeline = sa.table("timeline", sa.column("id"), sa.column("data", sa.JSON), sa.column("kind"))
    _rename_key(timeline, old, new, timeline.c.kind == "page_sent")


def _rename_key(table: sa.TableClause, old: str, new: str, *conditions: sa.ColumnElement[bool]) -> None:
    """Rename a key of the JSON in the second column of a table. The first column is the primary key."""
    key, json, *_ = table.c
    for value, facts in op.get_bind().execute(sa.select(key, json).where(*conditions)).all():
        renamed = {new if name == old else name: it for name, it in facts.items()}
        op.execute(table.update().where(key == value).values({json.name: renamed}))
