"""Table of reminder timers. Those that wait are replaced for a whole subject; those that were sent stay."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, text, update

from bot.adapters.database.identities import occurrence, subject
from bot.adapters.database.prepared import Prepared
from bot.adapters.database.rows import Rows
from bot.adapters.database.statements import drop_waiting, find_due, lock_free, mark_sent, set_waiting
from bot.adapters.database.tables import TimerRow
from bot.adapters.database.writes import Writes
from bot.domain.subject import Subject
from bot.domain.timer import Timer

WINDOW = 4
"""How many times the limit is read, to find enough subjects that no other process has locked."""


class TimerTable(Rows):
    """Timers of a session. They are written at its end, with one statement of each kind."""

    row = TimerRow

    def __init__(self, connection: Connection, writes: Writes) -> None:
        super().__init__(connection, writes)
        self._wanted: dict[str, tuple[Timer, ...]] = {}
        self._replaced: list[str] = []
        """The wanted subjects that may have waiting timers in the database."""
        self._sent: dict[str, datetime] = {}
        self._found: dict[Subject, list[Timer]] = {}

    def replace(self, subject: Subject, timers: Iterable[Timer], *, is_new: bool = False) -> None:
        name = str(subject)
        if not is_new and name not in self._wanted:
            self._replaced.append(name)
        self._wanted[name] = tuple(timers)

    def sent(self, key: str, at: datetime) -> None:
        self._sent[key] = at

    def due_subjects(self, now: datetime, limit: int) -> Sequence[Subject]:
        """Return subjects with due timers. PostgreSQL locks each with an advisory lock; those locked are skipped."""
        self.flush()
        due = find_due(self._table).values(self._connection, {"now": now, "most": limit * WINDOW})
        first = tuple(dict.fromkeys(due))
        taken = first[:limit] if self._dialect == "sqlite" else self._taken(first, limit)
        self._look_up(taken, now)
        return [subject(it) for it in taken]

    def _taken(self, subjects: Sequence[str], limit: int) -> Sequence[str]:
        """Return the first `limit` subjects whose lock is free: another process may have locked some."""
        taken: list[str] = []
        for start in range(0, len(subjects), limit):
            some = list(subjects[start : start + limit])[: limit - len(taken)]
            taken += lock_free().values(self._connection, {"some": some})
            if len(taken) >= limit:
                break
        return tuple(taken)

    def _look_up(self, subjects: Sequence[str], now: datetime) -> None:
        """Read the due timers of all these subjects at once, for `due`. They are locked, so they can't change."""
        if subjects:
            found: dict[Subject, list[Timer]] = {subject(it): [] for it in subjects}
            for timer in self._due(self._table.c.subject.in_(subjects), now):
                found[timer.subject].append(timer)
            self._found = found

    def due(self, subject: Subject, now: datetime) -> Sequence[Timer]:
        if subject in self._found:
            return self._found.pop(subject)
        self.flush()
        return self._due(self._table.c.subject == str(subject), now)

    def _due(self, of: ColumnElement[bool], now: datetime) -> list[Timer]:
        c = self._table.c
        waiting = select(c.subject, c.reminder, c.occurrence, c.due_at).where(
            of, c.state == "waiting", c.due_at <= now
        )
        rows = self._connection.execute(waiting.order_by(c.due_at)).mappings()
        return [_timer(dict(row)) for row in rows]

    def put_off(self, subject: Subject, *, due: datetime) -> None:
        self.flush()
        c = self._table.c
        waiting = update(self._table).where(c.subject == str(subject), c.state == "waiting", c.due_at < due)
        self._connection.execute(waiting.values(due_at=due))

    def next_due(self) -> datetime | None:
        self.flush()
        is_waiting = text("state = 'waiting'")  # in the words of the index `timer_due`
        soonest = select(func.min(self._table.c.due_at)).where(is_waiting)
        return self._connection.execute(soonest).scalar()

    def flush(self) -> None:
        if self._sent:
            self._mark_sent()
        if self._wanted:
            self._replace_waiting()

    def _mark_sent(self) -> None:
        for at in set(self._sent.values()):
            keys = [key for key, sent_at in self._sent.items() if sent_at == at]
            self._run(mark_sent(self._dialect), at=at, keys=keys)
        self._sent.clear()

    def _replace_waiting(self) -> None:
        wanted = {timer.key: timer for timers in self._wanted.values() for timer in timers}
        if self._replaced:
            self._run(drop_waiting(self._dialect), subjects=self._replaced, kept=list(wanted))
        if wanted:
            self._put([_row(timer) for timer in wanted.values()])
        self._wanted.clear()
        self._replaced.clear()

    def _run(self, statement: Prepared, **parameters: Any) -> None:
        """Run a statement with each list as one parameter, so that the statement never changes."""
        listed = {
            name: json.dumps(it) if isinstance(it, list) and self._dialect == "sqlite" else it
            for name, it in parameters.items()
        }
        statement.run(self._connection, listed)

    def _put(self, rows: list[dict[str, Any]]) -> None:
        setting = set_waiting(self._dialect, self._table)
        if self._dialect == "sqlite":
            setting.run(self._connection, *rows)
        else:
            setting.run(self._connection, {name: [row[name] for row in rows] for name in rows[0]})


def _timer(row: Mapping[str, Any]) -> Timer:
    return Timer(
        subject=subject(row["subject"]),
        occurrence=occurrence(row["reminder"], row["occurrence"]),
        due_at=row["due_at"],
    )


def _row(timer: Timer) -> dict[str, Any]:
    return {
        "key": timer.key,
        "subject": str(timer.subject),
        "reminder": str(timer.reminder),
        "occurrence": str(timer.occurrence),
        "due_at": timer.due_at,
        "state": "waiting",
    }
