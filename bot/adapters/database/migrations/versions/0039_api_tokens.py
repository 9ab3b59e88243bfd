"""Store the tokens of programs."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("called", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.UniqueConstraint("called"),
    )
    op.create_index("ix_api_token_person", "api_token", ["person"])
    op.create_index("ix_api_token_ends_at", "api_token", ["ends_at"])


def downgrade() -> None:
    op.drop_table("api_token")
