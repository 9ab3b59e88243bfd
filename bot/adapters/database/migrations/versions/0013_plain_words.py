"""Rename tables, columns and stored names to the words that the code uses now."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = {
    "failover_trace": "failover_audit",
    "tell": "team_notice",
    "stretch": "work_period",
    "duty_copy": "on_call_copy",
}
COLUMNS: Mapping[tuple[str, str], str] = {
    ("incident", "nagged_at"): "reminded_at",
    ("incident", "room"): "channel",
    ("incident", "room_name"): "channel_name",
    ("incident", "room_refused"): "channel_refused",
    ("outbox", "needs_room"): "needs_channel",
    ("timeline", "curated"): "visibility",
    ("timer", "duty"): "reminder",
    ("timer", "spoken_at"): "sent_at",
    ("on_call_copy", "duties"): "on_calls",
}
"""(new name of the table, old column) to new column."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """Old names to new names. Effects are in the outbox; events are in timelines and failovers."""

    effects: Mapping[str, str]
    effect_fields: Mapping[str, str]
    events: Mapping[str, str]
    event_fields: Mapping[str, str]
    message_types: Mapping[str, str]
    """A posted message is stored under its type and its subject, such as `card:42`."""
    addresses: Mapping[str, str]
    """An incident's channel has the address `incident:42` until its id is known."""
    templates: Mapping[str, str]
    """Templates named by effects, which are rendered on delivery."""

    def reversed(self) -> "Names":
        return Names(**{name: {new: old for old, new in names.items()} for name, names in vars(self).items()})


NAMES = Names(
    effects={
        "OpenRoom": "CreateChannel",
        "Show": "UpsertMessage",
        "Say": "PostEvent",
        "Whisper": "PostEphemeral",
    },
    effect_fields={"surface": "message_type", "tells": "permalink_of", "spilled": "overflow"},
    events={
        "team_told": "team_notified",
        "tell_seen": "team_notice_seen",
        "tell_failed": "team_notice_failed",
        "failover_move_finished": "failover_action_finished",
        "failover_move_started": "failover_action_started",
        "failover_nagged": "failover_reminded",
        "failover_stumbled": "failover_crashed",
        "failover_taken_over": "failover_resumed",
        "room_opened": "channel_opened",
        "room_refused": "channel_refused",
    },
    event_fields={"tell": "notice", "duty": "reminder", "part": "action"},
    message_types={"nag": "reminder", "tell": "team_notice_sent", "told": "team_notice"},
    addresses={"room": "incident"},
    templates={
        "channel/configuration": "shared/configuration",
        "channel/templates": "shared/templates",
        "delivery/left": "shared/left",
        "delivery/stuck": "shared/stuck",
        "delivery/unsaid": "shared/unsaid",
        "trouble/channel": "shared/channel",
        "trouble/channel_over": "shared/channel_over",
    },
)
ADDRESSED = {
    "incident": ("number", ["reminded"]),
    "page": ("number", ["reminded"]),
    "work_period": ("number", ["reminded", "asked"]),
    "shift": ("number", ["kept"]),
    "cover": ("number", ["kept"]),
    "lock": ("number", ["kept"]),
    "failover": ("number", ["kept"]),
    "follow_up": ("number", ["kept"]),
    "postmortem": ("incident", ["kept"]),
}
"""Tables with addresses in JSON: the key, and the columns."""
ADDRESS = re.compile(r"(^|@)([a-z]+):([0-9]+)(?=@|$)")
FIELDS_CHANGED = (
    "team_notified",
    "team_notice_seen",
    "team_notice_failed",
    "failover_action_started",
    "failover_action_finished",
    "reminded",
    "snoozed",
)
POSTMORTEM = {"taken_over": "edited_by_people"}

RUNS = {"move": "action", "part": "kind"}
"""Fields of a failover: a move is now an action, and a part is an action's kind."""
AUDITED = {"part": "action"}


def upgrade() -> None:
    _rename_tables(TABLES)
    for (table, old), new in COLUMNS.items():
        op.alter_column(table, old, new_column_name=new)
    op.drop_index("stretch_by_person", "work_period")
    op.create_index("work_period_by_person", "work_period", ["person", "ended_at"])
    _rewrite(NAMES)
    _rewrite_failovers(RUNS, AUDITED)
    _replace("timer", "state", {"spoken": "sent"})
    _rewrite_postmortems(POSTMORTEM)


def downgrade() -> None:
    _replace("timer", "state", {"sent": "spoken"})
    _rewrite_postmortems({new: old for old, new in POSTMORTEM.items()})
    _rewrite_failovers(*({new: old for old, new in names.items()} for names in (RUNS, AUDITED)))
    _rewrite(NAMES.reversed())
    for (table, old), new in COLUMNS.items():
        op.alter_column(table, new, new_column_name=old)
    op.drop_index("work_period_by_person", "work_period")
    op.create_index("stretch_by_person", "work_period", ["person", "ended_at"])
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
    _replace("failover_audit", "kind", names.events)
    _rewrite_addresses(names)
    _rewrite_waiting(names)
    _replace("outbox", "kind", names.effects)
    slots = sa.table("message", sa.column("slot"))
    for (slot,) in op.get_bind().execute(sa.select(slots)).all():
        if (moved := _slot(slot, names)) != slot:
            op.execute(slots.update().where(slots.c.slot == slot).values(slot=moved))


def _rewrite_addresses(names: Names) -> None:
    for name, (key, columns) in ADDRESSED.items():
        table = sa.table(name, sa.column(key), *(sa.column(it, sa.JSON) for it in columns))
        for row in op.get_bind().execute(sa.select(table)).mappings().all():
            values = {it: _addressed(row[it], names.addresses) for it in columns}
            if any(values[it] != row[it] for it in columns):
                op.execute(table.update().where(table.c[key] == row[key]).values(values))
    pages = sa.table("page", sa.column("number"), sa.column("line_at"))
    for number, before in op.get_bind().execute(sa.select(pages).where(pages.c.line_at.is_not(None))).all():
        line_at = _addressed(before, names.addresses)
        if line_at != before:
            op.execute(pages.update().where(pages.c.number == number).values(line_at=line_at))


def _addressed(value: Any, addresses: Mapping[str, str]) -> Any:
    """Rewrite each address at any depth: a whole string, or the part after an @ in a slot or its mark."""
    match value:
        case dict():
            return {name: _addressed(it, addresses) for name, it in value.items()}
        case list():
            return [_addressed(it, addresses) for it in value]
        case str():
            return ADDRESS.sub(lambda it: f"{it[1]}{addresses.get(it[2], it[2])}:{it[3]}", value)
    return value


def _rewrite_failovers(fields: Mapping[str, str], audited: Mapping[str, str]) -> None:
    runs = sa.table("failover", sa.column("number"), sa.column("kept", sa.JSON))
    for number, kept in op.get_bind().execute(sa.select(runs)).all():
        op.execute(runs.update().where(runs.c.number == number).values(kept=_actions(kept, fields)))
    audit = sa.table("failover_audit", sa.column("failover"), sa.column("seq"), sa.column("data", sa.JSON))
    for failover, seq, data in op.get_bind().execute(sa.select(audit)).all():
        if set(data) & set(audited):
            row = (audit.c.failover == failover) & (audit.c.seq == seq)
            op.execute(audit.update().where(row).values(data=_renamed(data, audited)))


def _rewrite_postmortems(fields: Mapping[str, str]) -> None:
    postmortems = sa.table("postmortem", sa.column("incident"), sa.column("kept", sa.JSON))
    for incident, kept in op.get_bind().execute(sa.select(postmortems)).all():
        row = postmortems.c.incident == incident
        op.execute(postmortems.update().where(row).values(kept=_renamed(kept, fields)))


def _actions(kept: dict[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """Rename the fields that identify an action in the attempt, the results, the trouble and the questions."""

    def renamed(of: Any) -> Any:
        if not isinstance(of, dict):
            return of
        return {
            fields.get(name, name): _renamed(it, fields) if name in fields and isinstance(it, dict) else it
            for name, it in of.items()
        }

    return {
        **kept,
        **{
            name: renamed(kept[name])
            for name in ("attempt", "trouble", "looks_at", "question")
            if name in kept
        },
        **({"results": [renamed(it) for it in kept["results"]]} if "results" in kept else {}),
    }


def _rewrite_timeline(names: Names) -> None:
    """Rewrite the events with renamed fields, under their old or new kind."""
    kinds = {*FIELDS_CHANGED, *(old for old, new in NAMES.events.items() if new in FIELDS_CHANGED)}
    timeline = sa.table("timeline", sa.column("id"), sa.column("kind"), sa.column("data", sa.JSON))
    of_these = sa.select(timeline.c.id, timeline.c.data).where(timeline.c.kind.in_(kinds))
    for row in op.get_bind().execute(of_these).all():
        data = _addressed(_renamed(row.data, names.event_fields), names.addresses)
        op.execute(timeline.update().where(timeline.c.id == row.id).values(data=data))


def _rewrite_waiting(names: Names) -> None:
    """Rewrite the effects that are not delivered yet. Delivered ones are never read again."""
    outbox = sa.table("outbox", *map(sa.column, ("id", "payload", "lane", "slot", "queued_at", "done_at")))
    for row in op.get_bind().execute(sa.select(outbox).where(outbox.c.done_at.is_(None))).all():
        values = {
            "payload": _payload(json.loads(row.payload), names, _moment(row.queued_at)),
            "lane": _slot(row.lane, names),
            "slot": _slot(row.slot, names),
        }
        op.execute(outbox.update().where(outbox.c.id == row.id).values(**values))


def _payload(effect: dict[str, Any], names: Names, queued_at: str) -> str:
    rewritten = _addressed(_effect(effect, names, queued_at), names.addresses)
    return json.dumps(rewritten, ensure_ascii=False, separators=(",", ":"))


def _slot(slot: str | None, names: Names) -> str | None:
    """Rewrite a slot or a lane. A lane is a slot, or `posts:` and an address."""
    kind, _, address = (slot or "").partition(":")
    if kind == "posts":
        return f"posts:{_addressed(address, names.addresses)}"
    return _prefixed(slot and _addressed(slot, names.addresses), names.message_types)


def _effect(payload: dict[str, Any], names: Names, queued_at: str) -> dict[str, Any]:
    effect = _renamed(payload, names.effect_fields)
    for name in ("message_type", "surface"):
        if name in effect:
            effect[name] = names.message_types.get(effect[name], effect[name])
    if "surface" in effect:
        effect.pop("facts", None)  # the old version reads these from the mark
    elif "message_type" in effect and effect.get("mark"):
        mark = effect["mark"].removeprefix(":")
        effect["facts"] = _facts(effect["message_type"], effect["ref"], mark, queued_at)
    template = str(effect.get("template", ""))
    folder, _, kind = template.partition("/")
    if folder == "events":
        effect["template"] = f"events/{names.events.get(kind, kind)}"
    elif template in names.templates:
        effect["template"] = names.templates[template]
    told = (effect.get("facts") or {}).get("e")
    if isinstance(told, dict):
        kind = names.events.get(told["kind"], told["kind"])
        effect["facts"]["e"] = {**_renamed(told, names.event_fields), "kind": kind}
    if isinstance(effect.get("line"), dict):
        effect["line"] = _effect(effect["line"], names, queued_at)
    if isinstance(effect.get("thread_of"), str):
        effect["thread_of"] = _prefixed(effect["thread_of"], names.message_types)
    return effect


def _facts(message_type: str, ref: int, mark: str, queued_at: str) -> dict[str, Any]:  # noqa: PLR0911  a table
    """Return the facts of a lasting message that the old version read from its mark."""
    match message_type:
        case "reminder":
            name, _, occurrence = mark.rpartition("/")
            return _sent(ref, name, occurrence) or {
                **_named(name, occurrence),
                "at": queued_at,
                "due_at": queued_at,
                "late": False,
            }
        case "brief":
            return {"offer": int(mark)}
        case "missed":
            return {"since": datetime.fromtimestamp(int(mark) / 1000, UTC).isoformat()}
        case "closed_channel":
            return {"closing": f":{mark.partition(':')[0]}"}
        case "relief":
            return {"words": mark.partition("@")[0]}
        case "rest":
            return {"incident": int(mark.partition(":")[0])}
        case "failover_question":
            question, _, time = mark.partition(".")
            return {"question": int(question), "time": int(time)}
        case "forgotten":
            return {"count": int(mark)}
    return {"occurrence": mark}


def _sent(incident: int, name: str, occurrence: str) -> dict[str, Any] | None:
    """Return the facts of a reminder from the incident's timeline; None if it is not there."""
    columns = ("incident", "kind", "occurred_at")
    timeline = sa.table("timeline", *map(sa.column, columns), sa.column("data", sa.JSON))
    of_it = sa.select(timeline).where(timeline.c.incident == incident, timeline.c.kind == "reminded")
    for row in op.get_bind().execute(of_it).all():
        if (row.data["reminder"], row.data["occurrence"]) == (name, occurrence):
            late, at = bool(row.data.get("late")), _moment(row.occurred_at)
            return {**_named(name, occurrence), "at": at, "due_at": row.data["due_at"], "late": late}
    return None


def _named(name: str, occurrence: str) -> dict[str, Any]:
    return {"name": name, "cycle": occurrence.rpartition(".")[0], "occurrence": occurrence}


def _moment(value: Any) -> str:
    """Return a time read from either database as ISO 8601 in UTC."""
    at = datetime.fromisoformat(str(value))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def _renamed(data: dict[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    return {fields.get(name, name): value for name, value in data.items()}


def _prefixed(words: str | None, names: Mapping[str, str]) -> str | None:
    name, colon, rest = (words or "").partition(":")
    return f"{names[name]}:{rest}" if colon and name in names else words
