"""Bring the schema up to date with Alembic; look first, since most starts have nothing to do."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from bot.adapters.database.connection import unhurried

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def newest() -> str:
    """Return the number of the newest migration."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def version(engine: Engine) -> str | None:
    """Return the migration that the database is at, None where it is empty; cheap, without Alembic."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(engine: Engine, to: str = "head") -> None:
    """Run the migrations that are missing; several processes may ask at once, and one does it."""
    from alembic import command  # noqa: PLC0415  needed once in a database's life

    with engine.connect() as connection:
        unhurried(connection)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('spy migrations'))"))
            command.upgrade(_alembic(connection), to)


def migrate_back(engine: Engine, to: str) -> None:
    """Undo the migrations after this one."""
    from alembic import command  # noqa: PLC0415  as above

    with engine.begin() as connection:
        command.downgrade(_alembic(connection), to)


def _alembic(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
