"""The measure of postmortems: a long incident's preview in chat, and its whole document, from a real database."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.adapters.database import Database, migrate, open_engine
from bot.adapters.rendering.templates import JinjaTemplates
from bot.commands.plugins import load
from bot.commands.request import Request, Source
from bot.commands.router import Router
from bot.domain.incident.events import NoteTaken
from bot.domain.timer import milliseconds
from bot.ports import Profile
from bot.services.incident.incidents import Incidents
from bot.services.people import People
from bot.services.postmortem.documents import Documents
from bot.services.transaction import Transaction
from bot.testing import POLICY, FrozenClock
from tests.bench.measures import Effort, PostEvent, median
from tests.bench.table import Row
from tests.support.folders import ROOT

ENTRIES, ROUNDS = 5_000, 5


def postmortems(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """5,000 entries of a timeline: what the asker waits for, how long the database is held, and the writing."""
    del effort
    clock = FrozenClock()
    templates = JinjaTemplates([ROOT / "templates"], clock=clock)
    with tempfile.TemporaryDirectory(prefix="spy-bench-") as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'bench.db'}")
        migrate(engine)
        database = Database(engine)
        say("a long incident", 0.1)
        lived_through(database, clock)
        router = Router(
            load([ROOT / "plugins"]), sessions=database, clock=clock, policy=POLICY, templates=templates
        )
        say("previews", 0.4)

        def preview(number: int) -> None:
            ask = Request(id=f"bench-{number}", text="postmortem 1", user="U0ANA", source=Source.SLASH)
            assert router.answer(ask).message

        yield Row(what="postmortem preview, 5,000 entries", spy=_timed(preview), unit="ms", limit=1_000)
        say("documents", 0.7)

        facts: list[Mapping[str, Any]] = []

        def read(_: int) -> None:
            with database.begin() as session:
                incident = session.incidents.look(1)
                assert incident
                tx = Transaction(session=session, now=clock.now(), policy=POLICY)
                facts[:] = [Documents(tx).document(incident)]

        yield Row(what="postmortem read for an export", spy=_timed(read), unit="ms")
        yield Row(
            what="postmortem written in Markdown",
            spy=_timed(lambda _: templates.document("postmortem/document", facts[0])),
            unit="ms",
        )
        engine.dispose()


def lived_through(database: Database, clock: FrozenClock) -> None:
    """Declare an incident and note 5,000 things, a second each."""
    with database.begin() as session:
        tx = Transaction(session=session, now=clock.now(), policy=POLICY)
        People(tx).met("U0ANA", Profile(name="Ana Lima"))
        Incidents(tx).declare("a long night", by="U0ANA", severity=POLICY.severity("1"))
        incident = tx.incident(1)
        for number in range(ENTRIES - incident.entries):
            at = clock.now() - timedelta(seconds=ENTRIES - number)
            note = NoteTaken(
                at=at, by="U0RAJ", note=f"the queue is {number} long, <@U0KIM>", message=milliseconds(at)
            )
            incident = tx.record(incident, note)
        Incidents(tx).resolve(tx.incident(1), "it drained", by="U0ANA")


def _timed(run: Callable[[int], object]) -> float:
    """Return the median in milliseconds."""
    took = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        run(number)
        took.append(1000 * (time.perf_counter() - start))
    return median(took)
