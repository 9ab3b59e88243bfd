"""The status page as anybody reads it: quickly, in a crowd, without a script, and while the database is down."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest
from starlette.applications import Starlette

from bot.app.status import pages_of
from bot.ports import Unavailable
from bot.services.status.public_page import PublicPage
from bot.services.status.public_status import PublicStatus
from bot.testing import SpyKit
from bot.web.answer import WebAnswer
from bot.web.public_status import KEPT, StatusSources, status_routes
from tests.support.feeds import ATOM, entries_of, feed_of, link_of, text_of
from tests.support.status import STATUS
from tests.support.templates import shipped


@dataclass
class Site:
    """The routes over the database of a kit. `reads` counts how often it was read, `is_down` takes it away."""

    spy: SpyKit
    public: bool = True
    is_down: bool = False
    reads: int = 0
    uptime: float = 0.0
    signed_in: set[str] = field(default_factory=lambda: {"ana"})

    @contextmanager
    def reading(self) -> Iterator[PublicPage]:
        self.reads += 1
        if self.is_down:
            raise Unavailable("server closed the connection")
        with self.spy.tx() as tx:
            yield PublicPage(tx)

    def sources(self) -> StatusSources:
        return pages_of(
            self.reading,
            templates=lambda: shipped(self.spy.clock),
            address=lambda: STATUS.url,
            is_public=lambda: self.public,
            may_read=lambda request: request.headers.get("x-who") in self.signed_in,
            refused=lambda _: WebAnswer(status=401, body="Sign in."),
        )

    def publish(self, state: str, words: str, *, component: str = "checkout") -> int:
        with self.spy.tx() as tx:
            status = PublicStatus(tx)
            draft = status.preview(
                STATUS.components[component], STATUS.states[state], words, by="U0ANA", incident=None
            )
            number = status.publish(draft.number, by="U0ANA").publication.number
        self.uptime += 2 * KEPT
        return number


class Browser:
    """Speaks to the routes as a server would, without a socket between."""

    def __init__(self, site: Site) -> None:
        self._loop = asyncio.Runner()
        transport = httpx.ASGITransport(
            Starlette(routes=status_routes(site.sources(), uptime=lambda: site.uptime))
        )
        self._client = httpx.AsyncClient(transport=transport, base_url="http://spy")

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._loop.run(
            self._client.get(path, headers={k.replace("_", "-"): it for k, it in headers.items()})
        )

    def crowd(self, path: str, people: int) -> list[httpx.Response]:
        async def all_at_once() -> list[httpx.Response]:
            return await asyncio.gather(*(self._client.get(path) for _ in range(people)))

        return self._loop.run(all_at_once())

    def close(self) -> None:
        self._loop.run(self._client.aclose())
        self._loop.close()


def site_of(spy: SpyKit) -> Site:
    spy.adopt(replace(spy.policy, status=STATUS))
    return Site(spy)


@pytest.fixture
def site(spy: SpyKit) -> Site:
    return site_of(spy)


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    browser = Browser(site)
    yield browser
    browser.close()


def test_the_page_shows_each_component_and_what_was_said(site: Site, browser: Browser):
    site.publish("degraded", "Payments are slow.")
    site.publish("degraded", "Still <slow> & sorry.")

    page = browser.get("/status").text

    assert re.search(r'class="overall yellow">Degraded performance<', page)
    assert page.index("Still &lt;slow&gt; &amp; sorry.") < page.index("Payments are slow.")
    assert page.index('<h2 id="group-1">Shop</h2>') < page.index('<h2 id="group-2">Other components</h2>')
    assert "Questions? support@example.com" in page


def test_when_all_is_well_it_says_so(site: Site, browser: Browser):
    site.publish("degraded", "Payments are slow.")
    site.publish("operational", "It works again.")

    page = browser.get("/status").text

    assert "Everything works" in page
    assert "Payments are slow." not in page
    assert "Payments are slow." in browser.get("/status/history").text


def test_nothing_inline_and_nothing_from_elsewhere(site: Site, browser: Browser):
    site.publish("degraded", "Payments are slow.")

    for path in ("/status", "/status/history"):
        answer = browser.get(path)
        assert not re.search(r"<script|<style|style=|\son\w+=|https?://", answer.text)
        assert "default-src 'none'; style-src 'self'" in answer.headers["content-security-policy"]
    assert browser.get("/status/style.css").headers["content-type"] == "text/css; charset=utf-8"


def test_the_history_goes_back_page_by_page(site: Site, browser: Browser):
    for number in range(53):
        site.publish("degraded", f"Update {number}.")

    newest = browser.get("/status/history").text
    [further] = re.findall(r'href="(/status/history\?before=\d+)"', newest)

    assert (newest.count("Update "), browser.get(further).text.count("Update ")) == (50, 3)
    assert browser.get("/status/history?before=nonsense").text == newest


def test_the_feed_is_atom_with_ids_that_stay(site: Site, browser: Browser):
    first = site.publish("degraded", "Payments are slow.")
    before = feed_of(browser.get("/status/feed.atom").text)
    site.publish("operational", "It works & all is well.")
    site.spy.clock.tick(hours=5)

    answer = browser.get("/status/feed.atom")

    feed = feed_of(answer.text)
    entries = entries_of(feed)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert [it.tag.removeprefix(ATOM) for it in feed[:4]] == ["id", "title", "updated", "author"]
    assert text_of(feed, "id") == text_of(before, "id") == STATUS.url
    assert [text_of(it, "title") for it in entries] == [
        "Checkout: Operational",
        "Checkout: Degraded performance",
    ]
    assert text_of(entries[1], "id") == text_of(entries_of(before)[0], "id")
    assert len({text_of(it, "id") for it in entries}) == 2
    assert text_of(entries[0], "content") == "It works & all is well."
    assert link_of(entries[1]) == f"{STATUS.url}/history#p{first}"


def test_an_empty_feed_is_a_feed_too(browser: Browser):
    feed = feed_of(browser.get("/status/feed.atom").text)

    assert text_of(feed, "updated") == "1970-01-01T00:00:00Z"


def test_a_browser_that_knows_the_page_is_told_that_it_has_not_changed(site: Site, browser: Browser):
    known = browser.get("/status")
    same = browser.get("/status", if_none_match=known.headers["etag"])
    site.publish("degraded", "Payments are slow.")
    changed = browser.get("/status", if_none_match=f'W/"x", {known.headers["etag"]}')

    assert (same.status_code, same.content) == (304, b"")
    assert known.headers["cache-control"] == "public, max-age=5"
    assert changed.status_code == 200


def test_a_crowd_reads_the_database_once(site: Site, browser: Browser):
    answers = browser.crowd("/status", 200)
    site.uptime += KEPT / 2
    again = browser.get("/status")

    assert {it.status_code for it in (*answers, again)} == {200}
    assert site.reads == 1


def test_while_the_database_is_down_the_last_page_is_shown(site: Site, browser: Browser):
    site.is_down = True
    nothing_known = browser.get("/status")
    site.is_down = False
    known = browser.get("/status/history")
    site.is_down = True
    site.uptime += 2 * KEPT

    assert nothing_known.status_code == 503
    assert browser.get("/status/history").text == known.text


def test_below_the_page_nothing_else_is_found(site: Site, browser: Browser):
    missing = browser.get("/status/nothing")
    assert missing.status_code == 404
    assert "There is no such page." in missing.text

    site.public = False
    assert browser.get("/status/nothing").status_code == 401
    assert browser.get("/status/nothing", x_who="ana").status_code == 404


def test_a_page_that_is_not_public_is_for_people_who_are_signed_in(site: Site, browser: Browser):
    site.public = False
    site.publish("degraded", "Payments are slow.")

    paths = ("/status", "/status/history", "/status/feed.atom")
    assert [browser.get(it).status_code for it in paths] == [401] * 3
    assert [browser.get(it, x_who="ana").status_code for it in paths] == [200] * 3
    assert browser.get("/status", x_who="ana").headers["cache-control"] == "private, max-age=0"
    assert browser.get("/status").text == "Sign in."
