"""The tables of records. Each is stored whole as JSON in `kept`.

The other columns are those that queries filter, order or lock by.
"""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from bot.adapters.database.columns import json_column, moment_column, partial_index, prefix_index
from bot.adapters.database.tables.row import NumberedRow, RecordRow

SEARCHED = ("phase", "private", "severity", "resolved_at", "opened_at", "told", "seen_by", "words")
"""What a search looks at. SQLite finds it all in the index; PostgreSQL stores the JSON of a record elsewhere anyway."""


class IncidentRow(NumberedRow, table=True):
    """An incident. `words` are those that a search looks at; `seen_by` may see it while it is private."""

    __table_args__ = (
        Index("incident_by_person", "declared_by", "opened_at"),
        Index("incident_by_name", "bare_name", "phase"),
        Index("incident_by_end", "resolved_at"),
        Index("incident_by_declaration", "declared_at"),
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
    declared_at: datetime | None = moment_column()
    """Empty where an older Spy stored it, until it is filled in."""
    opened_at: datetime = moment_column()
    resolved_at: datetime | None = moment_column()
    words: str


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


class FollowingRow(NumberedRow, table=True):
    """A person or an e-mail address that follows an incident, a service or a severity (`about`)."""

    __table_args__ = (
        Index("following_to_tell", "incident", "by_mail", "number"),
        partial_index("following_by_person", "person", "incident", where="person IS NOT NULL"),
        partial_index("following_through", "through", where="through IS NOT NULL"),
    )

    key: str = Field(unique=True)
    about: str = Field(index=True)
    incident: int | None
    person: str | None
    through: int | None
    by_mail: bool
    heard: int
    stalled: bool


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


class PublicationRow(NumberedRow, table=True):
    """What customers were told of a component. It stays when its incident is deleted."""

    __table_args__ = (
        Index("publication_of_component", "component", "number"),
        Index("publication_of_thread", "thread"),
        partial_index("publication_of_incident", "incident", where="incident IS NOT NULL"),
    )

    component: str
    thread: int
    incident: int | None


class StatusDraftRow(NumberedRow, table=True):
    """A preview of what somebody was about to publish."""

    __table_args__ = (partial_index("status_draft_of_incident", "incident", where="incident IS NOT NULL"),)

    at: datetime = moment_column(index=True)
    incident: int | None


class WebKeyRow(RecordRow, table=True):
    """A one-time link to the dashboard, or a session there. Its secret is stored nowhere."""

    digest: str = Field(primary_key=True)
    person: str = Field(index=True)
    ends_at: datetime = moment_column(nullable=False, index=True)


class ApiTokenRow(RecordRow, table=True):
    """A token of a program. Its secret is stored nowhere. `called` is its name in small letters."""

    digest: str = Field(primary_key=True)
    called: str = Field(unique=True)
    person: str = Field(index=True)
    ends_at: datetime | None = moment_column(index=True)


class ProposalRow(NumberedRow, table=True):
    """A command that a machine has proposed in a person's name."""

    __table_args__ = (
        Index("proposal_of_person", "person", "proposed_at"),
        partial_index("proposal_open", "number", where="open"),
        partial_index("proposal_of_incident", "incident", where="incident IS NOT NULL"),
    )

    person: str
    proposed_at: datetime = moment_column(index=True)
    open: bool
    incident: int | None
