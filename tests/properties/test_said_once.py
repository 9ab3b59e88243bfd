"""Whatever happens, in however many processes: no duty is missed, none spoken twice, none once it is done."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.adapters.database import Database, open_engine
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.domain.oncall.shift import Shift, Turn
from bot.domain.refusal import Refusal
from bot.domain.relief.relief import WorkPeriod
from bot.domain.subject import Occurrence, Subject
from bot.ports import Contact, Session, Sessions
from bot.services.incident.incidents import Incidents
from bot.services.oncall.shifts import Shifts
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.testing import NOON, FrozenClock, MemoryDatabase
from bot.workers.timers import Ticks
from tests.properties.owed import DAY, HOUR, MINUTE, POLICY, Debt, Speech, debts, highest_step, warned_since
from tests.support.postgres import Postgres, driven

PEOPLE = ("ana", "raj", "kim")
TOPICAL = ("update_", "no_severity", "milestone:")
"""Duties that are reckoned anew to the letter; of the others it is asked that they are said once."""
PATIENCE = 30
"""Seconds that a tick may take."""

people = st.sampled_from(PEOPLE)
which = st.integers(0, 1)
short = st.sampled_from([1, 3, 5, 15]).map(lambda minutes: minutes * MINUTE)
severities = st.sampled_from(sorted(POLICY.severities))
spans = st.sampled_from([1, 4, 5, 10, 15, 16, 30, 45, 61, 180, 1500]).map(lambda minutes: minutes * MINUTE)


class Death(BaseException):
    """The end of a process that nobody has asked for."""


class Dying:
    """A unit of work in a process that is killed before its nth commit."""

    def __init__(self, sessions: Sessions, *, commits: int) -> None:
        self._sessions = sessions
        self._left = iter(range(commits))

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with self._sessions.begin() as session:
            yield session
            if next(self._left, None) is None:
                raise Death

    begin_background = begin


class World(RuleBasedStateMachine):
    """Incidents, the people who lead them and their shifts, under two processes; `processes` opens both."""

    def __init__(self, processes: Callable[[], list[Sessions]]) -> None:
        super().__init__()
        self._open = processes
        self._processes = processes()
        self._clock = FrozenClock()
        self._said: dict[int, list[Speech]] = defaultdict(list)
        self._reached: dict[tuple[int, str], datetime] = {}
        self._told: dict[tuple[Subject, Occurrence], datetime] = {}
        self._names = count(1)
        self._turns: list[Turn] = []
        with self._transaction() as tx:
            for person in PEOPLE:
                People(tx).seen(person, person.title())
                tx.session.contacts.put(Contact(email=f"{person}@example.com", person=person, asked_at=NOON))

    def teardown(self) -> None:
        close(self._processes)

    # --- what people do ---

    @rule(by=people, severity=st.none() | severities)
    def declare(self, by: str, severity: str | None) -> None:
        with self._transaction() as tx:
            chosen = POLICY.severities[severity] if severity else None
            Incidents(tx).declare(f"trouble {next(self._names)}", by=by, severity=chosen)

    @rule(number=which, by=people)
    def update(self, number: int, by: str) -> None:
        self._do(number, lambda it, on: it.post_update(on, "we look", by=by))

    @rule(number=which, severity=severities, by=people)
    def set_severity(self, number: int, severity: str, by: str) -> None:
        self._do(number, lambda it, on: it.set_severity(on, POLICY.severities[severity], by=by))

    @rule(number=which, span=spans, by=people)
    def snooze(self, number: int, span: timedelta, by: str) -> None:
        self._do(number, lambda it, on: it.snooze(on, span, by=by))

    @rule(number=which, span=spans, by=people)
    def quiet(self, number: int, span: timedelta, by: str) -> None:
        self._do(number, lambda it, on: it.hush(on, span, by=by))

    @rule(number=which, by=people)
    def state_impact(self, number: int, by: str) -> None:
        self._do(number, lambda it, on: it.state_impact(on, "all", by=by, since=None))

    @rule(number=which, to=people)
    def hand_over(self, number: int, to: str) -> None:
        self._do(number, lambda it, on: it.offer_command(on, to, by=on.commander or to))
        self._do(number, lambda it, on: it.accept_command(on, by=to))

    @rule(number=which, by=people)
    def resolve(self, number: int, by: str) -> None:
        self._do(number, lambda it, on: it.resolve(on, "done", by=by))

    @rule(number=which, by=people)
    def reopen(self, number: int, by: str) -> None:
        self._do(number, lambda it, on: it.reopen(on, by=by))

    @rule(who=people, ahead=st.sampled_from([1, 2, 24, 25, 200]), length=st.sampled_from([4, 12]))
    def change_the_rota(self, who: str, ahead: int, length: int) -> None:
        """Return some hours to somebody; what they overlap is theirs no more."""
        start = self._clock.now() + ahead * HOUR
        end = start + length * HOUR
        mine = Turn(
            schedule="PSCH1",
            user=f"P{who}",
            name=who.title(),
            email=f"{who}@example.com",
            start=start,
            end=end,
        )
        self._turns = [it for it in self._turns if it.end <= start or it.start >= end] + [mine]
        self._read_the_rota()

    def _read_the_rota(self) -> None:
        with self._transaction() as tx:
            Shifts(tx).synced(POLICY.teams["imoc"], self._turns)

    # --- what time does, and what befalls processes ---

    @rule(by=spans)
    def sleep(self, by: timedelta) -> None:
        """Let the clock jump, with nobody awake to see what falls due."""
        self._clock.tick(seconds=by.total_seconds())

    @rule(by=spans)
    def pass_time(self, by: timedelta) -> None:
        self.sleep(by)
        self._ticks(0).run()
        self._look()

    @rule(by=short, times=st.integers(2, 12))
    def watch(self, by: timedelta, times: int) -> None:
        """Look again and again, as a bot does that nothing befalls."""
        for _ in range(times):
            self.pass_time(by)

    @rule(by=spans)
    def pass_time_with_both(self, by: timedelta) -> None:
        self.sleep(by)
        with ThreadPoolExecutor(2) as pool:
            for run in [pool.submit(self._ticks(process).run) for process in (0, 1)]:
                run.result(PATIENCE)
        self._look()

    @rule(by=spans, commits=st.integers(0, 3))
    def die_in_a_tick(self, by: timedelta, commits: int) -> None:
        self.sleep(by)
        dying = Dying(self._processes[1], commits=commits)
        with suppress(Death):
            self._ticks(1, sessions=dying).run()
        self._ticks(0).run()
        self._look()

    @rule()
    def restart(self) -> None:
        close(self._processes)
        self._processes = self._open()

    def _ticks(self, process: int, *, sessions: Sessions | None = None) -> Ticks:
        return Ticks(
            sessions=sessions or self._processes[process],
            clock=self._clock,
            policy=lambda: POLICY,
            wake=lambda: None,
            batch=2,
        )

    # --- what must be so ---

    def _look(self) -> None:
        """Compare what was said with what was owed, now that all processes rest."""
        now = self._clock.now()
        with self._transaction() as tx:
            for incident in self._incidents(tx):
                self._check_incident(incident, tx.session.timeline.of(incident.number), now)
            for person in PEOPLE:
                for period in tx.session.periods.of(person, since=NOON - DAY):
                    self._check_period(period, now)
            for shift in tx.session.shifts.on("PSCH1", since=NOON - DAY, until=now + 30 * DAY):
                self._check_shift(shift, now)

    def _check_incident(self, incident: Incident, entries: Any, now: datetime) -> None:
        before = self._said[incident.number]
        every = [it for it in entries if it.kind == "reminded" and it.data["reminder"].startswith(TOPICAL)]
        fresh = every[len(before) :]
        owed = {debt.reminder: debt for debt in debts(incident, before, now)}

        assert sorted(it.data["reminder"] for it in fresh) == sorted(owed)
        for entry in fresh:
            debt = owed[entry.data["reminder"]]
            assert entry.occurred_at == now
            assert moment(entry) == debt.due_at
            assert entry.data["late"] == debt.is_late(now)
            assert_quiet_is_kept(incident, entry, now)
            before.append(said(debt, now))

    def _check_period(self, period: WorkPeriod, now: datetime) -> None:
        """Each rung was said at the first look after it was reached, and those missed below it never."""
        sent = period.reminded.get("relief")
        if period.is_running:
            highest = highest_step(period.started_at, now)
            assert (sent and sent.occurrence) == (highest and f"{period.number}.{highest}")
        if sent:
            first = self._reached.setdefault((period.number, sent.occurrence), sent.at)
            escalation_steps = [key for key in self._reached if key[0] == period.number]
            assert (sent.at, sent.count) == (first, len(escalation_steps))

    def _check_shift(self, shift: Shift, now: datetime) -> None:
        for name, told in shift.told.items():
            assert self._told.setdefault((shift.subject, name), told.at) == told.at
            assert told.at < shift.end
            assert shift.gone_at is None or told.at <= shift.gone_at
        since = warned_since(shift, now)
        if since and shift.person and shift.gone_at is None and now < shift.end:
            assert any(it.at >= since for name, it in shift.told.items() if name.reminder == "warning")

    @invariant()
    @precondition(lambda self: self._said)
    def nothing_is_said_twice(self) -> None:
        with self._transaction() as tx:
            entries = tx.session.timeline.among(list(self._said), {"reminded"})
        keys = Counter((it.incident, it.data["reminder"], it.data["occurrence"]) for it in entries)
        assert set(keys.values()) <= {1}

    # --- below ---

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        with self._processes[0].begin() as session:
            yield Transaction(session=session, now=self._clock.now(), policy=POLICY)

    def _do(self, number: int, what: Callable[[Incidents, Incident], object]) -> None:
        """Do it to one of the newest incidents, if there is such a one and it may be done."""
        with suppress(Refusal), self._transaction() as tx:
            newest = self._incidents(tx)[::-1]
            if number < len(newest):
                what(Incidents(tx), newest[number])

    def _incidents(self, tx: Transaction) -> list[Incident]:
        every = (tx.session.incidents.get(number) for number in count(1))
        return list(iter(every.__next__, None))


def said(debt: Debt, at: datetime) -> Speech:
    return Speech(reminder=debt.reminder, period=debt.period, at=at)


def moment(entry: Entry) -> datetime:
    due_at = entry.data["due_at"]
    return datetime.fromisoformat(due_at) if isinstance(due_at, str) else due_at


def assert_quiet_is_kept(incident: Incident, entry: Entry, now: datetime) -> None:
    hushed = incident.quiet_until is not None and now < incident.quiet_until
    is_safety = entry.data["reminder"] == "update_late" and incident.severity == "sev1"
    assert not hushed or is_safety or entry.data["to"].startswith("card:")


def close(processes: list[Sessions]) -> None:
    for process in processes:
        if isinstance(process, Database):
            process.engine.dispose()


def test_in_memory():
    def world() -> World:
        sessions = MemoryDatabase()
        return World(lambda: [sessions, sessions])

    run_state_machine_as_test(
        world, settings=settings(max_examples=60, stateful_step_count=30, deadline=None, database=None)
    )


BRIEF = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],  # a database a world
)


def test_on_sqlite(migrated_sqlite: Path, tmp_path: Path):
    files = count(1)

    def world() -> World:
        file = Path(shutil.copy(migrated_sqlite, tmp_path / f"{next(files)}.db"))
        return World(lambda: [Database(open_engine(f"sqlite:///{file}")) for _ in range(2)])

    run_state_machine_as_test(world, settings=BRIEF)


def test_on_postgresql(postgres: Postgres):
    with ExitStack() as databases:

        def world() -> World:
            url = databases.enter_context(postgres.fresh())
            address = driven(url)
            return World(lambda: [Database(open_engine(address, pool=2)) for _ in range(2)])

        run_state_machine_as_test(world, settings=BRIEF)
