"""Read the versions of config.yaml before anything else is known: the database may be empty, old or absent."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from bot.adapters.database.failures import translated
from bot.adapters.database.session import Database
from bot.adapters.database.tables import ConfigVersionRow
from bot.domain.config_version import ConfigVersion


def last_taken(database: Database, *, limit: int) -> Sequence[ConfigVersion]:
    """Return the versions that were taken, newest first; none if the database has none. Nothing is made or migrated."""
    engine = database.engine
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        return ()
    try:
        if not inspect(engine).has_table(str(ConfigVersionRow.__tablename__)):
            return ()
    except DBAPIError as error:
        raise translated(error) from error
    with database.read() as session:
        return session.config_versions.taken(limit=limit)
