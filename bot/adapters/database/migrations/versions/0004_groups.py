"""Add the members of user groups, and which people are guests."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("person", sa.Column("is_guest", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Stored profiles don't say who is a guest, so they are read from Slack again.
    op.execute("UPDATE person SET profiled_at = NULL")
    op.create_table(
        "user_group",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("user_group")
    op.drop_column("person", "is_guest")
