"""Keep with an effect when the reminder was due that it says, so that lateness can be measured."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("reminder_due_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "reminder_due_at")
