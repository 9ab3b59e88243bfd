"""What is due in outbox, timers, failovers and on Home tabs: one statement, since it runs twice a second."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Boolean, Engine, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from bot.adapters.database.columns import UtcDateTime
from bot.adapters.database.failures import translated
from bot.adapters.database.prepared import Prepared
from bot.ports import Due, Unavailable

# The states are literals, so that SQLite uses the partial indexes over unfinished rows.
DUE = text(
    """
    SELECT
        EXISTS (
            SELECT 1 FROM outbox WHERE done_at IS NULL AND due_at <= :now
            AND (state = 'ready' OR state = 'sending' AND lease_until < :now)
        ) AS effects,
        EXISTS (SELECT 1 FROM timer WHERE state = 'waiting' AND due_at <= :now) AS reminders,
        EXISTS (
            SELECT 1 FROM failover WHERE to_run AND (owner IS NULL OR lease_until < :now)
        ) AS failovers,
        (
            EXISTS (SELECT 1 FROM home_change WHERE id > 0) OR EXISTS (SELECT 1 FROM home WHERE due_at <= :now)
        ) AS homes
    """
).bindparams(bindparam("now", type_=UtcDateTime()))
OVERDUE = text(
    """
    SELECT
        EXISTS (
            SELECT 1 FROM outbox WHERE done_at IS NULL AND due_at <= :since
            AND (state = 'ready' OR state = 'sending' AND lease_until < :since)
            AND NOT EXISTS (
                SELECT 1 FROM outbox AS earlier
                WHERE earlier.lane = outbox.lane AND earlier.id < outbox.id AND earlier.done_at IS NULL
            )
        ) AS effects,
        EXISTS (SELECT 1 FROM timer WHERE state = 'waiting' AND due_at <= :since) AS reminders
    """
).bindparams(bindparam("since", type_=UtcDateTime()))
_LOOK = Prepared(DUE.columns(effects=Boolean, reminders=Boolean, failovers=Boolean, homes=Boolean))
_LOOK_BACK = Prepared(OVERDUE.columns(effects=Boolean, reminders=Boolean))


class SqlQueues:
    """Implements `ports.Queues`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, now: datetime) -> Due:
        return Due(**self._look(_LOOK, now=now))

    def overdue(self, since: datetime) -> Due:
        return Due(**self._look(_LOOK_BACK, since=since), failovers=False)

    def _look(self, query: Prepared, **moment: datetime) -> Mapping[str, bool]:
        try:
            with self._engine.connect() as connection:
                [found] = query.rows(connection, moment)
        except DBAPIError as error:
            raise translated(error) from error
        except NoConnection as error:
            raise Unavailable("no connection was free in time") from error
        return found
