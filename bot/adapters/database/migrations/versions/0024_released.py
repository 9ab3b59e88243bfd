"""Index released deploy locks and troubles that are over, which are pruned, and messages by what they are about."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    condition = sa.text("NOT stands")
    op.create_index("lock_released", "lock", ["number"], sqlite_where=condition, postgresql_where=condition)
    op.add_column("trouble", sa.Column("over_at", MOMENT, nullable=True))
    _fill()
    op.create_index("ix_trouble_over_at", "trouble", ["over_at"])
    if op.get_bind().dialect.name == "postgresql":  # SQLite finds beginnings by the primary key
        op.create_index("message_by_slot", "message", ["slot"], postgresql_ops={"slot": "text_pattern_ops"})


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("message_by_slot", table_name="message")
    op.drop_index("ix_trouble_over_at", table_name="trouble")
    op.drop_column("trouble", "over_at")
    op.drop_index("lock_released", table_name="lock")


def _fill() -> None:
    trouble = sa.table("trouble", sa.column("key"), sa.column("over_at", MOMENT), sa.column("kept", sa.JSON))
    for key, kept in op.get_bind().execute(sa.select(trouble.c.key, trouble.c.kept)).all():
        if kept.get("over_at"):
            at = datetime.fromisoformat(kept["over_at"]).astimezone(UTC)
            stored = at.replace(tzinfo=None) if op.get_context().dialect.name == "sqlite" else at
            op.execute(trouble.update().where(trouble.c.key == key).values(over_at=stored))
