"""The tables. A row has the same field names as its domain value, so no mapping is needed."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, Integer, TypeDecorator, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite stores no time zone, so it is added again when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _moment(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def _json() -> Any:
    return Field(sa_column=Column(JSON, nullable=False))


def _index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return a partial index over the rows that meet a condition, so that finished rows cost nothing."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


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
    declared_at: datetime = _moment()
    severity: str | None
    severity_at: datetime | None = _moment()
    phase: str = Field(index=True)
    private: bool
    drill: bool
    channel: str | None = Field(index=True)
    channel_name: str
    channel_refused: str | None
    channel_closed: dict[str, Any] | None = Field(sa_column=Column(JSON(none_as_null=True)))
    commander: str | None
    command_since: datetime | None = _moment()
    command_offered_to: str | None
    roles: dict[str, str] = _json()
    members: list[str] = _json()
    impact: str | None
    impact_since: datetime | None = _moment()
    cause: str | None
    cause_at: datetime | None = _moment()
    suspects: list[dict[str, Any]] = _json()
    told: list[str] = _json()
    links: list[dict[str, str]] = _json()
    update: str | None
    updated_at: datetime | None = _moment()
    updated_by: str | None
    update_due: datetime | None = _moment()
    first_updated_at: datetime | None = _moment()
    first_acknowledged_at: datetime | None = _moment()
    mitigated_at: datetime | None = _moment()
    resolved_at: datetime | None = _moment()
    resolution: str | None
    reopened_at: datetime | None = _moment()
    reminded: dict[str, Any] = _json()
    snoozed: dict[str, Any] = _json()
    quiet_until: datetime | None = _moment()
    reminded_at: datetime | None = _moment()
    steps: dict[str, Any] = _json()
    entries: int


class TimelineRow(SQLModel, table=True):
    __tablename__ = "timeline"
    __table_args__ = (UniqueConstraint("incident", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    incident: int
    seq: int
    kind: str
    occurred_at: datetime = _moment()
    recorded_at: datetime = _moment()
    actor: str | None
    source: str
    permalink: str | None
    text: str
    data: dict[str, Any] = _json()
    substance: bool
    visibility: str | None
    supersedes: int | None


class PageRow(SQLModel, table=True):
    __tablename__ = "page"

    number: int = Field(primary_key=True)
    key: str = Field(unique=True)
    message: str
    requested_by: str | None
    requested_at: datetime = _moment()
    team: str | None
    person: str | None
    incident: int | None = Field(index=True)
    test: bool = False
    line_at: str | None
    state: str = Field(index=True)
    pagerduty_id: str | None = Field(index=True)
    url: str | None
    sent_at: datetime | None = _moment()
    assigned: str | None
    answer: str | None
    answer_by: str | None
    acknowledged_by: str | None
    acknowledged_person: str | None
    acknowledged_at: datetime | None = _moment()
    shown_as: str | None
    escalated_to: str | None
    merged_into: str | None
    resolved_at: datetime | None = _moment()
    why: str | None
    fallback: list[str] = _json()
    rings_since: datetime | None = _moment()
    level: int = 1
    is_last_level: bool = False
    escalated_at: datetime | None = _moment()
    reminded: dict[str, Any] = _json()


class TeamNoticeRow(SQLModel, table=True):
    __tablename__ = "team_notice"

    number: int = Field(primary_key=True)
    incident: int = Field(index=True)
    team: str
    channel: str
    message: str
    by: str
    at: datetime = _moment()
    seen_by: list[str] = _json()
    failed: str | None


class PersonRow(SQLModel, table=True):
    __tablename__ = "person"

    id: str = Field(primary_key=True)
    name: str = Field(index=True)
    email: str | None
    zone: str | None
    profiled_at: datetime | None = _moment(index=True)
    asked_at: datetime | None = _moment()
    is_guest: bool = False
    is_bot: bool = False
    is_deactivated: bool = False


class OnCallCopyRow(SQLModel, table=True):
    """The stored copy of PagerDuty's on-calls: one row."""

    __tablename__ = "on_call_copy"

    id: int = Field(primary_key=True)
    on_calls: list[dict[str, Any]] = _json()
    synced_at: datetime | None = _moment()
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
        _index("outbox_slot", "slot", where="state IN ('held', 'ready')", unique=True),
        _index("outbox_due", "due_at", where="done_at IS NULL"),
        _index("outbox_lane", "lane", "id", where="done_at IS NULL"),
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
    queued_at: datetime = _moment()
    due_at: datetime = _moment()
    attempts: int = 0
    uncertain: bool = False
    owner: str | None
    lease_until: datetime | None = _moment()
    why: str | None
    done_at: datetime | None = _moment(index=True)


class TimerRow(SQLModel, table=True):
    """A reminder to send. `state` is waiting or sent."""

    __tablename__ = "timer"
    __table_args__ = (
        _index("timer_due", "due_at", where="state = 'waiting'"),
        _index("timer_subject", "subject", where="state = 'waiting'"),
    )

    key: str = Field(primary_key=True)
    subject: str
    reminder: str
    occurrence: str
    due_at: datetime = _moment()
    state: str
    sent_at: datetime | None = _moment()


class WorkPeriodRow(SQLModel, table=True):
    """A person's unbroken time on incidents."""

    __tablename__ = "work_period"
    __table_args__ = (Index("work_period_by_person", "person", "ended_at"),)

    number: int = Field(primary_key=True)
    person: str
    started_at: datetime = _moment()
    ended_at: datetime | None = _moment()
    on: dict[str, str] = _json()
    was_on: list[int] = _json()
    fine_at: datetime | None = _moment()
    reminded: dict[str, Any] = _json()
    asked: list[dict[str, Any]] = _json()
    pages: list[int] = _json()


class ShiftRow(SQLModel, table=True):
    """An on-call shift as JSON, with columns to search by."""

    __tablename__ = "shift"
    __table_args__ = (Index("shift_by_schedule", "schedule", "ends_at"),)

    number: int = Field(primary_key=True)
    subject: str = Field(unique=True)
    schedule: str
    person: str | None = Field(index=True)
    starts_at: datetime = _moment()
    ends_at: datetime = _moment(index=True)
    gone: bool
    kept: dict[str, Any] = _json()


class CoverRow(SQLModel, table=True):
    """A cover request, as JSON."""

    __tablename__ = "cover"

    number: int = Field(primary_key=True)
    open: bool = Field(index=True)
    kept: dict[str, Any] = _json()


class ContactRow(SQLModel, table=True):
    """The Slack user of an e-mail address, as JSON."""

    __tablename__ = "contact"

    email: str = Field(primary_key=True)
    kept: dict[str, Any] = _json()


class ChangeRow(SQLModel, table=True):
    """A change of a running system, as JSON with columns to search by."""

    __tablename__ = "change"

    number: int = Field(primary_key=True)
    key: str = Field(unique=True)
    service: str | None
    happened_at: datetime = _moment(index=True)
    as_of: datetime = _moment()
    heard_at: datetime = _moment(index=True)
    kept: dict[str, Any] = _json()


class LockRow(SQLModel, table=True):
    """A deploy lock, as JSON with columns to search by."""

    __tablename__ = "lock"
    __table_args__ = (_index("lock_of_service", "service", where="stands", unique=True),)

    number: int = Field(primary_key=True)
    service: str
    stands: bool
    kept: dict[str, Any] = _json()


class FailoverRow(SQLModel, table=True):
    """A run of a failover plan as JSON, with columns to search by and the lease of the process that runs it."""

    __tablename__ = "failover"
    __table_args__ = (
        _index("failover_lock", "lock", where="active", unique=True),
        _index("failover_to_run", "number", where="to_run"),
        Index("failover_by_plan", "plan", "ended_at"),
    )

    number: int = Field(primary_key=True)
    plan: str
    lock: str | None
    active: bool
    to_run: bool
    moved: bool
    ended_at: datetime | None = _moment()
    owner: str | None
    lease_until: datetime | None = _moment()
    kept: dict[str, Any] = _json()


class FailoverAuditRow(SQLModel, table=True):
    """The audit log of failovers: append-only."""

    __tablename__ = "failover_audit"

    failover: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    kind: str
    at: datetime = _moment()
    by: str | None
    source: str
    data: dict[str, Any] = _json()


class UserGroupRow(SQLModel, table=True):
    """The members of a Slack user group, as JSON."""

    __tablename__ = "user_group"

    id: str = Field(primary_key=True)
    kept: dict[str, Any] = _json()


class PostmortemRow(SQLModel, table=True):
    """The postmortem of an incident, as JSON."""

    __tablename__ = "postmortem"

    incident: int = Field(primary_key=True)
    kept: dict[str, Any] = _json()


class FollowUpRow(SQLModel, table=True):
    """A follow-up as JSON, with columns to search by. `issue` is owner/name#number."""

    __tablename__ = "follow_up"

    number: int = Field(primary_key=True)
    incident: int = Field(index=True)
    owner: str | None = Field(index=True)
    open: bool = Field(index=True)
    issue: str | None = Field(index=True)
    kept: dict[str, Any] = _json()


class TroubleRow(SQLModel, table=True):
    """A lasting trouble, current or over, as JSON."""

    __tablename__ = "trouble"

    key: str = Field(primary_key=True)
    kept: dict[str, Any] = _json()


class InboundRow(SQLModel, table=True):
    """A request that was handled, and its answer."""

    __tablename__ = "inbound"

    id: str = Field(primary_key=True)
    at: datetime = _moment(index=True)
    answer: str


class LeaseRow(SQLModel, table=True):
    """The lease of a job that only one process runs at a time."""

    __tablename__ = "lease"

    job: str = Field(primary_key=True)
    owner: str
    until: datetime = _moment()
