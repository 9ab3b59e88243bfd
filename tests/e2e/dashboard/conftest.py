"""One box with the real bot, and one browser, for all tests of the dashboard."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import modest, open_box
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World
from tests.support.browser import WIDE, chromium, opened

EXPECTED = re.compile(r"status of (401|403|404|410)")
"""What a browser complains of when a page is refused."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    skip = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")
    for it in items:
        if it.path.is_relative_to(here):
            it.add_marker(skip)


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """The dashboard of a bot, and a browser to look at it."""

    world: World
    browser: Browser

    @property
    def url(self) -> str:
        return self.world.bot.url

    def link(self, person: str) -> str:
        """Say `/spy web` in the box, and return the link."""
        answer = self.world.box.slack.slash(person, "general", "/spy", "web")
        found = re.search(r"<(http[^|>]+)>", str(answer.body))
        assert found, answer
        return found[1].replace("&amp;", "&")

    @contextmanager
    def window(self, person: str | None = None, **how: object) -> Iterator[Page]:
        """Open a browser's window in which a person has signed in. Nothing may go wrong in its console."""
        context = self.browser.new_context(**({"viewport": WIDE} | how))
        context.route(lambda url: not url.startswith(self.url), lambda route: route.abort())
        page, complaints = context.new_page(), list[str]()
        page.on("console", lambda it: complaints.append(it.text) if it.type in {"error", "warning"} else None)
        page.on("pageerror", lambda it: complaints.append(str(it)))
        if person:
            page.goto(self.link(person))
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{self.url}/")
        yield page
        context.close()
        assert [it for it in complaints if not EXPECTED.search(it)] == []


@pytest.fixture(scope="package")
def dashboard(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("dashboard")
    url = f"sqlite:///{shutil.copy(migrated_sqlite, folder / 'spy.db')}"
    with open_box("http") as box:
        environment = {**box.environment(), **box.rehearsal(), "DATABASE_URL": url}
        bot = BotProcess(
            folder / "bot", config=modest(box.config_yaml()), environment=environment, is_public=True
        )
        box.bot_url = bot.url
        try:
            world = World(box=box, bot=bot.start())
            with (
                opened() as browser
            ):  # closed before the box: Playwright keeps the thread's event loop to itself
                yield Dashboard(world=world, browser=browser)
        finally:
            bot.stop()
