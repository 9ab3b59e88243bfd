"""Store the one-time links and the sessions of the dashboard."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "web_key",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
    )
    op.create_index("ix_web_key_person", "web_key", ["person"])
    op.create_index("ix_web_key_ends_at", "web_key", ["ends_at"])


def downgrade() -> None:
    op.drop_table("web_key")
