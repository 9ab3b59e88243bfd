"""The outbox worker: one thread claims effects and stores outcomes in short transactions, others call out.

A sender reads what an effect needs, renders it and calls out. It holds no lock meanwhile. Under load, many outcomes
share a commit. When idle, the worker sleeps until the next effect is due. An outcome that could not be stored is kept
and stored later.
"""

import queue
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import BoundedSemaphore, Event, Thread
from typing import Protocol
from uuid import uuid4

import structlog

from bot.domain.durations import Durations
from bot.domain.effects import Effect, Unknown
from bot.domain.paging.effects import PageEffect
from bot.domain.policy import Policy
from bot.ports import LATE, Clock, Conflict, OutboxItem, Session, Sessions, Unavailable, uptime
from bot.services.audit import AuditLog
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.services.undelivered import Undelivered
from bot.workers.attempt_result import AttemptResult, backoff, is_spent, not_tried, report_fault, tried
from bot.workers.deliver.attempt import Attempt, Handler
from bot.workers.fence import Fence

POLL = timedelta(seconds=30)
"""How often to look at the outbox unasked. `workers.pulse` wakes the worker when something is due."""
BATCH = 6
"""Most outcomes stored, and effects claimed, in one transaction: a new request may have to wait for it."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
"""Seconds between attempts while the database does not answer."""
READERS = 4
"""How many senders read at once. Each takes a connection, and commands need some too."""
FOLDED = 100
"""Most late lines that are put into one message."""
TRIES = 3
"""How often to prepare an effect that a fault in Spy keeps from being sent."""
REMINDER_DELAYS = (1, 5, 15, 30, 60, 120, 300, 900, 3600)
"""Seconds by which reminders are counted."""
LEFT_BEHIND = timedelta(seconds=5)
"""What was due so long before the start may have been sent: by a process that died, or after the backup was made."""
LAST_WORDS = 5.0
"""Seconds that a stopping bot tries to store the outcomes of its calls."""

log = structlog.get_logger()


class Pool(Protocol):
    """Runs the senders side by side. In the bot they are threads."""

    def submit(
        self, send: Callable[[OutboxItem, float], None], item: OutboxItem, since: float, /
    ) -> object: ...
    def shutdown(self, *, wait: bool) -> None: ...


class Delivery:
    def __init__(
        self,
        handler: Handler,
        *,
        sessions: Sessions,
        clock: Clock,
        policy: Policy,
        lease: timedelta,
        senders: int,
        pool: Pool | None = None,
        uptime: Callable[[], float] = uptime,
    ) -> None:
        self.tally: Counter[tuple[str, str]] = Counter()
        """How many effects of a kind ended how: delivered, retried, throttled, given up."""
        self.reminder_delays = Durations(*REMINDER_DELAYS)
        """How long after its due time each reminder was delivered."""
        self.reminders_lost = 0
        """How many reminders were given up."""
        self._handler = handler
        self._sessions = sessions
        self._clock = clock
        self._policy = policy
        self._lease = lease
        self._senders = senders
        self._uptime = uptime
        self._owner = uuid4().hex
        self._outcomes: queue.SimpleQueue[AttemptResult] = queue.SimpleQueue()
        self._unsettled: list[AttemptResult] = []
        """Outcomes that are not stored yet, in the order they arrived."""
        self._in_flight: set[int] = set()
        """Effects that are being sent, or whose outcome is not stored. This process does not claim them again."""
        self._foreign: set[int] = set()
        """Effects of a newer version of Spy. A process of that version sends them."""
        self._wake = Event()
        self._stopping = Event()
        self._reading = BoundedSemaphore(READERS)
        self._pool: Pool = pool or ThreadPoolExecutor(max_workers=senders, thread_name_prefix="sender")
        self._pause = 0.0
        self._thread = Thread(target=self._run, name="delivery", daemon=True)

    # --- from outside ---

    def start(self) -> None:
        """Begin. What an earlier process left is looked for before it is sent."""
        self._in_transaction(lambda tx: tx.session.outbox.doubt(before=tx.now - LEFT_BEHIND))
        self._thread.start()

    def wake(self) -> None:
        """Wake the worker: a transaction may have queued something."""
        self._wake.set()

    def adopt(self, policy: Policy) -> None:
        """Use this policy from now on."""
        self._policy = policy

    def trouble(self) -> str:
        """Return in a few words why nothing is delivered; "" if all is well."""
        if not self._thread.is_alive():
            return "the outbox stands still"
        unsettled = self._unsettled[:]
        waited = time.monotonic() - min((it.ended for it in unsettled), default=time.monotonic())
        if waited <= self._lease.total_seconds():
            return ""
        return f"{len(unsettled)} outcomes can't be stored for {waited:.0f} s"

    def stop(self) -> None:
        """Finish the running calls, store their outcomes, and end."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True)
        self._settle_the_rest()

    def drain(self, *, within: timedelta, until: Callable[[], bool] | None = None) -> bool:
        """Deliver on the caller's thread `until` something holds: until the outbox is empty, if nothing is given.

        Return False if time runs out first.
        """
        end, is_done = time.monotonic() + within.total_seconds(), until or self._is_empty
        while time.monotonic() < end:
            self._wake.clear()
            with suppress(Unavailable):
                if not self._turn() and (until or not self._in_flight) and is_done():
                    return True
            self._wake.wait(0.05)
        return False

    def _is_empty(self) -> bool:
        with self._sessions.read() as session:
            return not session.outbox.waiting()

    # --- the loop ---

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            seconds = self.step()
            (self._stopping if self.is_failing else self._wake).wait(seconds)

    @property
    def is_failing(self) -> bool:
        """Whether the last turn failed, mostly because the database is away. Then nothing wakes the worker early."""
        return bool(self._pause)

    def step(self) -> float:
        """Do one turn, and return how many seconds to wait for the next one, unless something wakes the worker."""
        try:
            busy = self._turn()
        except Exception:
            if not self._pause:  # it is retried again and again, and logged once
                log.exception("the outbox can't be worked on; trying again")
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            return self._pause
        if self._pause:
            log.info("the outbox is worked on again")
        self._pause = 0.0
        return 0.0 if busy else POLL.total_seconds()

    def _turn(self, *, claim: bool = True) -> bool:
        """Store outcomes and claim due effects, in one transaction. Return whether more of them may wait."""
        self._collect()
        outcomes, since = self._unsettled[:BATCH], self._uptime()
        try:
            turn = retry_on_conflict(partial(self._transact, outcomes, claim=claim))
        except Unavailable:
            raise
        except Exception:
            if not outcomes:
                raise
            self._settle_one_by_one(outcomes)  # which logs the faulty one
            return True  # and claims nothing
        self._forget(*outcomes)
        self._count(turn)
        for item in turn.claimed:
            self._in_flight.add(item.id)
            self._pool.submit(self._send, item, since)
        self._collect()
        return bool(self._unsettled) or turn.may_be_more

    def _collect(self) -> None:
        while not self._outcomes.empty():
            self._unsettled.append(self._outcomes.get())

    def _forget(self, *outcomes: AttemptResult) -> None:
        """Drop outcomes that are stored."""
        stored = {outcome.item.id for outcome in outcomes}
        self._unsettled = [it for it in self._unsettled if it.item.id not in stored]
        self._in_flight -= stored

    def _transact(self, outcomes: Sequence[AttemptResult], *, claim: bool) -> "_Turn":
        turn = _Turn()
        with self._sessions.begin_background() as session:
            for outcome in sorted(outcomes, key=lambda it: _incident(it.item.effect, session)):
                turn.ends.append((outcome, self._settle(outcome, self._transaction(session))))
            now = self._clock.now()  # not earlier, so that what the outcomes led to is due
            busy = self._in_flight - {outcome.item.id for outcome in outcomes}
            free = min(BATCH, self._senders - len(busy)) if claim else 0
            if free > 0:
                besides = busy | self._foreign
                claimed = session.outbox.claim(
                    self._owner, now=now, lease=self._lease, limit=free, besides=besides
                )
                turn.claimed = [_with_late_ones(it, session, now=now) for it in claimed]
                turn.may_be_more = len(claimed) == free
        return turn

    def _settle_one_by_one(self, outcomes: Sequence[AttemptResult]) -> None:
        for outcome in outcomes:
            try:
                self._count(retry_on_conflict(partial(self._transact, [outcome], claim=False)))
            except Conflict:
                continue  # it keeps its place, and its turn comes again
            except Unavailable:
                raise
            except Exception:
                log.exception("an outcome could not be settled", outbox=outcome.item.id)
                self._abandon(outcome)
            self._forget(outcome)

    def _abandon(self, outcome: AttemptResult) -> None:
        """Give up an effect whose outcome can't be stored because of a fault in Spy, and report it."""
        item, fault = outcome.item, report_fault(outcome.item)
        why = f"it may have arrived; {fault}" if outcome.why is None else fault

        def give_up(tx: Transaction) -> bool:
            return tx.session.outbox.give_up(item.id, self._owner, at=tx.now, why=why)

        def give_up_aloud(tx: Transaction) -> None:
            if give_up(tx):
                Undelivered(tx).tell(item.effect, why)
                AuditLog(tx).delivered(item.effect, incident=None, why=why)

        try:
            self._in_transaction(give_up_aloud)
        except Unavailable:
            raise
        except Exception:
            log.exception("nor can that be told", outbox=item.id)
            self._in_transaction(give_up)

    def _settle_the_rest(self) -> None:
        """Store the last outcomes. If the database stays away, the next process looks for what was done."""
        until = time.monotonic() + LAST_WORDS
        while True:
            try:
                if not self._turn(claim=False):
                    return
            except Exception:
                if time.monotonic() > until:
                    log.exception("outcomes are not stored", count=len(self._unsettled))
                    return
                time.sleep(FIRST_PAUSE)

    def _in_transaction(self, act: Callable[[Transaction], object]) -> None:
        def transact() -> None:
            with self._sessions.begin_background() as session:
                act(self._transaction(session))

        retry_on_conflict(transact)

    def _transaction(self, session: Session) -> Transaction:
        return Transaction(session=session, now=self._clock.now(), policy=self._policy)

    # --- calling out ---

    def _send(self, item: OutboxItem, since: float) -> None:
        self._outcomes.put(self._outcome(item, since))
        self._wake.set()

    def _outcome(self, item: OutboxItem, since: float) -> AttemptResult:
        if isinstance(item.effect, Unknown):
            return self._left_to_others(item, item.effect)
        try:
            attempt = self._prepared(item)
        except Unavailable as away:
            return not_tried(item, None, str(away), again_in=backoff(item))
        except Exception:
            log.exception("an effect could not be prepared", effect=item.effect.key, outbox=item.id)
            return AttemptResult(
                item=item,
                attempt=None,
                why=report_fault(item),
                again_in=backoff(item) if item.attempts < TRIES else None,
                uncertain=item.uncertain,
            )
        if attempt is None:
            return AttemptResult(item=item, attempt=None)
        renew = partial(self._renew, item.id)
        fence = Fence(since=since, lease=self._lease, renew=renew, uptime=self._uptime)
        return tried(item, attempt, fence.is_ours)

    def _renew(self, item: int) -> bool:
        with self._sessions.begin() as session:
            return session.outbox.renew(item, self._owner, until=self._clock.now() + self._lease)

    def _left_to_others(self, item: OutboxItem, effect: Unknown) -> AttemptResult:
        log.warning("an effect is left to a newer Spy", effect=effect.key, why=effect.why)
        self._foreign.add(item.id)
        return not_tried(item, None, effect.why, again_in=timedelta())

    def _prepared(self, item: OutboxItem) -> Attempt | None:
        with self._reading, self._sessions.read() as session:
            return self._handler.attempt(item, self._transaction(session))

    # --- settling ---

    def _settle(self, outcome: AttemptResult, tx: Transaction) -> str:
        """Store how it ended. Return that in a word; "" if it was stored before.

        A commit may have succeeded although its answer was lost. Then the same outcome comes twice.
        """
        if outcome.why is None:
            return self._done(outcome, tx)
        is_others = isinstance(outcome.item.effect, Unknown)
        if outcome.again_in is not None and (is_others or not is_spent(outcome, tx.now)):
            return self._put_back(outcome, tx)
        if not tx.session.outbox.give_up(outcome.item.id, self._owner, at=tx.now, why=outcome.why):
            return ""
        self._handler.on_giving_up(outcome.item, tx, outcome.why)
        _audit(outcome, tx)
        return "given up"

    def _done(self, outcome: AttemptResult, tx: Transaction) -> str:
        if not tx.session.outbox.done(outcome.item.id, at=tx.now):
            return ""
        if outcome.attempt is None:
            return "not needed"
        outcome.attempt.on_success(tx, outcome.result)
        _audit(outcome, tx)
        if tx.now - outcome.item.queued_at > self._lease:
            Undelivered(tx).left(outcome.item)
        return "delivered"

    def _put_back(self, outcome: AttemptResult, tx: Transaction) -> str:
        wait, why = outcome.again_in or timedelta(), outcome.why or ""
        is_back = tx.session.outbox.put_back(
            outcome.item.id,
            self._owner,
            due=tx.now + wait,
            tried=outcome.tried,
            uncertain=outcome.uncertain,
            why=why,
        )
        if not is_back:
            return ""
        if outcome.attempt and outcome.attempt.on_retry:
            outcome.attempt.on_retry(tx, why, tx.now + wait - outcome.item.queued_at)
        return "retried" if outcome.tried else "throttled"

    def _count(self, turn: "_Turn") -> None:
        """Count and log what is stored by now."""
        for outcome, end in turn.ends:
            if end:
                self.tally[type(outcome.item.effect).__name__, end] += 1
                self._time(outcome.item, end)
            if end == "given up":
                item = outcome.item
                log.warning("given up", effect=item.effect.key, why=outcome.logged, attempts=item.attempts)

    def _time(self, item: OutboxItem, end: str) -> None:
        """Count how late a reminder was delivered."""
        if item.reminder_due_at is None:
            return
        if end == "given up":
            self.reminders_lost += 1
        elif end == "delivered":
            self.reminder_delays.add((self._clock.now() - item.reminder_due_at).total_seconds())


@dataclass(kw_only=True)
class _Turn:
    """What one transaction did: the outcomes it stored, each with its end in a word, and what it claimed."""

    ends: list[tuple[AttemptResult, str]] = field(default_factory=list)
    claimed: Sequence[OutboxItem] = ()
    may_be_more: bool = False
    """Whether it claimed as many as it could."""


def _with_late_ones(item: OutboxItem, session: Session, *, now: datetime) -> OutboxItem:
    """Let a line that comes late bring the late lines behind it: after an outage one message has all of them.

    None joins a line that an earlier try may have posted: if it is found, it stays as it was.
    """
    if item.uncertain or not item.is_late(now):
        return item
    return session.outbox.fold(item, now=now, before=now - LATE, limit=FOLDED)


def _audit(outcome: AttemptResult, tx: Transaction) -> None:
    """Add the outcome to the audit log, if the effect changes something outside of chat."""
    effect = outcome.item.effect
    if effect.is_audited:
        incident = _incident(effect, tx.session) or None
        AuditLog(tx).delivered(effect, incident=incident, why=outcome.why)


def _incident(effect: Effect, session: Session) -> int:
    """Return the incident that an outcome may change, 0 if none. Incidents locked in this order can't deadlock."""
    if isinstance(effect, PageEffect):
        page = session.pages.get(effect.page)
        return (page.incident if page else None) or 0
    number: int = getattr(effect, "incident", None) or effect.needs_channel or 0
    return number
