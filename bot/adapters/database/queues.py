"""What is due in the outbox, the timers and the failovers: one statement, since it runs twice a second."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, bindparam, text
from sqlalchemy.exc import SQLAlchemyError

from bot.adapters.database.columns import UtcDateTime
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
).bindparams(bindparam("now"))


class SqlQueues:
    """Implements `ports.Queues`. It asks the driver itself: SQLAlchemy would take most of the time of an idle Spy."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stored = UtcDateTime().dialect_impl(engine.dialect).bind_processor(engine.dialect)
        compiled = DUE.compile(dialect=engine.dialect)
        self._sql, self._places = str(compiled), compiled.positiontup

    def due(self, now: datetime) -> Due:
        wrong: Any = self._engine.dialect.loaded_dbapi.Error
        try:
            with closing(self._engine.raw_connection()) as connection:
                try:
                    return self._look(connection.cursor(), now)
                except wrong as error:
                    self._close_if_lost(connection, error)
                    raise
        except (SQLAlchemyError, wrong) as error:
            raise Unavailable(str(error)) from error

    def _look(self, cursor: Any, now: datetime) -> Due:
        cursor.execute(self._sql, self._given(now))
        effects, reminders, failovers = cursor.fetchone() or (False, False, False)
        return Due(effects=bool(effects), reminders=bool(reminders), failovers=bool(failovers))

    def _close_if_lost(self, connection: Any, error: Any) -> None:
        """Close a lost connection and all idle ones, as SQLAlchemy does: the server has probably ended them too."""
        if self._engine.dialect.is_disconnect(error, connection.dbapi_connection, None):
            connection.invalidate(error)
            self._engine.dispose()

    def _given(self, now: datetime) -> Sequence[Any] | dict[str, Any]:
        value = self._stored(now) if self._stored else now
        return {"now": value} if self._places is None else [value for _ in self._places]
