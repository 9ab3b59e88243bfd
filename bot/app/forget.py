"""`spy forget`: remove a person from the database. Names become *somebody*, facts stay."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import choice

import structlog

from bot.adapters.database import Database, Limits, make_ready, open_engine
from bot.adapters.database.forgetting import Forgotten, forget, overwritten
from bot.adapters.database.known import identity_of
from bot.adapters.network.clock import SystemClock
from bot.app.build import open_clock
from bot.config import Settings
from bot.domain.audit import FORGET, ChainMark
from bot.domain.identity import PersonIdentity
from bot.domain.policy import Account
from bot.domain.refusal import Refusal
from bot.ports import Profile, Session
from bot.services.audit import AuditLog
from bot.services.directory import Directory
from bot.services.features import load_features
from bot.services.people import People
from bot.services.transaction import Transaction

log = structlog.get_logger()
MOST_OPEN = 1_000
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SLOW = Limits(statement=timedelta(minutes=5), lock=timedelta(minutes=1))
"""Nobody waits for an answer: a row that is in use is waited for."""


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What was done, and which issues in the tracker still show the person."""

    identity: PersonIdentity
    found: Forgotten
    head: ChainMark
    """The last row of the audit log."""
    issues: tuple[str, ...]
    configured: tuple[int, ...]
    """Lines of config.yaml that name the person."""
    is_clean: bool = True
    """Whether the database's file has no traces of what was removed."""


class Forgetter:
    """Removes one person. `now` is in UTC."""

    def __init__(self, settings: Settings, database: Database, person: str, *, now: datetime) -> None:
        self._settings = settings
        self._database = database
        self._person = person
        self._now = now
        self.identity = self._identity()

    def _identity(self) -> PersonIdentity:
        policy = self._settings.policy()
        account = policy.people.get(self._person) or Account()
        login = policy.postmortem_settings.logins.get(self._person)
        found = identity_of(
            self._database.engine,
            self._person,
            token="".join(choice(LETTERS) for _ in range(8)),
            addresses=_given(account.email),
            pager_ids=_given(account.pager_id),
        )
        return replace(found, logins=_given(login))

    def require_free(self) -> None:
        """Refuse a person who commands an open incident, or who is on call now."""
        with self._database.read() as session:
            self._require_free(session)

    def _require_free(self, session: Session) -> None:
        for incident in session.incidents.open(limit=MOST_OPEN):
            if incident.commander == self._person:
                raise Refusal(f"{self._person} commands {incident.id}, which is open. Hand it over first.")
        copy = [it for it in session.on_calls.copy().on_calls if self._is_now(it.start, it.end)]
        known = self.identity.addresses | self.identity.pager_ids
        directory = Directory(self._transaction(session))
        calls = [it for it in copy if {it.email, it.user} & known]
        calls += [it for it in copy if directory.paged_as(it.user, it.email) == self._person]
        shifts = session.shifts.of_person(self._person, since=self._now)
        if calls or any(self._is_now(it.start, it.end) for it in shifts):
            raise Refusal(f"{self._person} is on call now. Find someone else for the shift first.")

    def _is_now(self, start: datetime | None, end: datetime | None) -> bool:
        return (start is None or start <= self._now) and (end is None or self._now < end)

    def run(self) -> Removal:
        """Take the person's tasks away, remove them everywhere, and add that to the audit log."""
        self._take_tasks()
        found = forget(self._database.engine, self.identity, now=self._now)
        with self._database.begin() as session:
            result = f"rows {found.rows}" if found.rows else ""
            head = AuditLog(self._transaction(session)).add_upkeep(FORGET, result)
        log.info("a person was forgotten", rows=found.rows, row=head.seq, hash=head.hash)
        is_clean = overwritten(self._database.engine)
        return Removal(
            head=head,
            is_clean=is_clean,
            identity=self.identity,
            found=found,
            issues=self._issues(found),
            configured=self._configured(),
        )

    def _take_tasks(self) -> None:
        """Remove their roles and tasks in open incidents, as when an account is deactivated."""
        with self._database.begin() as session:
            if known := session.people.get(self._person):  # Spy has met everyone who has a task
                gone = Profile(name=known.name, is_deactivated=True)
                People(self._transaction(session)).met(self._person, gone)

    def _issues(self, found: Forgotten) -> tuple[str, ...]:
        urls: dict[str, None] = {}
        with self._database.read() as session:
            for number in sorted(found.incidents):
                postmortem = session.postmortems.get(number)
                filed = [postmortem and postmortem.filed, *(it.filed for it in session.follow_ups.of(number))]
                urls |= dict.fromkeys(it.url for it in filed if it)
        return tuple(urls)

    def _configured(self) -> tuple[int, ...]:
        path = self._settings.path
        lines = path.read_text(encoding="utf-8").splitlines() if path else []
        return tuple(
            number for number, line in enumerate(lines, start=1) if self.identity.removed(line) != line
        )

    def _transaction(self, session: Session) -> Transaction:
        return Transaction(session=session, now=self._now, policy=self._settings.policy())


def _given(text: str | None) -> frozenset[str]:
    return frozenset(filter(None, [text]))


@contextmanager
def forgetter(settings: Settings, person: str) -> Iterator[Forgetter]:
    """Open the database for removing a person."""
    load_features()
    engine = open_engine(settings.env.database_url.get_secret_value(), limits=SLOW)
    try:
        make_ready(engine)
        now = open_clock(settings, SystemClock()).now()
        yield Forgetter(settings, Database(engine), person, now=now)
    finally:
        engine.dispose()


def about_to(identity: PersonIdentity) -> Iterator[str]:
    """Yield what is about to be removed."""
    known = sorted({*identity.names, *identity.addresses, *identity.logins, *identity.pager_ids})
    yield f"To remove from the database: {', '.join((identity.person, *known))}."


def in_words(result: Removal) -> Iterator[str]:
    """Yield what was done and what is left to do, one sentence a line."""
    found = result.found
    if not found.changed and not found.deleted:
        yield "The database has nothing of them."
    for what, counted in (("Changed", found.changed), ("Deleted", found.deleted)):
        if counted:
            rows = ", ".join(f"{count:,} in {table}" for table, count in sorted(counted.items()))
            yield f"{what}: {rows}."
    if found.sealed:
        yield f"The audit log says so for its rows {found.rows}, and `spy audit --verify` accepts it."
    yield f"Keep elsewhere: the last row of the audit log is {result.head.seq} {result.head.hash}"
    if not found.is_done:
        yield "Spy still writes about them. Run this again when nothing happens any more."
    if not result.is_clean:
        yield "The database's file is in use, so it may still have traces. Stop Spy and run this again."
    yield "Out of reach: messages and names of channels in Slack, PagerDuty's own log, backups, and the program's log."
    if result.issues:
        yield f"Out of reach: issues. Edit these by hand: {', '.join(result.issues)}."
    if result.configured:
        lines = ", ".join(map(str, result.configured))
        yield f"Out of reach: config.yaml. Remove them from line {lines}."
    yield "While Slack or PagerDuty still have them, Spy may learn their name again: remove them there too."
