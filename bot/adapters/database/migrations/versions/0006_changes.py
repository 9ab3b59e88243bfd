"""Add recent changes, suspected changes and deploy locks."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "incident", sa.Column("suspects", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.create_table(
        "change",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_change_happened_at", "change", ["happened_at"], unique=False)
    op.create_index("ix_change_heard_at", "change", ["heard_at"], unique=False)
    op.create_table(
        "lock",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(
        "lock_of_service",
        "lock",
        ["service"],
        unique=True,
        sqlite_where=sa.text("stands"),
        postgresql_where=sa.text("stands"),
    )
    op.execute("INSERT INTO counter (name, value) VALUES ('change', 0), ('lock', 0)")


def downgrade() -> None:
    op.execute("DELETE FROM counter WHERE name IN ('change', 'lock')")
    op.drop_table("lock")
    op.drop_table("change")
    op.drop_column("incident", "suspects")
