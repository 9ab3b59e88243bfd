"""The session: one database transaction, and the records in it."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from bot.ports.records.alert import AlertRecords
from bot.ports.records.api_tokens import ApiTokenRecords
from bot.ports.records.audit import AuditRecords
from bot.ports.records.changes import ChangeRecords, LockRecords
from bot.ports.records.configuration import ConfigVersionRecords
from bot.ports.records.failover import FailoverRecords
from bot.ports.records.followings import FollowingRecords
from bot.ports.records.home import HomeRecords
from bot.ports.records.incident import IncidentRecords, TeamNoticeRecords, TimelineRecords
from bot.ports.records.levers import LeverRecords
from bot.ports.records.messages import InboundRecords, MessageRecords
from bot.ports.records.oncall import (
    ContactRecords,
    CoverRecords,
    OnCallRecords,
    RingCopyRecords,
    RingRecords,
    ShiftRecords,
)
from bot.ports.records.outbox import OutboxRecords
from bot.ports.records.paging import PageRecords
from bot.ports.records.people import PeopleRecords, UserGroupRecords
from bot.ports.records.plugins import PluginRecords, ReloadRecords
from bot.ports.records.postmortem import FollowUpRecords, PostmortemRecords
from bot.ports.records.proposals import ProposalRecords
from bot.ports.records.relief import WorkPeriodRecords
from bot.ports.records.retention import PruningRecords
from bot.ports.records.status import DraftRecords, PublicationRecords
from bot.ports.records.timers import TimerRecords, TroubleRecords
from bot.ports.records.web_keys import WebKeyRecords
from bot.ports.time_limit import TimeLimit


class Session(Protocol):
    """One transaction: all of it is committed, or nothing."""

    @property
    def incidents(self) -> IncidentRecords: ...
    @property
    def timeline(self) -> TimelineRecords: ...
    @property
    def pages(self) -> PageRecords: ...
    @property
    def team_notices(self) -> TeamNoticeRecords: ...
    @property
    def people(self) -> PeopleRecords: ...
    @property
    def on_calls(self) -> OnCallRecords: ...
    @property
    def shifts(self) -> ShiftRecords: ...
    @property
    def rings(self) -> RingRecords: ...
    @property
    def ring_copy(self) -> RingCopyRecords: ...
    @property
    def covers(self) -> CoverRecords: ...
    @property
    def contacts(self) -> ContactRecords: ...
    @property
    def failovers(self) -> FailoverRecords: ...
    @property
    def user_groups(self) -> UserGroupRecords: ...
    @property
    def messages(self) -> MessageRecords: ...
    @property
    def outbox(self) -> OutboxRecords: ...
    @property
    def inbound(self) -> InboundRecords: ...
    @property
    def timers(self) -> TimerRecords: ...
    @property
    def periods(self) -> WorkPeriodRecords: ...
    @property
    def changes(self) -> ChangeRecords: ...
    @property
    def locks(self) -> LockRecords: ...
    @property
    def alerts(self) -> AlertRecords: ...
    @property
    def postmortems(self) -> PostmortemRecords: ...
    @property
    def follow_ups(self) -> FollowUpRecords: ...
    @property
    def followings(self) -> FollowingRecords: ...
    @property
    def publications(self) -> PublicationRecords: ...
    @property
    def status_drafts(self) -> DraftRecords: ...
    @property
    def audit(self) -> AuditRecords: ...
    @property
    def pruning(self) -> PruningRecords: ...
    @property
    def levers(self) -> LeverRecords: ...
    @property
    def plugins(self) -> PluginRecords: ...
    @property
    def plugin_reloads(self) -> ReloadRecords: ...
    @property
    def config_versions(self) -> ConfigVersionRecords: ...
    @property
    def homes(self) -> HomeRecords: ...
    @property
    def troubles(self) -> TroubleRecords: ...
    @property
    def proposals(self) -> ProposalRecords: ...
    @property
    def web_keys(self) -> WebKeyRecords: ...
    @property
    def api_tokens(self) -> ApiTokenRecords: ...

    def reading(self) -> AbstractContextManager["Session"]:
        """Open a session on this transaction that only reads. Raises ReadsOnly for what would be written in it."""

    def lock(self, *sections: str) -> None:
        """Wait until no other transaction holds any of these sections. The locks end with the transaction.

        Name all that a decision needs at once: they are taken in one order, so nobody waits crosswise.
        """

    def try_lock(self, section: str) -> bool:
        """Lock a section if no other transaction holds it. Return whether this one has it now."""

    def holds(self, job: str, owner: str, *, now: datetime, lease: timedelta) -> bool:
        """Return whether this process has the lease of a job that one process at a time does."""


class Sessions(Protocol):
    def begin(self, limit: TimeLimit | None = None) -> AbstractContextManager[Session]:
        """Open a transaction. It commits at the end of the block, and rolls back on an exception.

        With a limit, it raises OutOfTime instead of committing a request that was given up. If the database
        allows it, it takes no lock that others wait for before the commit, so it may raise Conflict.
        """

    def read(self) -> AbstractContextManager[Session]:
        """Open a read-only transaction on one snapshot. It waits for no writer, and no writer waits for it.

        Here `get` locks nothing, `lock` returns at once, and writing raises.
        """

    def begin_background(self) -> AbstractContextManager[Session]:
        """Open a transaction at low priority: it waits a moment while requests are being answered."""

    def give_way(self) -> None:
        """Wait a moment while requests are being answered: before reading and drawing what can come later."""
