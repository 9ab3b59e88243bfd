"""Add timers, and which reminders were sent or snoozed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENTS = ("severity_at", "cause_at", "reopened_at", "quiet_until", "nagged_at")
EMPTY_MAPPING, EMPTY_LIST = sa.text("'{}'"), sa.text("'[]'")


def upgrade() -> None:
    for moment in MOMENTS:
        op.add_column("incident", sa.Column(moment, sa.DateTime(timezone=True), nullable=True))
    op.add_column("incident", sa.Column("told", sa.JSON(), nullable=False, server_default=EMPTY_LIST))
    op.add_column("incident", sa.Column("reminded", sa.JSON(), nullable=False, server_default=EMPTY_MAPPING))
    op.add_column("incident", sa.Column("snoozed", sa.JSON(), nullable=False, server_default=EMPTY_MAPPING))
    op.add_column("page", sa.Column("rings_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("page", sa.Column("test", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("page", sa.Column("level", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("page", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
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

    op.create_table(
        "stretch",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("on", sa.JSON(), nullable=False),
        sa.Column("was_on", sa.JSON(), nullable=False),
        sa.Column("fine_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded", sa.JSON(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("stretch_by_person", "stretch", ["person", "ended_at"], unique=False)
    op.execute("INSERT INTO counter (name, value) VALUES ('stretch', 0)")
    _create_on_call()


def _create_on_call() -> None:
    op.create_table(
        "shift",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("subject"),
    )
    op.create_index("shift_by_schedule", "shift", ["schedule", "ends_at"], unique=False)
    op.create_index("ix_shift_person", "shift", ["person"], unique=False)
    op.create_index("ix_shift_ends_at", "shift", ["ends_at"], unique=False)
    op.create_table(
        "cover",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_cover_open", "cover", ["open"], unique=False)
    op.create_table(
        "contact",
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("email"),
    )
    op.execute("INSERT INTO counter (name, value) VALUES ('shift', 0), ('cover', 0)")


def downgrade() -> None:
    op.execute("DELETE FROM counter WHERE name IN ('shift', 'cover')")
    for table in ("contact", "cover", "shift"):
        op.drop_table(table)
    op.execute("DELETE FROM counter WHERE name = 'stretch'")
    op.drop_table("stretch")
    op.drop_table("timer")
    for column in ("reminded", "test", "rings_since", "level", "escalated_at"):
        op.drop_column("page", column)
    for column in (*MOMENTS, "snoozed", "reminded", "told"):
        op.drop_column("incident", column)
