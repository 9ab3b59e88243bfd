"""Bring the schema up to date with Alembic; look first, since most starts have nothing to do."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from bot.adapters.database.connection import unhurried

HEAD = "0009"
"""The newest migration in migrations/versions; a test holds it to that."""


def is_current(engine: Engine) -> bool:
    """Whether the database is at the newest migration; cheap, without Alembic."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def migrate(engine: Engine) -> None:
    """Run the migrations that are missing; several processes may ask at once, and one does it."""
    from alembic import command  # noqa: PLC0415  needed once in a database's life
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect() as connection:
        unhurried(connection)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('spy migrations'))"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
