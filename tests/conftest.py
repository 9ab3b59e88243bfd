"""What tests of more than one channel share: databases of both kinds, a box, and the real bot beside it."""

import gc
import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.adapters.database import migrate, open_engine
from bot.adapters.runbooks import FolderRunbooks
from bot.app.manifest import manifest
from bot.app.settings import load
from bot.sandbox import Box
from bot.services.features import load_features
from bot.testing import FrozenClock, SpyKit
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World
from tests.support.folders import PLUGINS, TEMPLATES
from tests.support.postgres import Postgres, serving
from tests.support.templates import shipped

Serve = Callable[[str, Mapping[str, str]], BotProcess]
RunningBot = Callable[[Box, str], BotProcess]
BOXES: list[Box] = []
"""Every box that was opened here, for what passed in it to be held against the vendors' descriptions."""
E2E = Path(__file__).parent / "e2e"
ENOUGH = 4
"""Workers, of which two wait."""
BOTS = pytest.StashKey[list[BotProcess]]()


MEMORY, MUCH = Path("/dev/shm"), 8 << 30  # noqa: S108  each test makes a folder of its own there
"""A file system in memory, and how many bytes must be free in it."""


def has_memory() -> bool:
    """Return whether all that tests write fits into memory, and programs in it may run."""
    if not MEMORY.is_dir():
        return False
    there, free = os.statvfs(MEMORY), os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(there.f_bavail * there.f_frsize, free) > MUCH and not there.f_flag & os.ST_NOEXEC


if "TMPDIR" not in os.environ and has_memory():  # on a disk each commit of SQLite waits for it
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # look for it again

structlog.configure(
    processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()]
)
"""Plain tracebacks: structlog's own draw every local variable, and one may hold a whole workspace."""

load_features()  # some tests open a transaction of their own


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


# --- Spy without a network --------------------------------------------------------------------------------


@cache
def knows_people() -> SpyKit:
    clock = FrozenClock()
    runbooks = FolderRunbooks([TEMPLATES / "runbooks"], address="https://spy.example.com")
    kit = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, runbooks=runbooks)
    kit.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park")
    return kit


@cache
def has_an_incident() -> SpyKit:
    kit = knows_people().restarted()
    declare(kit)
    return kit


def declare(kit: SpyKit) -> None:
    kit.say('incident me "checkout is down" sev1', by="U0ANA")
    kit.create_channel(1, channel="C0ROOM")


def given(request: pytest.FixtureRequest) -> Mapping[str, object]:
    """Return the arguments with which a test is parametrised."""
    return request.node.callspec.params if hasattr(request.node, "callspec") else {}


@pytest.fixture
def spy(request: pytest.FixtureRequest) -> SpyKit:
    """Return a Spy with its own plugins and templates, that knows Ana, Raj and Kim."""
    wants_channel = "channel" in request.fixturenames and "channel" not in given(request)
    first = has_an_incident() if wants_channel else knows_people()
    clock = FrozenClock()
    shipped(clock)
    return first.restarted(clock=clock)


@pytest.fixture
def channel(spy: SpyKit) -> str:
    """Return the channel of INC-1, a sev1 that Ana declared."""
    try:
        spy.incident(1)
    except LookupError:  # a file has a `spy` of its own
        declare(spy)
    return "C0ROOM"


# --- the box and the bot ----------------------------------------------------------------------------------


@pytest.fixture
def box(request: pytest.FixtureRequest) -> Iterator[Box]:
    """A workspace that speaks to the bot by HTTP; by Socket Mode where a test is parametrised so."""
    with open_box(getattr(request, "param", "http")) as box:
        yield box


@cache
def spy_manifest() -> dict[str, Any]:
    """What a workspace knows of Spy: no other command, event or scope reaches the bot."""
    made: dict[str, Any] = json.loads(manifest(load(None)))
    return made


@contextmanager
def open_box(delivery: str = "http", *, sites: bool = False, mail: bool = False) -> Iterator[Box]:
    with Box(delivery=delivery, sites=sites, mail=mail) as box:
        box.pagerduty.webhooks = True
        box.slack.install(spy_manifest())
        BOXES.append(box)
        yield box


@pytest.fixture
def serve(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Serve]:
    """Start bots anywhere: `serve(config, environment)`. Each ends with the test."""
    bots = request.node.stash.setdefault(BOTS, [])
    with ExitStack() as stack:

        def start(config: str, environment: Mapping[str, str]) -> BotProcess:
            bot = BotProcess(tmp_path / f"bot{len(bots)}", config=modest(config), environment=environment)
            bots.append(bot)
            stack.callback(bot.stop)
            return bot.start()

        yield start


def modest(config: str) -> str:
    """Leave connections for the bots of other tests. Its people open incidents and page as often as the tests need."""
    limits = "incidents_per_person: 1000, pages_per_person: 1000, pages_per_team: 1000, ring_again_after: 0"
    return f"{config}\ndatabase: {{pool: 5}}\nlimits: {{{limits}}}\n"


@pytest.fixture
def running_bot(serve: Serve) -> RunningBot:
    """Start bots beside a box: `running_bot(box, database_url)`. It speaks to the one started last."""

    def run(box: Box, database_url: str) -> BotProcess:
        bot = serve(box.config_yaml(), {**box.environment(), "DATABASE_URL": database_url})
        box.bot_url = bot.url
        return bot

    return run


@pytest.fixture
def world(box: Box, sqlite_url: str, running_bot: RunningBot) -> World:
    """A bot of the test's own, on SQLite."""
    return World(box=box, bot=running_bot(box, sqlite_url))


@pytest.fixture(scope="module")
def common_world(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[World]:
    """One bot on SQLite for all tests of a file: each opens incidents of its own in it."""
    folder = tmp_path_factory.mktemp("common")
    with living_in(folder, f"sqlite:///{shutil.copy(migrated_sqlite, folder / 'spy.db')}") as world:
        yield world


@contextmanager
def living_in(folder: Path, database_url: str, *, besides: str = "", sites: bool = False) -> Iterator[World]:
    """A box with a bot whose clock is the box's, for as long as the `with` lasts; `besides` is configuration."""
    with open_box(sites=sites) as box:
        environment = {**box.environment(), **box.rehearsal(), "DATABASE_URL": database_url}
        config = modest(f"{box.config_yaml()}\n{besides}")
        bot = BotProcess(folder / "bot", config=config, environment=environment)
        box.bot_url = bot.url
        try:
            yield World(box=box, bot=bot.start())
        finally:
            bot.stop()


def pytest_configure() -> None:
    """End as by Ctrl-C when told to, so that no bot and no server is left behind."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Search for no garbage in what is collected, now or later: it is most of the heap, and stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the tests that wait for other processes, in two of the workers; the others keep the cores busy.

    Each worker begins with an equal slice of the list, and later steals from the ends of the others' slices.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers < ENOUGH:
        return
    waiting = [it for it in items if it.path.is_relative_to(E2E)]
    files = list(dict.fromkeys(it.path for it in waiting))
    first, second = ([it for it in waiting if files.index(it.path) % 2 == half] for half in (0, 1))
    others = [it for it in items if not it.path.is_relative_to(E2E)]
    between = max(len(items) // workers - len(first), 0)
    items[:] = [*first, *others[:between], *second, *others[between:]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show what the bots of a failed test said."""
    report = yield
    if report.failed:
        arguments = getattr(item, "funcargs", {}).values()
        common = [it.bot for it in arguments if isinstance(it, World)]
        for bot in dict.fromkeys([*item.stash.get(BOTS, []), *common]):
            report.sections.append((f"log of the bot at {bot.url}", bot.said()))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud what could not be tried: PagerDuty's own word, the page in a browser, a GitHub that is not ours."""
    from tests.support.beside import PAGERDUTY, describes_pagerduty  # noqa: PLC0415  loads slowly
    from tests.support.browser import NAMES, can_check_access, chromium  # noqa: PLC0415  loads slowly
    from tests.support.emulated import is_there  # noqa: PLC0415  loads slowly
    from tests.support.older import is_in_history  # noqa: PLC0415  asks git

    if not is_there():
        terminalreporter.write_sep("!", "No export was tried on a GitHub that is not ours", red=True)
        terminalreporter.line("It is npm's `emulate`: install Node 20 with npm, and say `make test` again.")
    if not is_in_history():
        terminalreporter.write_sep("!", "No earlier Spy was tried beside this one", red=True)
        terminalreporter.line("This clone is shallow; say `git fetch --unshallow`, and `make test` again.")
    if not describes_pagerduty():
        terminalreporter.write_sep("!", "PagerDuty is NOT held against its own description", red=True)
        terminalreporter.line(f"It is not at {PAGERDUTY}; say in SPY_SPECS which folder it is in.")
    if not chromium():
        terminalreporter.write_sep("!", "the page is NOT tried in a browser", red=True)
        terminalreporter.line(
            f"There is no {', '.join(NAMES)} on this machine; try: apt-get install chromium."
        )
    elif not can_check_access():
        terminalreporter.write_sep("!", "the page is NOT checked for accessibility", red=True)
        terminalreporter.line("It is npm's `axe-core`: install Node with npm, and say `make test` again.")
