"""Add the bare name of each incident, to find the open ones of the same name without reading all."""

import sqlalchemy as sa
from alembic import op

from bot.domain.incident.name import bare_name

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("incident", sa.Column("bare_name", sa.String(), nullable=False, server_default=""))
    incident = sa.table("incident", sa.column("number"), sa.column("name"), sa.column("bare_name"))
    rows = op.get_bind().execute(sa.select(incident.c.number, incident.c.name)).all()
    values = [{"this": number, "bare_name": bare_name(name)} for number, name in rows]
    if values:
        op.get_bind().execute(incident.update().where(incident.c.number == sa.bindparam("this")), values)
    op.create_index("incident_by_name", "incident", ["bare_name", "phase"])


def downgrade() -> None:
    op.drop_index("incident_by_name", table_name="incident")
    op.drop_column("incident", "bare_name")
