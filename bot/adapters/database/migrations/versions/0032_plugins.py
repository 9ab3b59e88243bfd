"""Store how often each version of a team's plugin failed, and which are in quarantine."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "plugin",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("kept", sa.JSON(), nullable=False),
    )
    op.create_table(
        "plugin_reload",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("kept", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("plugin_reload")
    op.drop_table("plugin")
