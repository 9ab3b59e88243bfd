"""Store whose Home tab is kept up to date, and what has changed for it."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "home",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("looked_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=True),
    )
    op.create_index("ix_home_looked_at", "home", ["looked_at"])
    op.create_index("ix_home_due_at", "home", ["due_at"])
    op.create_table(
        "home_change",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("person", sa.String(), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("home_change")
    op.drop_table("home")
