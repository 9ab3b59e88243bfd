"""What is due in the outbox, the timers and the failovers: one statement, since it runs twice a second."""

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
        ) AS failovers
    """
).bindparams(bindparam("now", type_=UtcDateTime()))
_LOOK = Prepared(DUE.columns(effects=Boolean, reminders=Boolean, failovers=Boolean))


class SqlQueues:
    """Implements `ports.Queues`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, now: datetime) -> Due:
        try:
            with self._engine.connect() as connection:
                [found] = _LOOK.rows(connection, {"now": now})
        except DBAPIError as error:
            raise translated(error) from error
        except NoConnection as error:
            raise Unavailable("no connection was free in time") from error
        return Due(**found)
