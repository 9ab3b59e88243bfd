"""Time: timers, and what was said of each duty."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

EMPTY_MAPPING, EMPTY_LIST = sa.text("'{}'"), sa.text("'[]'")


def upgrade() -> None:
    op.add_column("incident", sa.Column("cause_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("incident", sa.Column("told", sa.JSON(), nullable=False, server_default=EMPTY_LIST))
    op.add_column("incident", sa.Column("reminded", sa.JSON(), nullable=False, server_default=EMPTY_MAPPING))
    op.add_column("incident", sa.Column("snoozed", sa.JSON(), nullable=False, server_default=EMPTY_MAPPING))
    op.add_column("incident", sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("incident", sa.Column("nagged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("page", sa.Column("reminded", sa.JSON(), nullable=False, server_default=EMPTY_MAPPING))

    op.create_table(
        "timer",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("occurrence", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("spoken_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    for name, column in (("timer_due", "due_at"), ("timer_subject", "subject")):
        op.create_index(
            name,
            "timer",
            [column],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )


def downgrade() -> None:
    op.drop_table("timer")
    op.drop_column("page", "reminded")
    for column in ("nagged_at", "quiet_until", "snoozed", "reminded", "told", "cause_at"):
        op.drop_column("incident", column)
