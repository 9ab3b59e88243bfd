"""Each of the two databases, one after the other."""

from collections.abc import Iterator

import pytest

from bot.adapters.database import Database, open_engine
from tests.support.postgres import driven


@pytest.fixture
def sessions(database_url: str) -> Iterator[Database]:
    engine = open_engine(driven(database_url))
    yield Database(engine)
    engine.dispose()
