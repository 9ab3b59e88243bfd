"""Index the edits of a timeline: few of its entries are edits, and each view of some lines needs them."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

IS_EDIT = sa.text("supersedes IS NOT NULL OR kind = 'timeline_edited'")


def upgrade() -> None:
    op.create_index(
        "timeline_edits", "timeline", ["incident", "seq"], sqlite_where=IS_EDIT, postgresql_where=IS_EDIT
    )


def downgrade() -> None:
    op.drop_index("timeline_edits", table_name="timeline")
