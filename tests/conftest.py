"""What tests of more than one room share: databases of both kinds, a box, and the real bot beside it."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.adapters.database import migrate, open_engine
from bot.sandbox import Box
from tests.e2e.bot_process import BotProcess
from tests.postgres import Postgres, serving

LEASE = "2s"
"""So soon is an effect that a killed bot had under way found by its heir."""
RunningBot = Callable[..., BotProcess]
BOTS = pytest.StashKey[list[BotProcess]]()


# --- databases --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server, started for the first test that asks."""
    with serving(os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))) as postgres:
        yield postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    engine.dispose()
    return file


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The DATABASE_URL of a fresh, migrated SQLite file."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'spy.db')}"


@pytest.fixture
def postgresql_url(postgres: Postgres) -> Iterator[str]:
    """The DATABASE_URL of a fresh, migrated database on a real server."""
    with postgres.fresh() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both kinds, one after the other."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


# --- the box and the bot ----------------------------------------------------------------------------------


@pytest.fixture
def box(request: pytest.FixtureRequest) -> Iterator[Box]:
    """A workspace that speaks to the bot by HTTP; by Socket Mode where a test is parametrised so."""
    with Box(delivery=getattr(request, "param", "http")) as box:
        box.pagerduty.webhooks = True
        yield box


@pytest.fixture
def serve(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., BotProcess]]:
    """Start bots anywhere: `serve(config, environment)`. Each ends with the test."""
    bots = request.node.stash.setdefault(BOTS, [])
    with ExitStack() as stack:

        def start(config: str, environment: Mapping[str, str], *, lease: str = LEASE) -> BotProcess:
            short = f"{config}\ndelivery: {{lease: {lease}}}\ndatabase: {{pool: 5}}\n"
            bot = BotProcess(tmp_path / f"bot{len(bots)}", config=short, environment=environment)
            bots.append(bot)
            stack.callback(bot.stop)
            return bot.start()

        yield start


@pytest.fixture
def running_bot(serve: Callable[..., BotProcess]) -> RunningBot:
    """Start bots beside a box: `running_bot(box, database_url)`. It speaks to the one started last."""

    def run(box: Box, database_url: str, *, lease: str = LEASE) -> BotProcess:
        bot = serve(box.config_yaml(), {**box.environment(), "DATABASE_URL": database_url}, lease=lease)
        box.bot_url = bot.url
        return bot

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show what the bots of a failed test said."""
    report = yield
    if report.failed:
        for number, bot in enumerate(item.stash.get(BOTS, [])):
            report.sections.append((f"log of bot {number}", bot.said()))
    return report
