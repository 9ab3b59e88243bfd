"""Add postmortems and follow-ups."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "postmortem",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("incident"),
    )
    op.create_table(
        "follow_up",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("issue", sa.String(), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    for column in ("incident", "owner", "open", "issue"):
        op.create_index(f"ix_follow_up_{column}", "follow_up", [column], unique=False)
    op.execute("INSERT INTO counter (name, value) VALUES ('follow_up', 0)")


def downgrade() -> None:
    op.execute("DELETE FROM counter WHERE name = 'follow_up'")
    op.drop_table("follow_up")
    op.drop_table("postmortem")
