"""Rename tables, columns and stored names to the words that the code uses now."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = {"tell": "team_notice", "stretch": "work_period", "duty_copy": "on_call_copy"}
COLUMNS: Mapping[tuple[str, str], str] = {
    ("incident", "nagged_at"): "reminded_at",
    ("timeline", "curated"): "visibility",
    ("timer", "duty"): "reminder",
    ("on_call_copy", "duties"): "on_calls",
}
"""Of a table by its new name: former column to new column."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """Former names to new ones. Effects wait in the outbox; events stand on timelines and in failovers."""

    effects: Mapping[str, str]
    effect_fields: Mapping[str, str]
    events: Mapping[str, str]
    event_fields: Mapping[str, str]
    message_types: Mapping[str, str]
    """Where a message was posted is kept under its type and what it is about, such as `card:42`."""

    def reversed(self) -> "Names":
        return Names(**{name: {new: old for old, new in names.items()} for name, names in vars(self).items()})


NAMES = Names(
    effects={"Show": "UpsertMessage", "Say": "PostEvent", "Whisper": "PostEphemeral"},
    effect_fields={"surface": "message_type", "tells": "permalink_of", "spilled": "overflow"},
    events={
        "team_told": "team_notified",
        "tell_seen": "team_notice_seen",
        "tell_failed": "team_notice_failed",
        "failover_nagged": "failover_reminded",
    },
    event_fields={"tell": "notice", "duty": "reminder"},
    message_types={"nag": "reminder", "tell": "team_notice_sent", "told": "team_notice"},
)
FIELDS_CHANGED = ("team_notified", "team_notice_seen", "team_notice_failed", "reminded", "snoozed")


def upgrade() -> None:
    _rename_tables(TABLES)
    for (table, old), new in COLUMNS.items():
        op.alter_column(table, old, new_column_name=new)
    _rewrite(NAMES)


def downgrade() -> None:
    _rewrite(NAMES.reversed())
    for (table, old), new in COLUMNS.items():
        op.alter_column(table, new, new_column_name=old)
    _rename_tables({new: old for old, new in TABLES.items()})


def _rename_tables(tables: Mapping[str, str]) -> None:
    for old, new in tables.items():
        op.rename_table(old, new)
        _replace("counter", "name", {old: new})


def _replace(table: str, column: str, names: Mapping[str, str]) -> None:
    of = sa.table(table, sa.column(column))
    for old, new in names.items():
        op.execute(of.update().where(of.c[column] == old).values({column: new}))


def _rewrite(names: Names) -> None:
    _rewrite_timeline(names)
    _replace("timeline", "kind", names.events)
    _replace("failover_trace", "kind", names.events)
    _rewrite_waiting(names)
    _replace("outbox", "kind", names.effects)
    slots = sa.table("message", sa.column("slot"))
    for old in names.message_types:
        for (slot,) in (
            op.get_bind().execute(sa.select(slots.c.slot).where(slots.c.slot.like(f"{old}:%"))).all()
        ):
            moved = _prefixed(slot, names.message_types)
            op.execute(slots.update().where(slots.c.slot == slot).values(slot=moved))


def _rewrite_timeline(names: Names) -> None:
    """Rename the fields of the events that have any such, whether their kind has its old name or its new one."""
    kinds = {*FIELDS_CHANGED, *(old for old, new in NAMES.events.items() if new in FIELDS_CHANGED)}
    timeline = sa.table("timeline", sa.column("id"), sa.column("kind"), sa.column("data", sa.JSON))
    of_these = sa.select(timeline.c.id, timeline.c.data).where(timeline.c.kind.in_(kinds))
    for row in op.get_bind().execute(of_these).all():
        op.execute(
            timeline.update()
            .where(timeline.c.id == row.id)
            .values(data=_renamed(row.data, names.event_fields))
        )


def _rewrite_waiting(names: Names) -> None:
    """Rewrite the effects that are not delivered yet; what is done is never read again."""
    outbox = sa.table("outbox", *map(sa.column, ("id", "payload", "lane", "slot", "done_at")))
    for row in op.get_bind().execute(sa.select(outbox).where(outbox.c.done_at.is_(None))).all():
        values = {
            "payload": json.dumps(_effect(json.loads(row.payload), names)),
            "lane": _prefixed(row.lane, names.message_types),
            "slot": _prefixed(row.slot, names.message_types),
        }
        op.execute(outbox.update().where(outbox.c.id == row.id).values(**values))


def _effect(payload: dict[str, Any], names: Names) -> dict[str, Any]:
    effect = _renamed(payload, names.effect_fields)
    for name in ("message_type", "surface"):
        if name in effect:
            effect[name] = names.message_types.get(effect[name], effect[name])
    folder, _, kind = str(effect.get("template", "")).partition("/")
    if folder == "events":
        effect["template"] = f"events/{names.events.get(kind, kind)}"
    told = (effect.get("facts") or {}).get("e")
    if isinstance(told, dict) and told.get("kind") in names.events:
        effect["facts"]["e"] = {**_renamed(told, names.event_fields), "kind": names.events[told["kind"]]}
    if isinstance(effect.get("line"), dict):
        effect["line"] = _effect(effect["line"], names)
    if isinstance(effect.get("thread_of"), str):
        effect["thread_of"] = _prefixed(effect["thread_of"], names.message_types)
    return effect


def _renamed(data: dict[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    return {fields.get(name, name): value for name, value in data.items()}


def _prefixed(words: str | None, names: Mapping[str, str]) -> str | None:
    name, colon, rest = (words or "").partition(":")
    return f"{names[name]}:{rest}" if colon and name in names else words
