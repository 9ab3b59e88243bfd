"""Store whom the pager's incidents reached, and from when until when its log is read."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

MOMENT = sa.DateTime(timezone=True)
PARTIAL = (
    ("ring_by_person", ["person", "at"], "person IS NOT NULL"),
    ("ring_of_nobody_yet", ["user"], "person IS NULL AND asked_at IS NULL"),
)


def upgrade() -> None:
    op.create_table(
        "ring",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
    )
    op.create_index("ix_ring_incident", "ring", ["incident"])
    op.create_index("ix_ring_at", "ring", ["at"])
    op.create_index("ring_by_user", "ring", ["user", "at"])
    for name, columns, where in PARTIAL:
        condition = sa.text(where)
        op.create_index(name, "ring", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_table(
        "ring_copy",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kept", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("ring_copy")
    op.drop_table("ring")
