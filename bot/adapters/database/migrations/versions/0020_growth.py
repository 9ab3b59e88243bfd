"""Index what jobs and reports look for, and store the incident of a record where it can be indexed."""

from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

Kind = sa.DateTime | sa.Integer
MOMENT = sa.DateTime(timezone=True)
DROPPED = {
    "ix_change_happened_at": ("change", ["happened_at"]),
    "ix_cover_open": ("cover", ["open"]),
    "ix_follow_up_issue": ("follow_up", ["issue"]),
    "ix_follow_up_open": ("follow_up", ["open"]),
    "ix_follow_up_owner": ("follow_up", ["owner"]),
    "ix_person_name": ("person", ["name"]),
    "ix_shift_person": ("shift", ["person"]),
}
ADDED: Mapping[str, tuple[str, list[str], str | None]] = {
    "cover_open": ("cover", ["number"], "open"),
    "failover_active": ("failover", ["number"], "active"),
    "failover_by_number": ("failover", ["plan", "number"], None),
    "failover_moved": ("failover", ["lock", "number"], "moved"),
    "follow_up_of_owner": ("follow_up", ["owner"], "open"),
    "follow_up_open": ("follow_up", ["number"], "open"),
    "incident_by_end": ("incident", ["resolved_at"], None),
    "incident_private": ("incident", ["resolved_at"], "private"),
    "ix_change_as_of": ("change", ["as_of"], None),
    "ix_cover_ends_at": ("cover", ["ends_at"], None),
    "ix_failover_incident": ("failover", ["incident"], None),
    "ix_team_notice_incident": ("team_notice", ["incident"], None),
    "page_alone": ("page", ["requested_at"], "incident IS NULL"),
    "shift_by_person": ("shift", ["person", "ends_at"], None),
    "timer_sent": ("timer", ["sent_at"], "state = 'sent'"),
    "work_period_by_end": ("work_period", ["ended_at"], None),
}
"""Each with its table, its columns, and the condition of a partial one."""
BEGINNINGS = {"follow_up_by_issue": ("follow_up", "issue"), "person_by_name": ("person", "name")}
"""Indexes to find texts by their beginning."""
COLUMNS = (
    ("cover", "ends_at", MOMENT, "end"),
    ("failover", "incident", sa.Integer(), "incident"),
    ("team_notice", "incident", sa.Integer(), "incident"),
)
"""Each with the field of the record that it repeats."""


def upgrade() -> None:
    for name, (table, _) in DROPPED.items():
        op.drop_index(name, table_name=table)
    for table, column, kind, field in COLUMNS:
        op.add_column(table, sa.Column(column, kind, nullable=True))
        _fill(table, column, kind, field)
    for name, (table, columns, where) in ADDED.items():
        condition = sa.text(where) if where else None
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
    for name, (table, text) in BEGINNINGS.items():
        op.create_index(name, table, [text], postgresql_ops={text: "text_pattern_ops"})


def downgrade() -> None:
    for name, (table, _) in BEGINNINGS.items():
        op.drop_index(name, table_name=table)
    for name, (table, *_) in ADDED.items():
        op.drop_index(name, table_name=table)
    for table, column, *_ in COLUMNS:
        op.drop_column(table, column)
    for name, (table, columns) in DROPPED.items():
        op.create_index(name, table, columns)


def _fill(name: str, column: str, kind: Kind, field: str) -> None:
    table = sa.table(name, sa.column("number"), sa.column(column, kind), sa.column("kept", sa.JSON))
    for number, kept in op.get_bind().execute(sa.select(table.c.number, table.c.kept)).all():
        value = kept.get(field)
        if value is not None:
            read = _moment(value) if kind is MOMENT else value
            op.execute(table.update().where(table.c.number == number).values({column: read}))


def _moment(value: str) -> datetime:
    """Read a time. SQLite stores it in UTC, without a zone."""
    at = datetime.fromisoformat(value).astimezone(UTC)
    return at.replace(tzinfo=None) if op.get_context().dialect.name == "sqlite" else at
