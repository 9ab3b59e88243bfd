"""What changes is on all open pages at once, and nobody who may not see it hears a word of it.

The pages are those of another process than the one that changes something, on each of the two databases.
"""

import html
import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from queue import Queue
from threading import Thread

import httpx
import pytest

from bot.adapters.database import Database, open_engine
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.policy import Policy
from bot.ports import Profile
from bot.services.incident.channels import IncidentChannels
from bot.services.incident.incidents import Incidents
from bot.services.incident.page import NEWS
from bot.services.incident.timeline_edits import TimelineEdits
from bot.services.people import People
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction
from bot.services.web_keys import WebKeys
from bot.testing import FrozenClock, SpyKit
from bot.web import Shown, build_web, listen, serve, with_token
from bot.web.dashboard.live import Live
from bot.web.dashboard.live_event import LivePace
from tests.support.dashboard import site_of
from tests.support.postgres import driven

PEOPLE = {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel", "U0KIM": "Kim Park"}
SOON = 20.0
"""Seconds: far more than it takes, for a machine that is busy."""


@dataclass(kw_only=True)
class Ear:
    """An open page: `next` waits for its next event. None is the end of its stream."""

    events: Queue[tuple[str, str, str] | None] = field(default_factory=Queue)

    def next(self) -> tuple[str, str, str] | None:
        """Return the name, the last line and the HTML of the next event."""
        return self.events.get(timeout=SOON)

    def hear(self, client: httpx.Client, path: str, headers: dict[str, str], opened: Queue[int]) -> None:
        try:
            with client.stream("GET", path, headers=headers) as answer:
                opened.put(answer.status_code)
                self._read(answer)
        except httpx.HTTPError:
            pass
        self.events.put(None)

    def _read(self, answer: httpx.Response) -> None:
        facts: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            facts[name] = value
            if name == "data":
                self.events.put((facts["event"], facts["id"], json.loads(value)["html"]))


@dataclass(kw_only=True)
class Served:
    """Two processes on one database: `tx` changes something in one, the other serves the pages."""

    live: Live
    here: Database
    clock: FrozenClock
    policy: Policy
    url: str
    stack: ExitStack

    @contextmanager
    def tx(self) -> Iterator[Transaction]:
        self.clock.tick(seconds=1)
        with self.here.begin() as session:
            yield Transaction(session=session, now=self.clock.now(), policy=self.policy)

    def declare(self, name: str = "checkout is down", *, private: bool = False) -> Incident:
        with self.tx() as tx:
            opened = Incidents(tx).declare(name, by="U0ANA", private=private).incident
            IncidentChannels(tx).opened(opened.number, f"C0INC{opened.number}", opened.channel_name)
            return tx.incident(opened.number)

    def note(self, number: int, words: str) -> None:
        with self.tx() as tx:
            Incidents(tx).note(tx.incident(number), words, by="U0ANA")

    def signed_in(self, person: str) -> httpx.Client:
        with self.tx() as tx:
            link = WebKeys(tx).link(person)
            begun = WebKeys(tx).sign_in(link.partition("key=")[2])
        assert begun
        client = httpx.Client(base_url=self.url, cookies={"spy": begun.secret}, timeout=SOON)
        return self.stack.enter_context(client)

    def watch(self, client: httpx.Client, path: str, **headers: str) -> Ear:
        """Open a stream, and return once it is open."""
        ear, opened = Ear(), Queue[int]()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        Thread(target=ear.hear, args=(client, path, named, opened), daemon=True).start()
        assert opened.get(timeout=SOON) == 200
        return ear


@pytest.fixture
def served(database_url: str, spy: SpyKit) -> Iterator[Served]:
    with ExitStack() as stack:
        here, there = (Database(open_engine(driven(database_url))) for _ in range(2))
        site = replace(site_of(spy), sessions=there)
        app = build_web(
            to_all=Shown(),
            with_token=Shown(),
            sees_all=with_token(""),
            readiness={},
            site=site,
            pace=LivePace(look=0.05, rest=0, checks=0.2, overview=0.1),
        )
        server = serve(app, listen("127.0.0.1", 0))
        for end in (here.engine.dispose, there.engine.dispose, server.stop):
            stack.callback(end)
        world = Served(
            live=next(it for it in app.state.streams if isinstance(it, Live)),
            here=here,
            clock=spy.clock,
            policy=spy.policy,
            url=f"http://127.0.0.1:{server.port}",
            stack=stack,
        )
        with world.tx() as tx:
            for person, name in PEOPLE.items():
                People(tx).met(person, Profile(name=name))
        yield world


def test_a_change_is_at_once_on_ten_pages_that_are_open_in_another_process(served: Served):
    incident = served.declare()
    kim = served.signed_in("U0KIM")
    path = f"/incidents/{incident.number}/live?since={incident.entries}"
    pages = [served.watch(kim, path) for _ in range(10)]

    began = time.monotonic()
    served.note(incident.number, "cpu is at 100 %")
    told = [it.next() for it in pages]
    print(f"ten pages were told within {time.monotonic() - began:.3f} s")  # noqa: T201  the figure

    for it in told:
        assert it
        name, last, html = it
        assert (name, int(last)) == ("change", incident.entries + 1)
        assert "Note</b> from Ana Lima: cpu is at 100 %" in html


def test_an_outsider_hears_only_that_there_is_nothing_once_it_is_private(served: Served):
    number = served.declare().number
    ana, kim = (
        served.watch(served.signed_in(it), f"/incidents/{number}/live?since=9") for it in ("U0ANA", "U0KIM")
    )

    with served.tx() as tx:
        tx.record(tx.incident(number), *[events.NoteTaken(at=tx.now, by="U0ANA", note="quietly")] * 9)
        IncidentChannels(tx).made_private(tx.incident(number), by="U0ANA")
        Incidents(tx).note(tx.incident(number), "the secret", by="U0ANA")

    assert (kim.next(), kim.next()) == (("gone", "", ""), None)
    told = ana.next()
    assert told
    assert "the secret" in told[2]
    assert served.signed_in("U0KIM").get(f"/incidents/{number}/live").status_code == 404


@pytest.mark.parametrize("how", ["left", "signed out", "deactivated"])
def test_a_stream_ends_with_the_right_to_see_it(served: Served, how: str):
    number = served.declare(private=True).number
    with served.tx() as tx:
        IncidentChannels(tx).joined(f"C0INC{number}", "U0RAJ", origin="Ev1")
    client = served.signed_in("U0RAJ")
    raj = served.watch(client, f"/incidents/{number}/live?since=100")

    with served.tx() as tx:
        if how == "left":
            IncidentChannels(tx).left(tx.incident(number), "U0RAJ")
        elif how == "signed out":
            WebKeys(tx).sign_out(client.cookies["spy"])
        else:
            People(tx).met("U0RAJ", Profile(name="Raj Patel", is_deactivated=True))

    assert (raj.next(), raj.next()) == (("gone", "", ""), None)
    assert client.get(f"/incidents/{number}/live").status_code == 404


def test_a_page_that_comes_back_is_told_what_it_missed(served: Served):
    incident = served.declare()
    served.note(incident.number, "missed")
    kim, path = served.signed_in("U0KIM"), f"/incidents/{incident.number}/live?since=1"

    back = served.watch(kim, path, last_event_id=str(incident.entries)).next()
    assert back
    assert "missed" in back[2]
    assert "is opened" not in back[2]

    with served.tx() as tx:
        many = [events.NoteTaken(at=tx.now, by="U0ANA", note=f"note {it}") for it in range(NEWS + 1)]
        tx.record(tx.incident(incident.number), *many)
    late = served.watch(kim, path).next()
    assert late
    assert (late[0], late[2]) == ("reload", "")


def test_a_page_hears_of_the_lines_that_it_shows_and_of_those_to_take_away(served: Served):
    incident = served.declare()
    number, since = incident.number, incident.entries
    kim = served.signed_in("U0KIM")
    page = served.watch(kim, f"/incidents/{number}/live?since={since}&notes=1&words=disk")

    with served.tx() as tx:
        it = Incidents(tx).note(tx.incident(number), "disk is full", by="U0ANA")
        it = Incidents(tx).note(it, "cpu is at 100 %", by="U0ANA")
        Incidents(tx).post_update(it, "the disk again", by="U0ANA")
    told = page.next()
    assert told
    assert ("disk is full" in told[2], "cpu" in told[2], "the disk again" in told[2]) == (True, False, True)
    assert told[2].count('<li id="line-') == 1

    with served.tx() as tx:
        TimelineEdits(tx).hide(tx.incident(number), [since + 1], by="U0ANA")
    told = page.next()
    assert told
    assert f'data-gone="{since + 1}"' in told[2]


def test_an_overview_is_sent_what_its_reader_sees_and_nothing_else(served: Served):
    served.declare()
    hidden = served.declare("payroll", private=True)
    clients = [served.signed_in(it) for it in PEOPLE]
    ana, raj, kim = (served.watch(it, overview_of(it)) for it in clients)

    served.note(hidden.number, "not for all")
    assert "payroll" in html_of(ana)
    served.note(1, "for all")
    shown = [html_of(it) for it in (ana, raj, kim)]
    assert ["payroll" in it for it in shown] == [True, False, False]
    assert shown[1] == shown[2]
    assert "2 open incidents" in shown[0]
    assert "1 open incident" in shown[1]
    assert (raj.events.empty(), kim.events.empty()) == (True, True)

    with served.tx() as tx:
        IncidentChannels(tx).made_private(tx.incident(1), by="U0ANA")
    assert "No incident is open" in html_of(kim)
    assert overview_of(clients[2], "wall=1").endswith(overview_of(clients[1], "wall=1")[-16:])
    assert "<section" not in html_of(served.watch(clients[0], "/live?wall=1"))


@pytest.mark.parametrize("how", ["left", "became a guest"])
def test_who_may_see_less_is_shown_less_at_the_next_look_and_sent_less(served: Served, how: str):
    opened = served.declare("payroll", private=how == "left")
    with served.tx() as tx:
        People(tx).met("U0ZOE", Profile(name="Zoe"))
        if opened.private:
            IncidentChannels(tx).joined(f"C0INC{opened.number}", "U0ZOE", origin="Ev1")
    client = served.signed_in("U0ZOE")
    zoe = served.watch(client, overview_of(client))
    assert "payroll" in client.get("/").text

    with served.tx() as tx:
        if opened.private:
            IncidentChannels(tx).left(tx.incident(opened.number), "U0ZOE")
        else:
            People(tx).met("U0ZOE", Profile(name="Zoe", is_guest=True))

    assert "payroll" not in client.get("/").text
    assert "No incident is open" in html_of(zoe)


def test_only_who_sees_the_same_incidents_shares_what_is_read_for_one(served: Served):
    served.declare()
    hidden = [served.declare(f"payroll {it}", private=True).number for it in range(3)]
    with served.tx() as tx:
        People(tx).met("U0GUS", Profile(name="Gus", is_guest=True))
        for number in hidden[:2]:
            IncidentChannels(tx).joined(f"C0INC{number}", "U0RAJ", origin=f"Ev{number}")
        Incidents(tx).resolve(tx.incident(hidden[1]), "done", by="U0ANA")
    with served.tx() as tx:
        access = ReadAccess(replace(tx, source="web"))
        seen = {it: access.audience(it, past=1) for it in ("U0ANA", "U0RAJ", "U0KIM", "U0EVE", "U0GUS")}

    assert (seen["U0ANA"], seen["U0RAJ"]) == ({*hidden}, {*hidden[:2]})
    assert (seen["U0KIM"], seen["U0EVE"], seen["U0GUS"]) == (frozenset(), "U0EVE", "U0GUS")

    with served.tx() as tx:
        Incidents(tx).resolve(tx.incident(1), "done", by="U0ANA")
        Incidents(tx).resolve(Incidents(tx).declare("newer", by="U0ANA").incident, "done", by="U0ANA")
    with served.tx() as tx:
        assert ReadAccess(replace(tx, source="web")).audience("U0RAJ", past=1) == {hidden[0]}, "an older one"


def test_an_overview_that_comes_back_is_sent_what_it_missed(served: Served):
    kim = served.signed_in("U0KIM")
    before = overview_of(kim)
    served.declare()

    assert "checkout is down" in html_of(served.watch(kim, before))
    back = served.watch(kim, before, last_event_id=overview_of(kim).rpartition("=")[2])
    served.note(1, "cpu is at 100 %")
    assert "checkout is down" in html_of(back)
    assert back.events.empty()


def overview_of(client: httpx.Client, query: str = "") -> str:
    """Return the address of the stream of an overview that is loaded now."""
    found = re.search('data-live="([^"]+)" data-state="([^"]+)"', client.get(f"/?{query}").text)
    assert found
    return f"{html.unescape(found[1])}&since={found[2]}"


def html_of(page: Ear) -> str:
    """Return what an open overview is sent next."""
    told = page.next()
    assert told
    assert told[0] == "change"
    return told[2]


def test_nothing_looks_while_nobody_watches_and_a_stop_waits_for_no_page(served: Served):
    number = served.declare().number
    assert served.live.looks == 0
    page = served.watch(served.signed_in("U0KIM"), f"/incidents/{number}/live?since=100")
    assert served.signed_in("U0KIM").get("/incidents/99/live").status_code == 404
    assert httpx.get(f"{served.url}/incidents/{number}/live").status_code == 404

    began = time.monotonic()
    served.stack.pop_all().close()
    assert page.next() is None
    assert time.monotonic() - began < 4
    assert served.live.watchers == 0
