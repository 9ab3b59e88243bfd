"""Add failovers and their audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "failover",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("lock", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("to_run", sa.Boolean(), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    for name, column, where, is_unique in (
        ("failover_lock", "lock", sa.text("active"), True),
        ("failover_to_run", "number", sa.text("to_run"), False),
    ):
        op.create_index(
            name, "failover", [column], unique=is_unique, sqlite_where=where, postgresql_where=where
        )
    op.create_index("failover_by_plan", "failover", ["plan", "ended_at"], unique=False)
    op.create_table(
        "failover_trace",
        sa.Column("failover", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("failover", "seq"),
    )
    op.execute("INSERT INTO counter (name, value) VALUES ('failover', 0)")


def downgrade() -> None:
    op.execute("DELETE FROM counter WHERE name = 'failover'")
    op.drop_table("failover_trace")
    op.drop_table("failover")
