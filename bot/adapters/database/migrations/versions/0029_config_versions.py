"""Store which versions of config.yaml were taken or refused."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "config_version",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
    )
    for name in ("taken_at", "refused_at", "decided_at"):
        op.create_index(f"ix_config_version_{name}", "config_version", [name])


def downgrade() -> None:
    op.drop_table("config_version")
