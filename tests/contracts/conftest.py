"""Each of the two databases, one after the other."""

from collections.abc import Iterator

import pytest

from bot.adapters.database import Database, open_engine


@pytest.fixture
def sessions(database_url: str) -> Iterator[Database]:
    engine = open_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    yield Database(engine)
    engine.dispose()
