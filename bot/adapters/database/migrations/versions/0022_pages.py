"""Index what a search for incidents looks at, the pages of a team by their time, and the few that are looked for.

A search counts thousands of closed incidents, so it reads an index, not their records.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

PARTIAL = {
    "incident_private_newest": ("incident", "number", "private"),
    "lock_standing": ("lock", "number", "stands"),
    "page_folded": ("page", "folded_into", "folded_into IS NOT NULL"),
}
ADDED = {
    "page_by_team": ("page", ["team", "requested_at"]),
    "page_of_incident": ("page", ["incident", "team"]),
}
DROPPED = {"ix_page_folded_into": ("page", ["folded_into"]), "ix_page_incident": ("page", ["incident"])}
SEARCHED = ["phase", "private", "severity", "resolved_at", "opened_at", "told", "seen_by", "words"]


def upgrade() -> None:
    for name, (table, _) in DROPPED.items():
        op.drop_index(name, table_name=table)
    for name, (table, column, where) in PARTIAL.items():
        condition = sa.text(where)
        op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)
    for name, (table, columns) in ADDED.items():
        op.create_index(name, table, columns)
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_incident_phase", table_name="incident")
        op.create_index("incident_search", "incident", SEARCHED)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("incident_search", table_name="incident")
        op.create_index("ix_incident_phase", "incident", ["phase"])
    for name, (table, *_) in PARTIAL.items():
        op.drop_index(name, table_name=table)
    for name, (table, _) in ADDED.items():
        op.drop_index(name, table_name=table)
    for name, (table, columns) in DROPPED.items():
        op.create_index(name, table, columns)
