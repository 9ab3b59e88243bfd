"""The tables of logs and queues: timeline, audit log, outbox, timers. They have a column for each field.

They are written and changed by statements, without reading a row first.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, UniqueConstraint
from sqlmodel import Field

from bot.adapters.database.columns import json_column, moment_column, partial_index, prefix_index
from bot.adapters.database.tables.row import Row


class CounterRow(Row, table=True):
    """The last number given to a row of each table on SQLite, such as incident 42. PostgreSQL has sequences."""

    name: str = Field(primary_key=True)
    value: int


IS_EDIT = "supersedes IS NOT NULL OR kind = 'timeline_edited'"
"""The condition of an entry that corrects or removes a line, or says who edited one."""
OPENED_RUNBOOK = "kind = 'runbook_opened'"
"""The condition of an entry that names a runbook which somebody opened."""


class TimelineRow(Row, table=True):
    __table_args__ = (
        UniqueConstraint("incident", "seq"),
        partial_index("timeline_edits", "incident", "seq", where=IS_EDIT),
        partial_index("timeline_runbooks", "id", where=OPENED_RUNBOOK),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident: int
    seq: int
    kind: str
    occurred_at: datetime = moment_column()
    recorded_at: datetime = moment_column()
    actor: str | None
    source: str
    permalink: str | None
    text: str
    data: dict[str, Any] = json_column()
    substance: bool
    visibility: str | None
    supersedes: int | None


class MessageRow(Row, table=True):
    """Where a lasting message was posted in Slack."""

    __table_args__ = (prefix_index("message_by_slot", "slot").ddl_if(dialect="postgresql"),)

    slot: str = Field(primary_key=True)
    channel: str
    ts: str
    permalink: str | None


class OutboxRow(Row, table=True):
    """An effect to deliver. `state` is held (waits for its channel), ready, sending, done or failed.

    `reminder_due_at`: when the reminder was due that it says.
    """

    __table_args__ = (
        partial_index("outbox_slot", "slot", where="state IN ('held', 'ready')", unique=True),
        partial_index("outbox_due", "due_at", where="done_at IS NULL"),
        partial_index("outbox_lane", "lane", "id", where="done_at IS NULL"),
        partial_index("outbox_done", "done_at", where="done_at IS NOT NULL"),
        partial_index("outbox_next", "urgency", "id", where="state IN ('ready', 'sending')"),
    )

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    key: str = Field(unique=True)
    kind: str
    payload: str
    lane: str
    slot: str | None
    needs_channel: int | None = Field(index=True)
    state: str
    urgency: int
    queued_at: datetime = moment_column()
    due_at: datetime = moment_column()
    attempts: int = 0
    uncertain: bool = False
    owner: str | None
    lease_until: datetime | None = moment_column()
    why: str | None
    done_at: datetime | None = moment_column()
    reminder_due_at: datetime | None = moment_column()


class TimerRow(Row, table=True):
    """A reminder to send. `state` is waiting or sent."""

    __table_args__ = (
        partial_index("timer_due", "due_at", where="state = 'waiting'"),
        partial_index("timer_subject", "subject", where="state = 'waiting'"),
        partial_index("timer_sent", "sent_at", where="state = 'sent'"),
    )

    key: str = Field(primary_key=True)
    subject: str
    reminder: str
    occurrence: str
    due_at: datetime = moment_column()
    state: str
    sent_at: datetime | None = moment_column()


class FailoverAuditRow(Row, table=True):
    """The audit log of failovers: append-only."""

    failover: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    kind: str
    at: datetime = moment_column()
    by: str | None
    source: str
    data: dict[str, Any] = json_column()


class InboundRow(Row, table=True):
    """A request that was handled, and its answer."""

    id: str = Field(primary_key=True)
    at: datetime = moment_column(index=True)
    answer: str


class LeaseRow(Row, table=True):
    """The lease of a job that only one process runs at a time."""

    job: str = Field(primary_key=True)
    owner: str
    until: datetime = moment_column()


class AuditRow(Row, table=True):
    """A line of the audit log: append-only. The last four columns are its seal, written by a worker."""

    __table_args__ = (partial_index("audit_unsealed", "id", where="seq IS NULL"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    at: datetime = moment_column(index=True)
    source: str
    person: str | None
    place: str | None
    command: str
    outcome: str
    why: str
    result: str
    incident: int | None
    events: list[str] = json_column()
    seq: int | None = Field(unique=True)
    salt: str | None
    digest: str | None
    hash: str | None


class AuditMarkRow(Row, table=True):
    """The last row of the audit log's chain (head), or the last one that was pruned (checkpoint)."""

    name: str = Field(primary_key=True)
    seq: int
    hash: str


class PrunedRow(Row, table=True):
    """How many rows of a kind were pruned so far, and when last."""

    kind: str = Field(primary_key=True)
    count: int
    at: datetime = moment_column()


class HomeRow(Row, table=True):
    """A person's Home tab that Spy keeps up to date. `due_at`: when it is compared next with what is true."""

    person: str = Field(primary_key=True)
    looked_at: datetime = moment_column(index=True)
    due_at: datetime | None = moment_column(index=True)
    published_at: datetime | None = moment_column()
    shown: str
    mark: str | None


class HomeChangeRow(Row, table=True):
    """A change that Homes may show: of one private incident, of one person, or of everybody if both are empty."""

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    incident: int | None
    person: str | None
