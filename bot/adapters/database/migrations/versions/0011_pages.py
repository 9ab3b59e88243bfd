"""Add to pages: who is paged, who answered in chat, and what a page was merged into."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

WORDS = ("assigned", "answer", "answer_by", "acknowledged_person", "shown_as", "merged_into")


def upgrade() -> None:
    for name in WORDS:
        op.add_column("page", sa.Column(name, sa.String(), nullable=True))
    op.add_column("page", sa.Column("is_last_level", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for name in ("is_last_level", *WORDS):
        op.drop_column("page", name)
