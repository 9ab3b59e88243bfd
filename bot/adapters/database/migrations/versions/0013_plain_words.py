"""Rename tables, columns and stored names to the words that the code uses now."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = {"tell": "team_notice"}
COLUMNS: Mapping[tuple[str, str], str] = {}
"""Of a table by its new name: former column to new column."""
EFFECTS = {"Show": "UpsertMessage", "Say": "PostEvent", "Whisper": "PostEphemeral"}
EFFECT_FIELDS = {"surface": "message_type", "tells": "permalink_of"}
EVENTS = {
    "team_told": "team_notified",
    "tell_seen": "team_notice_seen",
    "tell_failed": "team_notice_failed",
}
EVENT_FIELDS = {"tell": "notice"}
MESSAGE_TYPES = {"tell": "team_notice_sent", "told": "team_notice"}
"""Where a message was posted is kept under its type and what it is about, such as `card:42`."""


def upgrade() -> None:
    _rename(TABLES, COLUMNS)
    _rewrite(EFFECTS, EFFECT_FIELDS, EVENTS, EVENT_FIELDS, MESSAGE_TYPES)


def downgrade() -> None:
    _rewrite(*map(_back, (EFFECTS, EFFECT_FIELDS, EVENTS, EVENT_FIELDS, MESSAGE_TYPES)))
    back = {(table, new): old for (table, old), new in COLUMNS.items()}
    _rename({}, back)
    _rename(_back(TABLES), {})


def _back(names: Mapping[str, str]) -> dict[str, str]:
    return {new: old for old, new in names.items()}


def _rename(tables: Mapping[str, str], columns: Mapping[tuple[str, str], str]) -> None:
    for old, new in tables.items():
        op.rename_table(old, new)
        op.execute(sa.text("UPDATE counter SET name = :new WHERE name = :old").bindparams(old=old, new=new))
    for (table, old), new in columns.items():
        op.alter_column(table, old, new_column_name=new)


def _rewrite(
    effects: Mapping[str, str],
    effect_fields: Mapping[str, str],
    events: Mapping[str, str],
    event_fields: Mapping[str, str],
    message_types: Mapping[str, str],
) -> None:
    for old, new in events.items():
        op.execute(sa.text("UPDATE timeline SET kind = :new WHERE kind = :old").bindparams(old=old, new=new))
    _rewrite_timeline(events, event_fields)
    for old, new in effects.items():
        op.execute(sa.text("UPDATE outbox SET kind = :new WHERE kind = :old").bindparams(old=old, new=new))
    _rewrite_waiting(effect_fields, events, event_fields, message_types)
    for old, new in message_types.items():
        op.execute(
            sa.text(
                "UPDATE message SET slot = :new || substr(slot, :length) WHERE slot LIKE :like"
            ).bindparams(new=new, length=len(old) + 1, like=f"{old}:%")
        )


def _rewrite_timeline(events: Mapping[str, str], fields: Mapping[str, str]) -> None:
    timeline = sa.table("timeline", sa.column("id"), sa.column("kind"), sa.column("data", sa.JSON))
    of_these = sa.select(timeline.c.id, timeline.c.data).where(timeline.c.kind.in_(events.values()))
    for row in op.get_bind().execute(of_these).all():
        data = _renamed(row.data, fields)
        if data != row.data:
            op.execute(timeline.update().where(timeline.c.id == row.id).values(data=data))


def _rewrite_waiting(
    fields: Mapping[str, str],
    events: Mapping[str, str],
    event_fields: Mapping[str, str],
    message_types: Mapping[str, str],
) -> None:
    """Rewrite the effects that are not delivered yet; what is done is never read again."""
    outbox = sa.table("outbox", *map(sa.column, ("id", "payload", "lane", "slot", "done_at")))
    for row in op.get_bind().execute(sa.select(outbox).where(outbox.c.done_at.is_(None))).all():
        payload = _effect(json.loads(row.payload), fields, events, event_fields, message_types)
        values = {
            "payload": json.dumps(payload),
            "lane": _prefixed(row.lane, message_types),
            "slot": _prefixed(row.slot, message_types),
        }
        op.execute(outbox.update().where(outbox.c.id == row.id).values(**values))


def _effect(
    payload: dict[str, Any],
    fields: Mapping[str, str],
    events: Mapping[str, str],
    event_fields: Mapping[str, str],
    message_types: Mapping[str, str],
) -> dict[str, Any]:
    effect = _renamed(payload, fields)
    for name in ("message_type", "surface"):
        if name in effect:
            effect[name] = message_types.get(effect[name], effect[name])
    folder, _, kind = str(effect.get("template", "")).partition("/")
    if folder == "events" and kind in events:
        effect["template"] = f"events/{events[kind]}"
    told = (effect.get("facts") or {}).get("e")
    if isinstance(told, dict) and told.get("kind") in events:
        effect["facts"]["e"] = {**_renamed(told, event_fields), "kind": events[told["kind"]]}
    if isinstance(effect.get("line"), dict):
        effect["line"] = _effect(effect["line"], fields, events, event_fields, message_types)
    if isinstance(effect.get("thread_of"), str):
        effect["thread_of"] = _prefixed(effect["thread_of"], message_types)
    return effect


def _renamed(data: dict[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    return {fields.get(name, name): value for name, value in data.items()}


def _prefixed(words: str | None, names: Mapping[str, str]) -> str | None:
    name, colon, rest = (words or "").partition(":")
    return f"{names[name]}:{rest}" if colon and name in names else words
