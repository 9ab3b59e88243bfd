"""Find the effects to send next without reading all that wait.

The index of the times at which they were done also held those that are not: few, as PostgreSQL remembered from a quiet
hour. So when thousands waited, it read all of them for each one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

TO_SEND, DONE = sa.text("state IN ('ready', 'sending')"), sa.text("done_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "outbox_next", "outbox", ["urgency", "id"], sqlite_where=TO_SEND, postgresql_where=TO_SEND
    )
    op.create_index("outbox_done", "outbox", ["done_at"], sqlite_where=DONE, postgresql_where=DONE)
    op.drop_index("ix_outbox_done_at", "outbox")


def downgrade() -> None:
    op.create_index("ix_outbox_done_at", "outbox", ["done_at"])
    op.drop_index("outbox_done", "outbox")
    op.drop_index("outbox_next", "outbox")
