"""One attempt to deliver an effect, and what came of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.ports import OutboxItem, Rejected, Throttled, Unreachable
from bot.workers.deliver.attempt import PATIENCE, Attempt

log = structlog.get_logger()

SLOWEST_RETRY = timedelta(seconds=30)
TAKEN_OVER = "the lease ended before the call left"
FEWEST_TRIES = 8
"""How often an effect is tried at least, which takes a minute.

How old it is may be wrong: another process, with another clock, may have queued it. After a minute it is also known
whether its service answers anybody.
"""
LONGEST_OUTAGE = timedelta(days=3)
"""An effect is given up after this time, even if its service has answered nobody since."""


@dataclass(frozen=True, kw_only=True)
class AttemptResult:
    """How a try ended: with a result, to be retried (`again_in`), or for good (`why` alone).

    Without an `attempt` there was nothing to do, or it could not be prepared (`why`).
    """

    item: OutboxItem
    attempt: Attempt | None
    result: Any = None
    why: str | None = None
    logged: str | None = None
    """`why` without a service's own words, which may quote what people wrote."""
    again_in: timedelta | None = None
    tried: bool = True
    uncertain: bool = False
    steady_since: datetime | None = None
    """As in `Unreachable`."""
    ended: float = field(default_factory=time.monotonic)


def tried(item: OutboxItem, attempt: Attempt, is_ours: Callable[[], bool]) -> AttemptResult:
    """Try it. If the last try's outcome is unknown, look for it first.

    `is_ours` is asked right before the call, which is not made once another process may be at it.
    """
    try:
        found = attempt.find_earlier() if item.uncertain and attempt.find_earlier else None
        if found is None and not is_ours():
            log.warning("an effect is left to another process", effect=item.effect.key, outbox=item.id)
            return not_tried(item, attempt, TAKEN_OVER, again_in=backoff(item))
        result = found if found is not None else attempt.call()
    except Throttled as throttled:
        return not_tried(item, attempt, str(throttled), again_in=throttled.retry_after)
    except Rejected as rejected:
        return AttemptResult(item=item, attempt=attempt, why=str(rejected), logged=rejected.logged)
    except Unreachable as unreachable:
        return AttemptResult(
            item=item,
            attempt=attempt,
            why=str(unreachable),
            logged=unreachable.logged,
            again_in=backoff(item),
            uncertain=True,
            steady_since=unreachable.steady_since,
        )
    except Exception:
        log.exception("a fault while calling out", effect=item.effect.key, outbox=item.id)
        return AttemptResult(
            item=item, attempt=attempt, why=report_fault(item), again_in=backoff(item), uncertain=True
        )
    return AttemptResult(item=item, attempt=attempt, result=result)


def not_tried(item: OutboxItem, attempt: Attempt | None, why: str, *, again_in: timedelta) -> AttemptResult:
    return AttemptResult(
        item=item,
        attempt=attempt,
        why=why,
        again_in=again_in,
        tried=False,
        uncertain=item.uncertain,
    )


def report_fault(item: OutboxItem) -> str:
    """Return the words by which people find a fault in the log."""
    return f"a fault of Spy's own; the log has it with outbox={item.id}"


def is_spent(outcome: AttemptResult, now: datetime) -> bool:
    """Return whether it was tried for long enough. The time of an outage does not count, up to `LONGEST_OUTAGE`."""
    if outcome.item.attempts < FEWEST_TRIES:
        return False
    patience, queued_at = outcome.attempt.patience if outcome.attempt else PATIENCE, outcome.item.queued_at
    since = max(queued_at, outcome.steady_since or queued_at)
    return now - since > patience or now - queued_at > max(patience, LONGEST_OUTAGE)


def backoff(item: OutboxItem) -> timedelta:
    """Return the pause before the next try: half a second, doubled each time, at most half a minute."""
    return min(timedelta(seconds=0.5 * 2 ** min(item.attempts - 1, 10)), SLOWEST_RETRY)
