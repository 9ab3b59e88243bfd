"""The tables. A row has the same field names as its domain value, so no mapping is needed."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.adapters.database.columns import json_column, moment_column, partial_index


class CounterRow(SQLModel, table=True):
    """The last number given to a row of each table, such as incident 42."""

    __tablename__ = "counter"

    name: str = Field(primary_key=True)
    value: int


class IncidentRow(SQLModel, table=True):
    __tablename__ = "incident"
    __table_args__ = (Index("incident_by_declarer", "declared_by", "declared_at"),)

    number: int = Field(primary_key=True)
    name: str
    declared_by: str
    declared_at: datetime = moment_column()
    severity: str | None
    severity_at: datetime | None = moment_column()
    phase: str = Field(index=True)
    private: bool
    drill: bool
    channel: str | None = Field(index=True)
    channel_name: str
    channel_refused: str | None
    channel_closed: dict[str, Any] | None = Field(sa_column=Column(JSON(none_as_null=True)))
    commander: str | None
    command_since: datetime | None = moment_column()
    command_offered_to: str | None
    roles: dict[str, str] = json_column()
    members: list[str] = json_column()
    impact: str | None
    impact_since: datetime | None = moment_column()
    cause: str | None
    cause_at: datetime | None = moment_column()
    suspects: list[dict[str, Any]] = json_column()
    told: list[str] = json_column()
    links: list[dict[str, str]] = json_column()
    update: str | None
    updated_at: datetime | None = moment_column()
    updated_by: str | None
    update_due: datetime | None = moment_column()
    first_updated_at: datetime | None = moment_column()
    first_acknowledged_at: datetime | None = moment_column()
    mitigated_at: datetime | None = moment_column()
    resolved_at: datetime | None = moment_column()
    resolution: str | None
    reopened_at: datetime | None = moment_column()
    reminded: dict[str, Any] = json_column()
    snoozed: dict[str, Any] = json_column()
    quiet_until: datetime | None = moment_column()
    reminded_at: datetime | None = moment_column()
    steps: dict[str, Any] = json_column()
    entries: int


class TimelineRow(SQLModel, table=True):
    __tablename__ = "timeline"
    __table_args__ = (UniqueConstraint("incident", "seq"),)

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


class PageRow(SQLModel, table=True):
    __tablename__ = "page"

    number: int = Field(primary_key=True)
    key: str = Field(unique=True)
    message: str
    requested_by: str | None
    requested_at: datetime = moment_column()
    team: str | None
    person: str | None
    incident: int | None = Field(index=True)
    test: bool = False
    line_at: str | None
    state: str = Field(index=True)
    pagerduty_id: str | None = Field(index=True)
    url: str | None
    sent_at: datetime | None = moment_column()
    assigned: str | None
    answer: str | None
    answer_by: str | None
    acknowledged_by: str | None
    acknowledged_person: str | None
    acknowledged_at: datetime | None = moment_column()
    shown_as: str | None
    escalated_to: str | None
    merged_into: str | None
    resolved_at: datetime | None = moment_column()
    why: str | None
    fallback: list[str] = json_column()
    rings_since: datetime | None = moment_column()
    level: int = 1
    is_last_level: bool = False
    escalated_at: datetime | None = moment_column()
    reminded: dict[str, Any] = json_column()


class TeamNoticeRow(SQLModel, table=True):
    __tablename__ = "team_notice"

    number: int = Field(primary_key=True)
    incident: int = Field(index=True)
    team: str
    channel: str
    message: str
    by: str
    at: datetime = moment_column()
    seen_by: list[str] = json_column()
    failed: str | None


class PersonRow(SQLModel, table=True):
    __tablename__ = "person"

    id: str = Field(primary_key=True)
    name: str = Field(index=True)
    email: str | None
    zone: str | None
    profiled_at: datetime | None = moment_column(index=True)
    asked_at: datetime | None = moment_column()
    is_guest: bool = False
    is_bot: bool = False
    is_deactivated: bool = False


class OnCallCopyRow(SQLModel, table=True):
    """The stored copy of PagerDuty's on-calls: one row."""

    __tablename__ = "on_call_copy"

    id: int = Field(primary_key=True)
    on_calls: list[dict[str, Any]] = json_column()
    synced_at: datetime | None = moment_column()
    trouble: str | None


class MessageRow(SQLModel, table=True):
    """Where a lasting message was posted in Slack."""

    __tablename__ = "message"

    slot: str = Field(primary_key=True)
    channel: str
    ts: str
    permalink: str | None


class OutboxRow(SQLModel, table=True):
    """An effect to deliver. `state` is held (waits for its channel), ready, sending, done or failed."""

    __tablename__ = "outbox"
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


class TimerRow(SQLModel, table=True):
    """A reminder to send. `state` is waiting or sent."""

    __tablename__ = "timer"
    __table_args__ = (
        partial_index("timer_due", "due_at", where="state = 'waiting'"),
        partial_index("timer_subject", "subject", where="state = 'waiting'"),
    )

    key: str = Field(primary_key=True)
    subject: str
    reminder: str
    occurrence: str
    due_at: datetime = moment_column()
    state: str
    sent_at: datetime | None = moment_column()


class WorkPeriodRow(SQLModel, table=True):
    """A person's unbroken time on incidents."""

    __tablename__ = "work_period"
    __table_args__ = (Index("work_period_by_person", "person", "ended_at"),)

    number: int = Field(primary_key=True)
    person: str
    started_at: datetime = moment_column()
    ended_at: datetime | None = moment_column()
    on: dict[str, str] = json_column()
    was_on: list[int] = json_column()
    fine_at: datetime | None = moment_column()
    reminded: dict[str, Any] = json_column()
    asked: list[dict[str, Any]] = json_column()
    pages: list[int] = json_column()


class ShiftRow(SQLModel, table=True):
    """An on-call shift as JSON, with columns to search by."""

    __tablename__ = "shift"
    __table_args__ = (Index("shift_by_schedule", "schedule", "ends_at"),)

    number: int = Field(primary_key=True)
    subject: str = Field(unique=True)
    schedule: str
    person: str | None = Field(index=True)
    starts_at: datetime = moment_column()
    ends_at: datetime = moment_column(index=True)
    gone: bool
    kept: dict[str, Any] = json_column()


class CoverRow(SQLModel, table=True):
    """A cover request, as JSON."""

    __tablename__ = "cover"

    number: int = Field(primary_key=True)
    open: bool = Field(index=True)
    kept: dict[str, Any] = json_column()


class ContactRow(SQLModel, table=True):
    """The Slack user of an e-mail address, as JSON."""

    __tablename__ = "contact"

    email: str = Field(primary_key=True)
    kept: dict[str, Any] = json_column()


class ChangeRow(SQLModel, table=True):
    """A change of a running system, as JSON with columns to search by."""

    __tablename__ = "change"

    number: int = Field(primary_key=True)
    key: str = Field(unique=True)
    service: str | None
    happened_at: datetime = moment_column(index=True)
    as_of: datetime = moment_column()
    heard_at: datetime = moment_column(index=True)
    kept: dict[str, Any] = json_column()


class LockRow(SQLModel, table=True):
    """A deploy lock, as JSON with columns to search by."""

    __tablename__ = "lock"
    __table_args__ = (partial_index("lock_of_service", "service", where="stands", unique=True),)

    number: int = Field(primary_key=True)
    service: str
    stands: bool
    kept: dict[str, Any] = json_column()


class FailoverRow(SQLModel, table=True):
    """A run of a failover plan as JSON, with columns to search by and the lease of the process that runs it."""

    __tablename__ = "failover"
    __table_args__ = (
        partial_index("failover_lock", "lock", where="active", unique=True),
        partial_index("failover_to_run", "number", where="to_run"),
        Index("failover_by_plan", "plan", "ended_at"),
    )

    number: int = Field(primary_key=True)
    plan: str
    lock: str | None
    active: bool
    to_run: bool
    moved: bool
    ended_at: datetime | None = moment_column()
    owner: str | None
    lease_until: datetime | None = moment_column()
    kept: dict[str, Any] = json_column()


class FailoverAuditRow(SQLModel, table=True):
    """The audit log of failovers: append-only."""

    __tablename__ = "failover_audit"

    failover: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    kind: str
    at: datetime = moment_column()
    by: str | None
    source: str
    data: dict[str, Any] = json_column()


class UserGroupRow(SQLModel, table=True):
    """The members of a Slack user group, as JSON."""

    __tablename__ = "user_group"

    id: str = Field(primary_key=True)
    kept: dict[str, Any] = json_column()


class PostmortemRow(SQLModel, table=True):
    """The postmortem of an incident, as JSON."""

    __tablename__ = "postmortem"

    incident: int = Field(primary_key=True)
    kept: dict[str, Any] = json_column()


class FollowUpRow(SQLModel, table=True):
    """A follow-up as JSON, with columns to search by. `issue` is owner/name#number."""

    __tablename__ = "follow_up"

    number: int = Field(primary_key=True)
    incident: int = Field(index=True)
    owner: str | None = Field(index=True)
    open: bool = Field(index=True)
    issue: str | None = Field(index=True)
    kept: dict[str, Any] = json_column()


class TroubleRow(SQLModel, table=True):
    """A lasting trouble, current or over, as JSON."""

    __tablename__ = "trouble"

    key: str = Field(primary_key=True)
    kept: dict[str, Any] = json_column()


class InboundRow(SQLModel, table=True):
    """A request that was handled, and its answer."""

    __tablename__ = "inbound"

    id: str = Field(primary_key=True)
    at: datetime = moment_column(index=True)
    answer: str


class LeaseRow(SQLModel, table=True):
    """The lease of a job that only one process runs at a time."""

    __tablename__ = "lease"

    job: str = Field(primary_key=True)
    owner: str
    until: datetime = moment_column()
