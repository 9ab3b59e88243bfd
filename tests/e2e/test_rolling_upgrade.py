"""An earlier Spy and this one serve side by side on one PostgreSQL, across all migrations between them."""

from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from bot.sandbox import Box
from tests.chaos.findings import findings
from tests.chaos.people import CROWD, Diary, People
from tests.conftest import RunningBot
from tests.e2e.world import World
from tests.support.older import OlderBot, is_in_history
from tests.support.postgres import EMPTY, Postgres, driven

STORIES = 4


@pytest.mark.skipif(not is_in_history(), reason="said aloud at the end of the run")
def test_two_versions_serve_side_by_side_across_migrations(
    box: Box, postgres: Postgres, running_bot: RunningBot, tmp_path: Path
):
    box.slack.hire(CROWD)
    diary = Diary()
    with postgres.fresh(EMPTY) as url, httpx.Client() as client:
        environment = {**box.environment(), "DATABASE_URL": url, "PATH": "/usr/bin:/bin"}
        config = f"{box.config_yaml()}\ndatabase: {{pool: 5}}\n"
        with OlderBot(tmp_path / "older", config=config, environment=environment) as older:
            box.bot_url = older.url
            People(box=box, bots=[older], diary=diary).story(0, 0, client)
            newer = running_bot(box, url)
            for at in range(1, STORIES + 1):  # each command goes to one or the other
                People(box=box, bots=[older, newer], diary=diary).story(at, at, client)
        world = World(box=box, bot=newer)
        People(box=box, bots=[newer], diary=diary).story(STORIES + 1, 9, client)
        world.settle()
        listed = str(world.slash("list").body)
        left = emptied(url)

    assert findings(world, [newer], diary).lines == {
        "lost": [],
        "doubled": [],
        "disordered": [],
        "unhandled": [],
    }
    assert len(set(diary.incidents.values())) == STORIES + 2
    assert all(f"INC-{number}" in listed for number in diary.incidents.values())
    assert left, "the older Spy left columns empty that came later"


def emptied(url: str) -> int:
    """Count the notices to teams whose incident the older Spy stored only in the record."""
    engine = create_engine(driven(url))
    with engine.connect() as connection:
        query = text(
            "SELECT count(*) FROM team_notice WHERE incident IS NULL AND kept ->> 'incident' IS NOT NULL"
        )
        count = int(connection.execute(query).scalar_one())
    engine.dispose()
    return count
