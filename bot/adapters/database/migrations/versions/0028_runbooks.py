"""Index the runbooks that were opened, and add the services of suspected changes to the words of a search."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

INCIDENT = sa.table("incident", sa.column("number"), sa.column("words"), sa.column("kept", sa.JSON))


def upgrade() -> None:
    opened = sa.text("kind = 'runbook_opened'")
    op.create_index("timeline_runbooks", "timeline", ["id"], sqlite_where=opened, postgresql_where=opened)
    _fill()


def downgrade() -> None:
    op.drop_index("timeline_runbooks", table_name="timeline")


def _fill() -> None:
    c = INCIDENT.c
    for number, kept in op.get_bind().execute(sa.select(c.number, c.kept)).all():
        services = [it.get("service") for it in kept.get("suspects") or ()]
        if any(services):
            words = (*(kept.get(it) for it in ("name", "impact", "cause", "resolution")), *services)
            found = "\n".join(filter(None, words)).casefold()
            op.execute(INCIDENT.update().where(c.number == number).values(words=found))
