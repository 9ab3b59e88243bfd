"""Store incidents, pages, people and more whole as JSON, so that a new field of theirs needs no migration.

Only the columns that queries need stay beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

Row = Mapping[str, Any]
TYPES: Mapping[str, tuple[Any, str]] = {
    "text": (sa.String(), "''"),
    "number": (sa.Integer(), "0"),
    "flag": (sa.Boolean(), "false"),
    "time": (sa.DateTime(timezone=True), "'1970-01-01 00:00:00'"),
    "json": (sa.JSON(none_as_null=True), "'{}'"),
}
"""The types of columns, and the value of a new column until its row is written."""
Columns = Mapping[str, str]
"""Columns by name, each with its type. A question mark after the type: it may be null."""


def _columns(**names: str) -> Columns:
    """Return columns by their types. A question mark after a name: it may be null."""
    return {
        name.rstrip("?"): kind + "?" * name.endswith("?")
        for kind, listed in names.items()
        for name in listed.split()
    }


@dataclass(frozen=True, kw_only=True)
class Change:
    """The change of a table: the columns that stay, those that are now in `kept` only, and new ones to search by."""

    key: str = "number"
    stay: Columns
    go: Columns
    new: Columns = field(default_factory=dict)
    find_by: Callable[[Row], Row] = lambda _: {}
    """The values of the columns to search by that are new, or have changed."""
    indexes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The indexes on columns that go."""


def _incident(kept: Row) -> Row:
    offered_to = kept["command_offered_to"]
    words = (kept[it] for it in ("name", "impact", "cause", "resolution"))
    return {
        "opened_at": kept["reopened_at"] or kept["declared_at"],
        "seen_by": [*kept["members"], *([offered_to] if offered_to else [])],
        "words": "\n".join(filter(None, words)).casefold(),
    }


def _person(kept: Row) -> Row:
    return {
        "name": kept["name"].casefold(),
        "is_assignable": not (kept["is_bot"] or kept["is_deactivated"]),
    }


CHANGES = {
    "incident": Change(
        stay=_columns(
            number="number",
            text="name phase severity? channel?",
            flag="private",
            json="told",
            time="resolved_at?",
        ),
        go=_columns(
            text="declared_by channel_name channel_refused? commander? command_offered_to? impact? cause?"
            " update? updated_by? resolution?",
            time="declared_at severity_at? command_since? impact_since? cause_at? updated_at? update_due?"
            " first_updated_at? first_acknowledged_at? mitigated_at? reopened_at? quiet_until? reminded_at?",
            flag="drill",
            json="channel_closed? roles members suspects links reminded snoozed steps",
            number="entries",
        ),
        new=_columns(time="opened_at", json="seen_by", text="words"),
        find_by=_incident,
        indexes={"incident_by_declarer": ["declared_by", "declared_at"]},
    ),
    "page": Change(
        stay=_columns(number="number incident?", text="key team? state pagerduty_id?", time="requested_at"),
        go=_columns(
            text="message requested_by? person? line_at? url? assigned? answer? answer_by? acknowledged_by?"
            " acknowledged_person? shown_as? escalated_to? merged_into? why?",
            time="sent_at? acknowledged_at? resolved_at? rings_since? escalated_at?",
            flag="test is_last_level",
            json="fallback reminded",
            number="level",
        ),
    ),
    "team_notice": Change(
        stay=_columns(number="number"),
        go=_columns(number="incident", text="team channel message by failed?", time="at", json="seen_by"),
        indexes={"ix_tell_incident": ["incident"]},
    ),
    "work_period": Change(
        stay=_columns(number="number", text="person", time="ended_at?"),
        go=_columns(time="started_at fine_at?", json="on was_on reminded asked pages"),
    ),
    "person": Change(
        key="id",
        stay=_columns(text="id name", time="profiled_at? asked_at?"),
        go=_columns(text="email? zone?", flag="is_guest is_bot is_deactivated"),
        new=_columns(flag="is_assignable"),
        find_by=_person,
    ),
    "on_call_copy": Change(
        key="id",
        stay=_columns(number="id"),
        go=_columns(json="on_calls", time="synced_at?", text="trouble?"),
    ),
}
KEPT = _columns(json="kept")


def upgrade() -> None:
    for table, change in CHANGES.items():
        before = {**change.stay, **change.go}
        kept = [{name: _as_json(it) for name, it in row.items()} for row in _rows(table, before)]
        added = {**KEPT, **change.new}
        _add(table, added)
        _write(table, change, [{**row, **change.find_by(row), "kept": row} for row in kept], added)
        for index in change.indexes:
            op.drop_index(index, table)
        _drop(table, change.go)


def downgrade() -> None:
    for table, change in CHANGES.items():
        kept = [row["kept"] for row in _rows(table, KEPT)]
        _add(table, change.go)
        _write(table, change, kept, change.go)
        _drop(table, {**KEPT, **change.new})
        for index, columns in change.indexes.items():
            op.create_index(index, table, columns)


def _type(kind: str) -> Any:
    return TYPES[kind.rstrip("?")][0]


def _of(table: str, columns: Columns) -> sa.TableClause:
    return sa.table(table, *(sa.column(name, _type(kind)) for name, kind in columns.items()))


def _rows(table: str, columns: Columns) -> list[Row]:
    return [dict(row) for row in op.get_bind().execute(sa.select(_of(table, columns))).mappings()]


def _add(table: str, columns: Columns) -> None:
    for name, kind in columns.items():
        default = None if kind.endswith("?") else sa.text(TYPES[kind][1])
        op.add_column(table, sa.Column(name, _type(kind), nullable=default is None, server_default=default))


def _drop(table: str, columns: Columns) -> None:
    for name in columns:
        op.drop_column(table, name)


def _write(table: str, change: Change, rows: Sequence[Row], columns: Columns) -> None:
    """Write these columns, and those that stay, of all rows."""
    if not rows:
        return
    kinds = {**change.stay, **columns}
    of = _of(table, kinds)
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in kinds}
    mine = of.update().where(of.c[change.key] == values.pop(change.key)).values(values)
    written = [{f"new_{name}": _as_row(row[name], kind) for name, kind in kinds.items()} for row in rows]
    op.get_bind().execute(mine, written)


def _as_json(value: Any) -> Any:
    """Return a time as pydantic writes it: in UTC, with a Z."""
    if not isinstance(value, datetime):
        return value
    at = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return at.isoformat().replace("+00:00", "Z")


def _as_row(value: Any, kind: str) -> Any:
    """Return a time from JSON as the database takes it: in UTC."""
    if not kind.startswith("time") or value is None:
        return value
    return datetime.fromisoformat(value).astimezone(UTC)
