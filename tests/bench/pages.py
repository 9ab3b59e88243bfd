"""The measure of the dashboard: its pages on PostgreSQL with a long past, as the server makes them."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from bot.adapters.database import Limits
from bot.commands.request import Response
from bot.ports import Calendars, NoCalendars
from bot.services.web_keys import WebKeys
from bot.web.dashboard.page import PAGES
from bot.web.dashboard.site import DashboardSite
from tests.bench.databases import fresh
from tests.bench.full import FILLED_WITHIN, lived, opened
from tests.bench.measures import Effort, PostEvent, median
from tests.bench.table import Row
from tests.growth.past import NEWEST, OLDEST
from tests.growth.statements import Heard
from tests.growth.test_growth import unindexed
from tests.growth.world import POLICY, World
from tests.support.dashboard import Visitor
from tests.support.postgres import driven
from tests.support.templates import shipped

OPEN, ROUNDS = 20, 15
"""Open incidents beside the past, and how often each page is made. The first time warms up."""
MONTH = OLDEST + (NEWEST - OLDEST) / 2
LIMITS = {
    "dashboard": ("/", "/", 100),
    "incident page": ("/incidents/{number}", "/incidents/500", 150),
    "report of a month": ("/reports/{team}/{month}", f"/reports/all/{MONTH:%Y-%m}", 1_000),
    "report of a month, of a team": ("/reports/{team}/{month}", f"/reports/imoc/{MONTH:%Y-%m}", 1_000),
}
"""Pages as they are declared, an address of each, and the most milliseconds of each at the median."""


def pages(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Make each page of the dashboard as often as needed for a median, and look at how its rows are found."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spy-bench-")))
        life = stack.enter_context(lived(folder / "life.db"))
        [url] = [driven(it) for it in stack.enter_context(fresh(1))]
        say(f"a past of {effort.incidents:,} incidents", 0.1)
        with opened(url, Limits(statement=FILLED_WITHIN)) as filling:
            life.repeat_in(filling, effort.incidents)
        say("open incidents", 0.5)
        heard = Heard(stack.enter_context(opened(url)), explains=True)
        world = World(heard.engine)
        for _ in range(OPEN):
            world.declare()
        visitor = Visitor(_site(world), POLICY.dashboard.address or "")
        stack.callback(visitor.close)
        visitor.sign_in(world.transact(lambda tx: WebKeys(tx).link("U0ANA")))
        rows = _rows(heard.engine)
        declared = {it.path for it in PAGES}
        limits = [(what, path, most) for what, (page, path, most) in LIMITS.items() if page in declared]
        for at, (what, path, limit) in enumerate(limits):
            say(what, 0.6 + 0.1 * at)
            with heard.listening():
                _made(visitor, path)
            took = median([_made(visitor, path) for _ in range(ROUNDS)])
            yield Row(what=f"{what}: the server's part", spy=took, unit="ms", limit=limit, note=rows)
        scanned = unindexed(heard)
        names = "; ".join(sorted({table for table, _ in scanned}))
        yield Row(what="pages: statements without an index", spy=len(scanned), unit="", limit=0, note=names)


def _site(world: World) -> DashboardSite:
    return DashboardSite(
        sessions=world.database,
        clock=world.clock,
        policy=lambda: POLICY,
        templates=shipped(world.clock),
        answer=lambda _request: Response(),
        registry=lambda: world.registry,
        provided={Calendars: NoCalendars()},
    )


def _made(visitor: Visitor, path: str) -> float:
    """Return the milliseconds until a page was there."""
    began = time.perf_counter()
    answer = visitor.get(path)
    took = timedelta(seconds=time.perf_counter() - began)
    if not answer.is_success:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return took / timedelta(milliseconds=1)


def _rows(engine: Engine) -> str:
    with engine.connect() as connection:
        counts = [connection.scalar(text(f"SELECT count(*) FROM {it}")) for it in ("incident", "timeline")]  # noqa: S608
    return f"{counts[0]:,} incidents, {counts[1]:,} lines"
