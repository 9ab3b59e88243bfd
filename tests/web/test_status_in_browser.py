"""The status page in a browser: readable by everybody, in both themes, on a small phone, and without a script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette

from bot.testing import SpyKit
from bot.web import listen, serve
from bot.web.public_status import status_routes
from tests.support.browser import SMALL, WIDE, barriers, can_check_access, chromium, opened, photograph
from tests.web.test_public_status import Site, site_of

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")
PAGES = ("/status", "/status/history")


@pytest.fixture
def address(spy: SpyKit) -> Iterator[str]:
    """The address of a page with two troubles and some history."""
    site: Site = site_of(spy)
    site.publish(
        "degraded", "Payments are slow.\nWe look into it: https://example.com/a-long-address-without-blanks"
    )
    site.publish("operational", "It works again.")
    site.publish("major_outage", "Nobody can pay.")
    site.publish("maintenance", "We move the index.", component="search")
    server = serve(Starlette(routes=status_routes(site.sources())), listen("127.0.0.1", 0))
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened() as browser:
        yield browser


def test_nobody_is_kept_out(browser: Browser, address: str):
    found = []
    for theme, size in (("light", WIDE), ("dark", WIDE), ("light", SMALL), ("dark", SMALL)):
        tab = browser.new_page(viewport=size, color_scheme=theme)  # type: ignore[arg-type]  # as Playwright names them
        for path in PAGES:
            tab.goto(f"{address}{path}")
            photograph(tab, f"status-{theme}-{size['width']}{path.replace('/', '-')}")
            found += barriers(tab) if can_check_access() else []
            width = tab.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{path} is wider than the screen"
        tab.close()

    assert found == []


def test_it_needs_no_script(browser: Browser, address: str):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/status")

    expect(tab.get_by_role("heading", name="Checkout: Major outage")).to_be_visible()
    tab.get_by_role("link", name="History").click()
    expect(tab.get_by_text("It works again.")).to_be_visible()
    assert not context.cookies()
    context.close()
