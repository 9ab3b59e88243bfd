"""Find rings whose person is unknown also after Slack was asked once, to ask again."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

NOBODY, NOBODY_YET = sa.text("person IS NULL"), sa.text("person IS NULL AND asked_at IS NULL")


def upgrade() -> None:
    op.drop_index("ring_of_nobody_yet", "ring")
    columns = ["user", "at", "asked_at"]
    op.create_index("ring_of_nobody", "ring", columns, sqlite_where=NOBODY, postgresql_where=NOBODY)


def downgrade() -> None:
    op.drop_index("ring_of_nobody", "ring")
    op.create_index(
        "ring_of_nobody_yet", "ring", ["user"], sqlite_where=NOBODY_YET, postgresql_where=NOBODY_YET
    )
