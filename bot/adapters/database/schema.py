"""Migrate the schema with Alembic. Most starts have nothing to migrate, so the version is checked first."""

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
    """Return the number of the database's last migration; None if it is empty. Fast: it does not load Alembic."""
    with engine.connect() as connection:
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
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('spy migrations'))"))
            command.upgrade(_alembic(connection), to)


def migrate_back(engine: Engine, to: str) -> None:
    """Undo all migrations after this one."""
    from alembic import command  # noqa: PLC0415  as above

    with engine.begin() as connection:
        command.downgrade(_alembic(connection), to)


def _alembic(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
