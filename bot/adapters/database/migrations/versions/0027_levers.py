"""Store when each lever was rehearsed, and when Spy asked for it."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "lever",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("kept", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("lever")
