"""Migrate the schema with Alembic. Most starts have nothing to migrate, so the version is checked first."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, bindparam, inspect, text

from bot.adapters.database.columns import UtcDateTime
from bot.adapters.database.connection import reading, unhurried

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATING = text("SELECT pg_advisory_xact_lock(hashtext('spy migrations'))")
"""Waits until no other process changes the schema of this PostgreSQL, and keeps others from it until the commit."""
NOTE = "schema:"
"""The row of `lease` that says which Spies may work on a schema, for one that does not know it. It never ends."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_SIDE_BY_SIDE = "0019"
"""Migrations after this one only expand the schema, unless they declare `needs`: see docs/running.md."""


@cache
def newest() -> str:
    """Return the number of the newest migration."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def is_known(number: str) -> bool:
    """Return whether this Spy has a migration of this number."""
    return any((MIGRATIONS / "versions").glob(f"{number}_*.py")) if number.isdigit() else False


def version(engine: Engine) -> str | None:
    """Return the number of the database's last migration; None if it is empty. Fast: it does not load Alembic."""
    with reading(
        engine
    ).connect() as connection:  # another process may hold the lock, such as a long migration
        return version_in(connection)


def version_in(connection: Connection) -> str | None:
    """Return the number of the last migration, as this transaction sees it; None if there was none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(engine: Engine, to: str = "head") -> None:
    """Run the missing migrations. If several processes call it at once, one runs them and the others wait."""
    from alembic import command  # noqa: PLC0415  loaded only to migrate

    with engine.connect() as connection:
        unhurried(connection)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(MIGRATING)
            command.upgrade(_alembic(connection), to)
            _note_oldest(connection)


def migrate_back(engine: Engine, to: str) -> None:
    """Undo all migrations after this one."""
    from alembic import command  # noqa: PLC0415  as above

    with engine.begin() as connection:
        command.downgrade(_alembic(connection), to)
        _note_oldest(connection)


def oldest(engine: Engine) -> str | None:
    """Return the number of the last migration that a Spy must know to work on this database.

    None if the process that migrated it has not said so.
    """
    noted = text("SELECT owner FROM lease WHERE job = :job")
    with engine.connect() as connection:
        found: str | None = connection.execute(noted, {"job": f"{NOTE}{version(engine)}"}).scalar()
    return found


def _note_oldest(connection: Connection) -> None:
    """Store which schema a Spy must know. A migration that takes something away says so in `needs`."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415  as above

    if not inspect(connection).has_table("lease"):
        return
    current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    steps = ScriptDirectory.from_config(_alembic(connection)).iterate_revisions(current, "base")
    needs = max([FIRST_SIDE_BY_SIDE, *(getattr(it.module, "needs", "") for it in steps)])
    connection.execute(text("DELETE FROM lease WHERE job LIKE :note"), {"note": f"{NOTE}%"})
    note = text("INSERT INTO lease (job, owner, until) VALUES (:job, :owner, :until)")
    note = note.bindparams(bindparam("until", type_=UtcDateTime()))
    connection.execute(note, {"job": f"{NOTE}{current}", "owner": needs, "until": EPOCH})


def move_to(connection: Connection, to: str) -> None:
    """Run the missing migrations up to this one, or undo those after it, in the caller's transaction."""
    from alembic import command  # noqa: PLC0415  as above

    found = version_in(connection)
    if found is None or found < to:
        command.upgrade(_alembic(connection), to)
    elif found > to:
        command.downgrade(_alembic(connection), to)
    _note_oldest(connection)


def _alembic(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
