"""Add which people are bots, and which accounts are deactivated."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

MARKS = ("is_bot", "is_deactivated")


def upgrade() -> None:
    for name in MARKS:
        op.add_column("person", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for name in MARKS:
        op.drop_column("person", name)
