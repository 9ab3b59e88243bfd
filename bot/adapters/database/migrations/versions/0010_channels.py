"""Add how an incident's channel was closed, and lasting troubles."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("incident", sa.Column("channel_closed", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "trouble",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("kept", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("trouble")
    op.drop_column("incident", "channel_closed")
