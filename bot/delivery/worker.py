"""The worker: one thread settles and claims in one transaction, many threads call out.

Under load the outcomes of many calls share a commit; idle, it sleeps until the next effect is due.
"""

import queue
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import structlog

from bot.delivery.errand import Courier, Errand
from bot.domain.effects import Effect, PageEffect
from bot.domain.policy import Policy
from bot.ports import Clock, Contended, Parcel, Rejected, Throttled, UnitOfWork, Unreachable, Work
from bot.services.desk import Desk
from bot.services.undisturbed import undisturbed

POLL = timedelta(seconds=0.5)
"""How often the outbox is looked at unasked: for what other processes left behind."""
BATCH = 6
"""How many outcomes are settled, and effects claimed, in one transaction, for which a new ask has to wait."""
SLOWEST_RETRY = timedelta(seconds=30)

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a try ended: with a result, to be tried again (`again_in`), or for good (`why` alone)."""

    parcel: Parcel
    errand: Errand
    result: Any = None
    why: str | None = None
    again_in: timedelta | None = None
    tried: bool = True
    uncertain: bool = False


class Delivery:
    def __init__(
        self,
        courier: Courier,
        *,
        units: UnitOfWork,
        clock: Clock,
        policy: Policy,
        lease: timedelta,
        senders: int,
    ) -> None:
        self.tally: Counter[tuple[str, str]] = Counter()
        """How many effects of a kind ended how: delivered, retried, throttled, given up."""
        self._courier = courier
        self._units = units
        self._clock = clock
        self._policy = policy
        self._lease = lease
        self._senders = senders
        self._owner = uuid4().hex
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._in_flight: set[int] = set()
        """Parcels whose calls are under way: no lease of theirs runs out, however the clock is moved."""
        self._wake = Event()
        self._stopping = Event()
        self._pool = ThreadPoolExecutor(max_workers=senders, thread_name_prefix="sender")
        self._thread = Thread(target=self._run, name="delivery", daemon=True)

    # --- from outside ---

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Say that a transaction may have queued something."""
        self._wake.set()

    def adopt(self, policy: Policy) -> None:
        """Go by these decisions from now on."""
        self._policy = policy

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Finish the calls that are under way, keep their outcomes, and end."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True)
        while self._turn(claim=False):
            pass

    def drain(self, *, within: timedelta) -> bool:
        """Deliver on the caller's thread until the outbox is empty; False where time ran out first."""
        until = self._clock.now() + within
        while self._clock.now() < until:
            self._wake.clear()
            if not self._turn() and not self._in_flight and self._is_empty():
                return True
            self._wake.wait(0.05)
        return False

    def _is_empty(self) -> bool:
        with self._units.begin() as work:
            return not work.outbox.waiting()

    # --- the loop ---

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                busy = self._turn()
            except Exception:
                log.exception("the outbox can't be worked on; trying again")
                self._stopping.wait(1)
                continue
            if not busy:
                self._wake.wait(POLL.total_seconds())

    def _turn(self, *, claim: bool = True) -> bool:
        """Settle what came back and claim what is due, in one transaction; False where there was neither."""
        outcomes = self._came_back()
        try:
            ready = undisturbed(lambda: self._transact(outcomes, claim=claim))
        except Exception:
            if not outcomes:
                raise
            log.exception("outcomes could not be settled together; each by itself")
            ready = self._one_by_one(outcomes)
        for parcel, errand in ready:
            self._in_flight.add(parcel.id)
            self._pool.submit(self._send, parcel, errand)
        return bool(outcomes or ready)

    def _came_back(self) -> list[Outcome]:
        outcomes: list[Outcome] = []
        while not self._outcomes.empty() and len(outcomes) < BATCH:
            outcomes.append(self._outcomes.get())
        self._in_flight -= {outcome.parcel.id for outcome in outcomes}
        return outcomes

    def _transact(self, outcomes: Sequence[Outcome], *, claim: bool) -> list[tuple[Parcel, Errand]]:
        with self._units.begin_in_a_lull() as work:
            now = self._clock.now()
            desk = Desk(work=work, now=now, policy=self._policy)
            for outcome in sorted(outcomes, key=lambda it: _incident(it.parcel.effect, work)):
                self._settle(outcome, desk)
            free = min(BATCH, self._senders - len(self._in_flight)) if claim else 0
            if free <= 0:
                return []
            claimed = work.outbox.claim(self._owner, now=now, lease=self._lease, limit=free)
            looking = replace(desk, only_looks=True)
            return [(parcel, errand) for parcel in claimed if (errand := self._errand(parcel, looking))]

    def _one_by_one(self, outcomes: Sequence[Outcome]) -> list[tuple[Parcel, Errand]]:
        for outcome in outcomes:
            try:
                undisturbed(partial(self._transact, [outcome], claim=False))
            except Contended:
                self._in_flight.add(outcome.parcel.id)
                self._outcomes.put(outcome)
            except Exception:
                log.exception("an outcome could not be settled", effect=outcome.parcel.effect.key)
                with self._units.begin_in_a_lull() as work:
                    now = self._clock.now()
                    work.outbox.give_up(outcome.parcel.id, at=now, why="a fault of Spy's own; see the log")
        return []

    def _errand(self, parcel: Parcel, desk: Desk) -> Errand | None:
        try:
            errand = self._courier.errand(parcel, desk)
        except Exception:
            log.exception("an effect could not be prepared", effect=parcel.effect.key)
            desk.work.outbox.give_up(parcel.id, at=desk.now, why="a fault of Spy's own; see the log")
            return None
        if errand is None:
            desk.work.outbox.done(parcel.id, at=desk.now)
        return errand

    # --- calling out ---

    def _send(self, parcel: Parcel, errand: Errand) -> None:
        self._outcomes.put(_try(parcel, errand))
        self._wake.set()

    def _settle(self, outcome: Outcome, desk: Desk) -> None:
        parcel, errand, work = outcome.parcel, outcome.errand, desk.work
        kind = type(parcel.effect).__name__
        if outcome.why is None:
            self.tally[kind, "delivered"] += 1
            work.outbox.done(parcel.id, at=desk.now)
            errand.settle(desk, outcome.result)
        elif outcome.again_in is not None and not self._spent(outcome, desk.now):
            self.tally[kind, "retried" if outcome.tried else "throttled"] += 1
            self._put_back(outcome, work, desk.now)
            if errand.struggle:
                errand.struggle(desk, outcome.why, desk.now + outcome.again_in - parcel.queued_at)
        else:
            self.tally[kind, "given up"] += 1
            log.warning("given up", effect=parcel.effect.key, why=outcome.why, attempts=parcel.attempts)
            work.outbox.give_up(parcel.id, at=desk.now, why=outcome.why)
            if errand.surrender:
                errand.surrender(desk, outcome.why)

    def _spent(self, outcome: Outcome, now: datetime) -> bool:
        return now - outcome.parcel.queued_at > outcome.errand.patience

    def _put_back(self, outcome: Outcome, work: Work, now: datetime) -> None:
        work.outbox.put_back(
            outcome.parcel.id,
            due=now + (outcome.again_in or timedelta()),
            tried=outcome.tried,
            uncertain=outcome.uncertain,
            why=outcome.why or "",
        )


def _try(parcel: Parcel, errand: Errand) -> Outcome:
    """Do it; where the last try's outcome is unknown, look first."""
    try:
        found = errand.look() if parcel.uncertain and errand.look else None
        result = found if found is not None else errand.go()
    except Throttled as throttled:
        return Outcome(
            parcel=parcel,
            errand=errand,
            why=str(throttled),
            again_in=throttled.retry_after,
            tried=False,
            uncertain=parcel.uncertain,
        )
    except Rejected as rejected:
        return Outcome(parcel=parcel, errand=errand, why=str(rejected))
    except Unreachable as unreachable:
        return Outcome(
            parcel=parcel, errand=errand, why=str(unreachable), again_in=_backoff(parcel), uncertain=True
        )
    except Exception:
        log.exception("a fault while calling out", effect=parcel.effect.key)
        why = "a fault of Spy's own; see the log"
        return Outcome(parcel=parcel, errand=errand, why=why, again_in=_backoff(parcel), uncertain=True)
    return Outcome(parcel=parcel, errand=errand, result=result)


def _incident(effect: Effect, work: Work) -> int:
    """Give the incident that an outcome may change: in one order everywhere, lest two processes wait crosswise."""
    if isinstance(effect, PageEffect):
        page = work.pages.get(effect.page)
        return (page.incident if page else None) or 0
    number: int = getattr(effect, "incident", None) or effect.needs_room or 0
    return number


def _backoff(parcel: Parcel) -> timedelta:
    """Half a second, doubled each time, to half a minute."""
    return min(timedelta(seconds=0.5 * 2 ** min(parcel.attempts - 1, 10)), SLOWEST_RETRY)
