"""The tables. A record is stored whole as JSON in `kept`, beside the columns that queries filter, order or lock by.

Logs and queues (timeline, audit log, outbox, timers) have a column for each field: they are written and changed by
statements, without reading a row first.
"""

import re
from datetime import datetime
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import JSON, Column, Index, Integer, UniqueConstraint
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from bot.adapters.database.columns import json_column, moment_column, partial_index, prefix_index


class Row(SQLModel):
    """A row. Its table is named as its class: TeamNoticeRow is in `team_notice`."""

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]  # no object of a row is made, so nothing reads its fields

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  a class attribute
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__.removesuffix("Row")).lower()


class RecordRow(Row):
    """A record as JSON. Its further columns are there only to find it."""

    kept: dict[str, Any] = Field(sa_type=JSON, nullable=False)


class NumberedRow(RecordRow):
    number: int = Field(primary_key=True)


class CounterRow(Row, table=True):
    """The last number given to a row of each table on SQLite, such as incident 42. PostgreSQL has sequences."""

    name: str = Field(primary_key=True)
    value: int


SEARCHED = ("phase", "private", "severity", "resolved_at", "opened_at", "told", "seen_by", "words")
"""What a search looks at. SQLite finds it all in the index; PostgreSQL stores the JSON of a record elsewhere anyway."""


class IncidentRow(NumberedRow, table=True):
    """An incident. `words` are those that a search looks at; `seen_by` may see it while it is private."""

    __table_args__ = (
        Index("incident_by_person", "declared_by", "opened_at"),
        Index("incident_by_name", "bare_name", "phase"),
        Index("incident_by_end", "resolved_at"),
        partial_index("incident_private", "resolved_at", where="private"),
        partial_index("incident_private_newest", "number", where="private"),
        Index("ix_incident_phase", "phase").ddl_if(dialect="postgresql"),
        Index("incident_search", *SEARCHED).ddl_if(dialect="sqlite"),
    )

    name: str
    bare_name: str
    declared_by: str | None
    phase: str
    severity: str | None
    private: bool
    seen_by: list[str] = json_column()
    told: list[str] = json_column()
    channel: str | None = Field(index=True)
    opened_at: datetime = moment_column()
    resolved_at: datetime | None = moment_column()
    words: str


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


class PageRow(NumberedRow, table=True):
    """A page to a team or a person."""

    __table_args__ = (
        Index("page_by_team", "team", "requested_at"),
        Index("page_of_incident", "incident", "team"),
        partial_index("page_alone", "requested_at", where="incident IS NULL"),
        partial_index("page_folded", "folded_into", where="folded_into IS NOT NULL"),
    )

    key: str = Field(unique=True)
    incident: int | None
    team: str | None
    state: str = Field(index=True)
    pager_id: str | None = Field(index=True)
    requested_by: str | None
    requested_at: datetime = moment_column(index=True)
    folded_into: int | None


class TeamNoticeRow(NumberedRow, table=True):
    """A notice to another team."""

    incident: int | None = Field(index=True)


class PersonRow(RecordRow, table=True):
    """A person. `name` is in lower case."""

    __table_args__ = (prefix_index("person_by_name", "name"),)

    id: str = Field(primary_key=True)
    name: str
    is_assignable: bool
    profiled_at: datetime | None = moment_column(index=True)
    asked_at: datetime | None = moment_column()


class OnCallCopyRow(RecordRow, table=True):
    """The stored copy of PagerDuty's on-calls: one row."""

    id: int = Field(primary_key=True)


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
    done_at: datetime | None = moment_column(index=True)
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


class WorkPeriodRow(NumberedRow, table=True):
    """A person's unbroken time on incidents."""

    __table_args__ = (
        Index("work_period_by_person", "person", "ended_at"),
        Index("work_period_by_end", "ended_at"),
    )

    person: str
    ended_at: datetime | None = moment_column()


class ShiftRow(NumberedRow, table=True):
    """An on-call shift."""

    __table_args__ = (
        Index("shift_by_schedule", "schedule", "ends_at"),
        Index("shift_by_person", "person", "ends_at"),
    )

    subject: str = Field(unique=True)
    schedule: str
    person: str | None
    starts_at: datetime = moment_column()
    ends_at: datetime = moment_column(index=True)
    gone: bool


class CoverRow(NumberedRow, table=True):
    """A cover request."""

    __table_args__ = (partial_index("cover_open", "number", where="open"),)

    open: bool
    ends_at: datetime | None = moment_column(index=True)


class ContactRow(RecordRow, table=True):
    """The Slack user of an e-mail address."""

    email: str = Field(primary_key=True)


class ChangeRow(NumberedRow, table=True):
    """A change of a running system,."""

    key: str = Field(unique=True)
    service: str | None
    happened_at: datetime = moment_column()
    as_of: datetime = moment_column(index=True)
    heard_at: datetime = moment_column(index=True)


class LockRow(NumberedRow, table=True):
    """A deploy lock."""

    __table_args__ = (
        partial_index("lock_of_service", "service", where="stands", unique=True),
        partial_index("lock_standing", "number", where="stands"),
        partial_index("lock_released", "number", where="NOT stands"),
    )

    service: str
    stands: bool


class AlertRow(NumberedRow, table=True):
    """An alert. `service` is "" if none is known; `newest` is the last one with its key; `open` is not resolved."""

    __table_args__ = (
        partial_index("alert_current", "key", where="newest", unique=True),
        partial_index("alert_lines", "service", "told_at", where="storm IS NULL"),
        partial_index("alert_newest", "told_at", where="storm IS NULL"),
        partial_index("alert_storm", "storm", where="storm IS NOT NULL"),
        partial_index("alert_open", "source", "heard_at", where="open"),
        partial_index("alert_alone", "told_at", where="incident IS NULL"),
    )

    key: str
    newest: bool
    source: str
    service: str
    storm: int | None
    open: bool
    heard_at: datetime = moment_column()
    told_at: datetime = moment_column()
    incident: int | None = Field(index=True)


class FailoverRow(NumberedRow, table=True):
    """A run of a failover plan, and the lease of the process that runs it."""

    __table_args__ = (
        partial_index("failover_lock", "lock", where="active", unique=True),
        partial_index("failover_to_run", "number", where="to_run"),
        partial_index("failover_active", "number", where="active"),
        partial_index("failover_moved", "lock", "number", where="moved"),
        Index("failover_by_plan", "plan", "ended_at"),
        Index("failover_by_number", "plan", "number"),
    )

    incident: int | None = Field(index=True)
    plan: str
    lock: str | None
    active: bool
    to_run: bool
    moved: bool
    ended_at: datetime | None = moment_column()
    owner: str | None
    lease_until: datetime | None = moment_column()


class FailoverAuditRow(Row, table=True):
    """The audit log of failovers: append-only."""

    failover: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    kind: str
    at: datetime = moment_column()
    by: str | None
    source: str
    data: dict[str, Any] = json_column()


class UserGroupRow(RecordRow, table=True):
    """The members of a Slack user group."""

    id: str = Field(primary_key=True)


class PostmortemRow(RecordRow, table=True):
    """The postmortem of an incident."""

    incident: int = Field(primary_key=True)


class FollowUpRow(NumberedRow, table=True):
    """A follow-up. `issue` is owner/name#number."""

    __table_args__ = (
        partial_index("follow_up_open", "number", where="open"),
        partial_index("follow_up_of_owner", "owner", where="open"),
        prefix_index("follow_up_by_issue", "issue"),
    )

    incident: int = Field(index=True)
    owner: str | None
    open: bool
    issue: str | None


class TroubleRow(RecordRow, table=True):
    """A lasting trouble, current or over."""

    key: str = Field(primary_key=True)
    over_at: datetime | None = moment_column(index=True)


class LeverRow(RecordRow, table=True):
    """A plan or runbook that relieves something: its last rehearsal."""

    key: str = Field(primary_key=True)


class PluginRow(RecordRow, table=True):
    """A version of a team's plugin that has failed: how often, and since when it is in quarantine."""

    key: str = Field(primary_key=True)


class PluginReloadRow(RecordRow, table=True):
    """The last request to load plugins again: one record."""

    key: str = Field(primary_key=True)


class ConfigVersionRow(RecordRow, table=True):
    """A version of config.yaml that a process took or refused. `decided_at` is the later of the two."""

    hash: str = Field(primary_key=True)
    taken_at: datetime | None = moment_column(index=True)
    refused_at: datetime | None = moment_column(index=True)
    decided_at: datetime | None = moment_column(index=True)


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
