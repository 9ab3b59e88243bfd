"""Copy into the database, at intervals, what is known outside: on-calls, pages, people; and clean up."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import uuid4

import structlog

from bot.domain.alert.alert import Alert
from bot.domain.policy import Policy, Team
from bot.ports import Chat, Clock, Pager, PagerNews, Rejected, Session, Sessions, Throttled, Unreachable
from bot.services.alert.reports import Reports
from bot.services.changes.changes import Changes
from bot.services.incident import members
from bot.services.incident.members import Members
from bot.services.oncall.covers import Covers
from bot.services.oncall.oncall import OnCall
from bot.services.oncall.oncall_groups import OnCallGroups
from bot.services.oncall.rest import Rest
from bot.services.oncall.rings import Rings
from bot.services.oncall.shifts import HORIZON, Shifts
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.services.permissions import Permissions
from bot.services.transaction import Transaction
from bot.workers.rings import RingReader

ONCALL_EVERY = timedelta(seconds=60)
SHIFTS_EVERY = timedelta(seconds=60)
PAGES_EVERY = timedelta(seconds=30)
PEOPLE_EVERY = timedelta(seconds=60)
CHANGES_EVERY = timedelta(seconds=60)
RINGS_EVERY = timedelta(seconds=60)
ALERTS_EVERY = timedelta(seconds=60)
ALERTS_ASKED = timedelta(days=1)
"""How far back the pager is asked for its own incidents. An older one is known, or told by webhook."""
ALERTS_LOOKED_AT = 20
"""How many older incidents of the pager, not resolved, are asked for each time, one by one."""
CHANGES_AT_ONCE = 50
"""How many records one transaction stores, so that requests do not wait for all of them."""
CHANGES_ASKED = timedelta(hours=1)
"""How far back the pager is asked for changes each time: some tools send late, and Spy may have been down."""
GROUPS_EVERY = timedelta(seconds=60)
"""A look is one query. Slack is asked about a group once in `services.permissions.FRESH`."""
SWEEP_EVERY = timedelta(hours=1)
REQUESTS_KEPT = timedelta(days=4)
"""Longer than the oldest delivery that a webhook takes, so that none is acted on twice. Slack repeats for minutes."""
ITEMS_KEPT = timedelta(days=7)
SWEPT_AT_ONCE = 500
"""How many rows one transaction deletes, so that requests do not wait for all of them."""

T = TypeVar("T")
TROUBLE = (Unreachable, Throttled, Rejected)
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Sync:
    """Each job is safe in any process at any time. A lease keeps two processes from asking the same at once."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    chat: Chat
    pager: Pager | None
    wake: Callable[[], None]
    owner: str = field(default_factory=lambda: uuid4().hex)

    def oncall(self) -> None:
        """Copy who is on call from the pager."""
        policies = {team.escalation_policy for team in self.policy().teams.values() if team.escalation_policy}
        if self.pager is None or not policies or not self._my_turn("oncall", ONCALL_EVERY):
            return
        self._copy_on_calls(self.pager, policies)

    def _copy_on_calls(self, pager: Pager, policies: Collection[str]) -> None:
        try:
            on_calls = pager.on_calls(policies)
        except TROUBLE as trouble:
            log.warning("on-calls not synced", why=trouble.logged)
            with self.sessions.begin() as session:
                OnCall(self._transaction(session)).not_synced(str(trouble))
            return
        with self.sessions.begin() as session:
            OnCall(self._transaction(session)).synced(on_calls)
        self._each(self._compare_group, [it for it in self.policy().teams.values() if not it.schedule])

    def shifts(self) -> None:
        """Copy the teams' final schedules, learn whose shifts those are, and check the load of running shifts."""
        teams = [team for team in self.policy().teams.values() if team.schedule]
        if self.pager is None or not teams or not self._my_turn("shifts", SHIFTS_EVERY):
            return
        self._each(partial(self._copy_shifts, self.pager), teams)
        self.wake()

    def _copy_shifts(self, pager: Pager, team: Team) -> None:
        self._copy_schedule(pager, team)
        with self.sessions.begin() as session:
            tx = self._transaction(session)
            Shifts(tx).weigh(team)
            Rest(tx).offer(team)
        self._compare_group(team)

    def _compare_group(self, team: Team) -> None:
        """Look whether a team's user group holds the people on call. If PagerDuty is down, known shifts say who is."""
        if team.oncall_group:
            with self.sessions.begin() as session:
                OnCallGroups(self._transaction(session)).compare(team)

    def _copy_schedule(self, pager: Pager, team: Team) -> None:
        """Copy one schedule. If it can't be read, it stays as it was and no shift counts as removed."""
        schedule, now = team.schedule or "", self.clock.now()
        try:
            turns = pager.shifts([schedule], since=now, until=now + HORIZON)
        except TROUBLE as trouble:
            log.warning("a schedule could not be read", schedule=schedule, why=trouble.logged)
            return
        with self.sessions.read() as session:
            strangers = Shifts(self._transaction(session)).strangers(turns)
        self._each(self._look_for, strangers)
        with self.sessions.begin() as session:
            Shifts(self._transaction(session)).synced(team, turns)
        with self.sessions.begin() as session:
            Covers(self._transaction(session)).compare(schedule)

    def _look_for(self, email: str) -> None:
        try:
            person = self.chat.find_by_email(email)
        except TROUBLE as trouble:
            with self.sessions.begin() as session:
                is_news = Shifts(self._transaction(session)).not_found_out(email)
            if is_news:
                log.warning("an e-mail can't be looked up in Slack", why=trouble.logged)
            return
        with self.sessions.begin() as session:
            Shifts(self._transaction(session)).found(email, person)

    def changes(self) -> None:
        """Copy the changes that the pager received: it sends no webhook for them."""
        if self.pager is None or not self._my_turn("changes", CHANGES_EVERY):
            return
        now = self.clock.now()
        try:
            news = self.pager.changes(since=now - CHANGES_ASKED, until=now)
        except TROUBLE as trouble:
            log.warning("changes could not be read", why=trouble.logged)
            return
        for some in range(0, len(news), CHANGES_AT_ONCE):
            with self.sessions.begin_background() as session:
                Changes(self._transaction(session)).record_all(news[some : some + CHANGES_AT_ONCE])

    def alerts(self) -> None:
        """Copy the pager's own incidents of the last day, for what no webhook told."""
        policy = self.policy()
        services = {it.service for it in policy.teams.values() if it.service}
        services |= {pager_id for it in policy.services.values() for pager_id in it.pager_ids}
        if self.pager is None or not services or not self._my_turn("alerts", ALERTS_EVERY):
            return
        now = self.clock.now()
        try:
            found = self.pager.alerts(services, since=now - ALERTS_ASKED, until=now)
        except TROUBLE as trouble:
            log.warning("the pager's own incidents could not be read", why=trouble.logged)
            return
        for some in range(0, len(found), CHANGES_AT_ONCE):
            with self.sessions.begin_background() as session:
                Reports(self._transaction(session)).hear_all(found[some : some + CHANGES_AT_ONCE])
        with self.sessions.read() as session:
            before = now - ALERTS_EVERY
            unheard = Reports(self._transaction(session)).unheard(
                self.pager.source, before=before, limit=ALERTS_LOOKED_AT
            )
        self._each(partial(self._look_at_alert, self.pager), unheard)
        self.wake()

    def _look_at_alert(self, pager: Pager, alert: Alert) -> None:
        """Ask what became of an incident of the pager that began long ago: no webhook may be set up."""
        try:
            page = pager.look(alert.pager_id or "")
        except TROUBLE as trouble:
            if not (isinstance(trouble, Rejected) and trouble.code == "not_found"):
                log.warning("an incident of the pager could not be asked for", why=trouble.logged)
                return
            page = None
        with self.sessions.begin_background() as session:
            Reports(self._transaction(session)).looked(alert, page)

    def rings(self) -> None:
        """Learn whom the pager rang, for what no webhook told: before Spy was there, and while it was down."""
        if self.pager is None or not self._my_turn("rings", RINGS_EVERY):
            return
        RingReader(self.sessions, self.clock, self._transaction, self.pager).run()
        with self.sessions.read() as session:
            strangers = Rings(self._transaction(session)).strangers()
        self._each(partial(self._look_for_user, self.pager), strangers)

    def _look_for_user(self, pager: Pager, user: str) -> None:
        """Learn who a user of the pager is in Slack. If one of the two does not answer, the next look asks again."""
        with self.sessions.read() as session:
            configured = Rings(self._transaction(session)).configured(user)
        try:
            email = None if configured else pager.address(user)
            person = self.chat.find_by_email(email) if email else None
        except TROUBLE as trouble:
            log.warning("a user of the pager can't be looked up in Slack", user=user, why=trouble.logged)
            return
        with self.sessions.begin_background() as session:
            tx = self._transaction(session)
            if person and email:
                Shifts(tx).found(email.casefold(), person)
            Rings(tx).found(user, configured or (person.id if person else None))

    def pages(self) -> None:
        """Ask the pager about every unresolved page, for organisations without its webhook."""
        if self.pager is None or not self._my_turn("pages", PAGES_EVERY):
            return
        with self.sessions.read() as session:
            ringing = dict.fromkeys(page.pager_id for page in session.pages.ringing() if page.pager_id)
        self._each(partial(self._hear, self.pager), ringing)
        self.wake()

    def _hear(self, pager: Pager, pager_id: str) -> None:
        try:
            found = pager.look(pager_id)
        except TROUBLE as trouble:
            log.warning("a page could not be asked for", page=pager_id, why=trouble.logged)
            return
        kind = "unacknowledged" if found.status == "triggered" else found.status
        with self.sessions.begin() as session:
            PagerResults(self._transaction(session)).record(
                PagerNews(id=f"look:{pager_id}", kind=kind, page=found)
            )

    def people(self) -> None:
        """Learn the names, zones and e-mails of people Spy has met, once a day each."""
        if not self._my_turn("people", PEOPLE_EVERY):
            return
        with self.sessions.read() as session:
            stale = People(self._transaction(session)).stale()
        self._each(self._learn, stale)

    def _learn(self, person: str) -> None:
        """Ask about a person. The time of the question is stored first, in case the call fails."""
        with self.sessions.begin() as session:
            is_news = People(self._transaction(session)).ask(person)
        try:
            profile = self.chat.profile(person)
        except TROUBLE as trouble:
            if is_news:
                log.warning("a profile can't be read", person=person, why=trouble.logged)
            return
        with self.sessions.begin() as session:
            People(self._transaction(session)).met(person, profile)

    def groups(self) -> None:
        """Learn the members of the user groups in `permissions:`.

        Without a lease: asking twice harms nobody, and a newly configured group need not wait for a turn.
        """
        if not self.policy().user_groups:
            return
        with self.sessions.read() as session:
            stale = Permissions(self._transaction(session)).stale()
        self._each(self._read_group, stale)

    def _read_group(self, group: str) -> None:
        try:
            members = self.chat.group_members(group)
        except TROUBLE as trouble:
            with self.sessions.begin() as session:
                is_news = Permissions(self._transaction(session)).not_synced(group, _word(trouble))
            if is_news:
                log.warning(
                    "a user group can't be read; its last known members stay", group=group, why=trouble.logged
                )
            return
        with self.sessions.begin() as session:
            Permissions(self._transaction(session)).synced(group, members)

    def members(self) -> None:
        """Learn who is in the channels of private incidents, in case Spy missed who joined or left."""
        if not self._my_turn("members", members.EVERY):
            return
        with self.sessions.read() as session:
            channels = Members(self._transaction(session)).due()
        self._each(self._read_members, channels)

    def _read_members(self, channel: str) -> None:
        read_at = self.clock.now()
        try:
            found = self.chat.channel_members(channel)
        except TROUBLE as trouble:
            log.warning("a channel's members can't be read", channel=channel, why=trouble.logged)
            return
        with self.sessions.begin() as session:
            Members(self._transaction(session)).read(channel, found, read_at=read_at)

    def sweep(self) -> None:
        """Delete what nobody will ask for again, some rows at a time."""
        now = self.clock.now()
        kept: tuple[Callable[[Session], int], ...] = (
            lambda session: session.inbound.forget(before=now - REQUESTS_KEPT, limit=SWEPT_AT_ONCE),
            lambda session: session.outbox.forget(before=now - ITEMS_KEPT, limit=SWEPT_AT_ONCE),
            lambda session: Changes(self._transaction(session)).forget_old(limit=SWEPT_AT_ONCE),
            lambda session: session.web_keys.forget(before=now, limit=SWEPT_AT_ONCE),
            lambda session: session.api_tokens.forget(before=now, limit=SWEPT_AT_ONCE),
        )
        for forget in kept:
            count = SWEPT_AT_ONCE
            while count == SWEPT_AT_ONCE:
                with self.sessions.begin_background() as session:
                    count = forget(session)

    def _each(self, do: Callable[[T], None], them: Iterable[T]) -> None:
        """Do it for each. A fault at one is logged and does not affect the others."""
        for it in them:
            try:
                do(it)
            except Exception:
                log.exception("a fault of Spy's own while it looked at one of many", about=_named(it))

    def _my_turn(self, job: str, every: timedelta) -> bool:
        with self.sessions.begin() as session:
            return session.holds(job, self.owner, now=self.clock.now(), lease=every * 2)

    def _transaction(self, session: Session) -> Transaction:
        return Transaction(
            session=session,
            now=self.clock.now(),
            policy=self.policy(),
            source=self.policy().pager_name.casefold(),
        )


def _word(trouble: Exception) -> str:
    """Return what stays the same while a failure lasts: its sentence may contain addresses and seconds."""
    return trouble.code if isinstance(trouble, Rejected) else type(trouble).__name__


def _named(it: object) -> str:
    """Return how the log names one of many: by an id or a key, never by an e-mail."""
    name = str(getattr(it, "key", it))
    return "an e-mail" if "@" in name else name
