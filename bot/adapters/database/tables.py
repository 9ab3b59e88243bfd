"""The tables. A record is stored whole as JSON in `kept`, beside the columns that queries filter, order or lock by.

Logs and queues (timeline, audit log, outbox, timers) have a column for each field: they are written and changed by
statements, without reading a row first.
"""

from typing import Any

from sqlalchemy import JSON, Boolean, Column, Index, Integer, MetaData, String, Table, UniqueConstraint

from bot.adapters.database.columns import UtcDateTime, needed, optional, partial_index, prefix_index

METADATA = MetaData()


def rows(name: str, *parts: Any) -> Table:
    """Return a table with a column for each field."""
    return Table(name, METADATA, *parts)


def records(name: str, *parts: Any) -> Table:
    """Return a table of records, each as JSON. Its further columns are there only to find it."""
    return Table(name, METADATA, *parts, needed("kept", JSON))


counter = rows(
    "counter",
    Column("name", String, primary_key=True),
    needed("value", Integer),
)
"""The last number given to a row of each table on SQLite, such as incident 42. PostgreSQL has sequences."""

SEARCHED = ("phase", "private", "severity", "resolved_at", "opened_at", "told", "seen_by", "words")
"""What a search looks at. SQLite finds it all in the index; PostgreSQL stores the JSON of a record elsewhere anyway."""

incident = records(
    "incident",
    Column("number", Integer, primary_key=True),
    needed("name", String),
    needed("bare_name", String),
    optional("declared_by", String),
    needed("phase", String),
    optional("severity", String),
    needed("private", Boolean),
    needed("seen_by", JSON),
    needed("told", JSON),
    optional("channel", String, index=True),
    needed("opened_at", UtcDateTime),
    optional("resolved_at", UtcDateTime),
    needed("words", String),
    Index("incident_by_person", "declared_by", "opened_at"),
    Index("incident_by_name", "bare_name", "phase"),
    Index("incident_by_end", "resolved_at"),
    partial_index("incident_private", "resolved_at", where="private"),
    partial_index("incident_private_newest", "number", where="private"),
    Index("ix_incident_phase", "phase").ddl_if(dialect="postgresql"),
    Index("incident_search", *SEARCHED).ddl_if(dialect="sqlite"),
)
"""An incident. `words` are those that a search looks at; `seen_by` may see it while it is private."""

timeline = rows(
    "timeline",
    Column("id", Integer, primary_key=True),
    needed("incident", Integer),
    needed("seq", Integer),
    needed("kind", String),
    needed("occurred_at", UtcDateTime),
    needed("recorded_at", UtcDateTime),
    optional("actor", String),
    needed("source", String),
    optional("permalink", String),
    needed("text", String),
    needed("data", JSON),
    needed("substance", Boolean),
    optional("visibility", String),
    optional("supersedes", Integer),
    UniqueConstraint("incident", "seq"),
)

page = records(
    "page",
    Column("number", Integer, primary_key=True),
    needed("key", String, unique=True),
    optional("incident", Integer),
    optional("team", String),
    needed("state", String, index=True),
    optional("pager_id", String, index=True),
    optional("requested_by", String),
    needed("requested_at", UtcDateTime, index=True),
    optional("folded_into", Integer),
    Index("page_by_team", "team", "requested_at"),
    Index("page_of_incident", "incident", "team"),
    partial_index("page_alone", "requested_at", where="incident IS NULL"),
    partial_index("page_folded", "folded_into", where="folded_into IS NOT NULL"),
)
"""A page to a team or a person."""

team_notice = records(
    "team_notice",
    Column("number", Integer, primary_key=True),
    optional("incident", Integer, index=True),
)
"""A notice to another team."""

person = records(
    "person",
    Column("id", String, primary_key=True),
    needed("name", String),
    needed("is_assignable", Boolean),
    optional("profiled_at", UtcDateTime, index=True),
    optional("asked_at", UtcDateTime),
    prefix_index("person_by_name", "name"),
)
"""A person. `name` is in lower case."""

on_call_copy = records(
    "on_call_copy",
    Column("id", Integer, primary_key=True),
)
"""The stored copy of PagerDuty's on-calls: one row."""

message = rows(
    "message",
    Column("slot", String, primary_key=True),
    needed("channel", String),
    needed("ts", String),
    optional("permalink", String),
)
"""Where a lasting message was posted in Slack."""

outbox = rows(
    "outbox",
    Column("id", Integer, primary_key=True, autoincrement=True),
    needed("key", String, unique=True),
    needed("kind", String),
    needed("payload", String),
    needed("lane", String),
    optional("slot", String),
    optional("needs_channel", Integer, index=True),
    needed("state", String),
    needed("urgency", Integer),
    needed("queued_at", UtcDateTime),
    needed("due_at", UtcDateTime),
    needed("attempts", Integer),
    needed("uncertain", Boolean),
    optional("owner", String),
    optional("lease_until", UtcDateTime),
    optional("why", String),
    optional("done_at", UtcDateTime, index=True),
    partial_index("outbox_slot", "slot", where="state IN ('held', 'ready')", unique=True),
    partial_index("outbox_due", "due_at", where="done_at IS NULL"),
    partial_index("outbox_lane", "lane", "id", where="done_at IS NULL"),
)
"""An effect to deliver. `state` is held (waits for its channel), ready, sending, done or failed."""

timer = rows(
    "timer",
    Column("key", String, primary_key=True),
    needed("subject", String),
    needed("reminder", String),
    needed("occurrence", String),
    needed("due_at", UtcDateTime),
    needed("state", String),
    optional("sent_at", UtcDateTime),
    partial_index("timer_due", "due_at", where="state = 'waiting'"),
    partial_index("timer_subject", "subject", where="state = 'waiting'"),
    partial_index("timer_sent", "sent_at", where="state = 'sent'"),
)
"""A reminder to send. `state` is waiting or sent."""

work_period = records(
    "work_period",
    Column("number", Integer, primary_key=True),
    needed("person", String),
    optional("ended_at", UtcDateTime),
    Index("work_period_by_person", "person", "ended_at"),
    Index("work_period_by_end", "ended_at"),
)
"""A person's unbroken time on incidents."""

shift = records(
    "shift",
    Column("number", Integer, primary_key=True),
    needed("subject", String, unique=True),
    needed("schedule", String),
    optional("person", String),
    needed("starts_at", UtcDateTime),
    optional("ends_at", UtcDateTime, index=True),
    needed("gone", Boolean),
    Index("shift_by_schedule", "schedule", "ends_at"),
    Index("shift_by_person", "person", "ends_at"),
)
"""An on-call shift."""

cover = records(
    "cover",
    Column("number", Integer, primary_key=True),
    needed("open", Boolean),
    needed("ends_at", UtcDateTime, index=True),
    partial_index("cover_open", "number", where="open"),
)
"""A cover request."""

contact = records(
    "contact",
    Column("email", String, primary_key=True),
)
"""The Slack user of an e-mail address."""

change = records(
    "change",
    Column("number", Integer, primary_key=True),
    needed("key", String, unique=True),
    optional("service", String),
    needed("happened_at", UtcDateTime),
    needed("as_of", UtcDateTime, index=True),
    needed("heard_at", UtcDateTime, index=True),
)
"""A change of a running system."""

lock = records(
    "lock",
    Column("number", Integer, primary_key=True),
    needed("service", String),
    needed("stands", Boolean),
    partial_index("lock_of_service", "service", where="stands", unique=True),
    partial_index("lock_standing", "number", where="stands"),
)
"""A deploy lock."""

failover = records(
    "failover",
    Column("number", Integer, primary_key=True),
    optional("incident", Integer, index=True),
    needed("plan", String),
    optional("lock", String),
    needed("active", Boolean),
    needed("to_run", Boolean),
    needed("moved", Boolean),
    optional("ended_at", UtcDateTime),
    optional("owner", String),
    optional("lease_until", UtcDateTime),
    partial_index("failover_lock", "lock", where="active", unique=True),
    partial_index("failover_to_run", "number", where="to_run"),
    partial_index("failover_active", "number", where="active"),
    partial_index("failover_moved", "lock", "number", where="moved"),
    Index("failover_by_plan", "plan", "ended_at"),
    Index("failover_by_number", "plan", "number"),
)
"""A run of a failover plan, and the lease of the process that runs it."""

failover_audit = rows(
    "failover_audit",
    Column("failover", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    needed("kind", String),
    needed("at", UtcDateTime),
    optional("by", String),
    needed("source", String),
    needed("data", JSON),
)
"""The audit log of failovers: append-only."""

user_group = records(
    "user_group",
    Column("id", String, primary_key=True),
)
"""The members of a Slack user group."""

postmortem = records(
    "postmortem",
    Column("incident", Integer, primary_key=True),
)
"""The postmortem of an incident."""

follow_up = records(
    "follow_up",
    Column("number", Integer, primary_key=True),
    needed("incident", Integer, index=True),
    optional("owner", String),
    needed("open", Boolean),
    optional("issue", String),
    partial_index("follow_up_open", "number", where="open"),
    partial_index("follow_up_of_owner", "owner", where="open"),
    prefix_index("follow_up_by_issue", "issue"),
)
"""A follow-up. `issue` is owner/name#number."""

trouble = records(
    "trouble",
    Column("key", String, primary_key=True),
)
"""A lasting trouble, current or over."""

inbound = rows(
    "inbound",
    Column("id", String, primary_key=True),
    needed("at", UtcDateTime, index=True),
    needed("answer", String),
)
"""A request that was handled, and its answer."""

lease = rows(
    "lease",
    Column("job", String, primary_key=True),
    needed("owner", String),
    needed("until", UtcDateTime),
)
"""The lease of a job that only one process runs at a time."""

audit = rows(
    "audit",
    Column("id", Integer, primary_key=True, autoincrement=True),
    needed("at", UtcDateTime, index=True),
    needed("source", String),
    optional("person", String),
    optional("place", String),
    needed("command", String),
    needed("outcome", String),
    needed("why", String),
    needed("result", String),
    optional("incident", Integer),
    needed("events", JSON),
    optional("seq", Integer, unique=True),
    optional("salt", String),
    optional("digest", String),
    optional("hash", String),
    partial_index("audit_unsealed", "id", where="seq IS NULL"),
)
"""A line of the audit log: append-only. The last four columns are its seal, written by a worker."""

audit_mark = rows(
    "audit_mark",
    Column("name", String, primary_key=True),
    needed("seq", Integer),
    needed("hash", String),
)
"""The last row of the audit log's chain (head), or the last one that was pruned (checkpoint)."""

pruned = rows(
    "pruned",
    Column("kind", String, primary_key=True),
    needed("count", Integer),
    needed("at", UtcDateTime),
)
"""How many rows of a kind were pruned so far, and when last."""
