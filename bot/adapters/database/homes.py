"""Tables of Home tabs: who has looked lately, and what has changed since they were last compared."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, select, text, update

from bot.adapters.database.columns import UtcDateTime
from bot.adapters.database.prepared import Prepared
from bot.adapters.database.rows import Rows
from bot.adapters.database.statements import find, table, upsert
from bot.adapters.database.tables import HomeChangeRow, HomeRow
from bot.adapters.database.writes import Writes
from bot.domain.home.home import Home, HomeChange

NOTE = Prepared(
    text(
        "INSERT INTO home_change (incident, person)"
        " SELECT CAST(:incident AS integer), CAST(:person AS text)"
        " WHERE EXISTS (SELECT 1 FROM home WHERE looked_at > :since)"
    ).bindparams(bindparam("since", type_=UtcDateTime()))
)
"""Every change runs this before the acknowledgement. While nobody looks it writes no row."""


class HomeTable(Rows):
    """Each column is written by itself, so that who opens a Home and who publishes it don't undo each other's work."""

    row = HomeRow

    def __init__(self, connection: Connection, writes: Writes) -> None:
        super().__init__(connection, writes)
        self._noted: dict[HomeChange, datetime] = {}

    def get(self, person: str) -> Home | None:
        row = find(self._table, "person").first(self._connection, {"person": person})
        return Home(**row) if row else None

    def all(self, *, limit: int) -> Sequence[Home]:
        newest = select(self._table).order_by(self._table.c.looked_at.desc()).limit(limit)
        return [Home(**row) for row in self._connection.execute(newest).mappings()]

    def opened(self, home: Home) -> None:
        row = {
            "person": home.person,
            "looked_at": home.looked_at,
            "due_at": home.due_at,
            "shown": home.shown,
            "mark": home.mark,
        }
        new = ("looked_at", "due_at", "shown", "mark")
        upsert(self._dialect, self._table, "person", *new).run(self._connection, row)

    def move(self, homes: Sequence[Home]) -> None:
        c = self._table.c
        mine = and_(c.person == bindparam("who"), c.looked_at == bindparam("seen", type_=c.looked_at.type))
        when = bindparam("at", type_=c.due_at.type)
        if homes:
            rows = [{"who": it.person, "seen": it.looked_at, "at": it.due_at} for it in homes]
            self._connection.execute(update(self._table).where(mine).values(due_at=when), rows)

    def published(self, person: str, *, at: datetime, shown: str, mark: str | None) -> None:
        self._set(person, published_at=at, shown=shown, mark=mark)

    def forget_state(self, person: str, *, due_at: datetime) -> None:
        self._set(person, due_at=due_at, shown="", mark=None)

    def _set(self, person: str, **values: object) -> None:
        mine = update(self._table).where(self._table.c.person == person)
        self._connection.execute(mine.values(values))

    def remove(self, person: str, *, looked_before: datetime) -> None:
        c = self._table.c
        old = delete(self._table).where(c.person == person, c.looked_at <= looked_before)
        self._connection.execute(old)

    # --- changes ---

    def note(self, *changes: HomeChange, since: datetime) -> None:
        self._noted |= dict.fromkeys(changes, since)

    def flush(self) -> None:
        if self._noted:
            rows = [
                {"incident": it.incident, "person": it.person, "since": since}
                for it, since in self._noted.items()
            ]
            NOTE.run(self._connection, *rows)
            self._noted.clear()

    def take(self, *, limit: int) -> Sequence[HomeChange]:
        changes = table(HomeChangeRow)
        first = select(changes.c.id).order_by(changes.c.id).limit(limit)
        taken = delete(changes).where(changes.c.id.in_(first)).returning(changes.c.incident, changes.c.person)
        return [HomeChange(incident=it.incident, person=it.person) for it in self._connection.execute(taken)]
