"""A browser for the tests of the page, where this machine has one, and the pictures that it takes."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.folders import ROOT, TESTS

NAMES = ("chromium", "chromium-browser", "google-chrome")
AXE = TESTS / "axe" / "node_modules" / "axe-core" / "axe.min.js"
"""Deque's accessibility checks, from npm; `make test` installs them."""
SCREENS = ROOT / "build" / "screens"
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
SANDBOX = () if os.getuid() else ("--no-sandbox",)
"""Chromium's own refuses to run for root, as in a container."""


def chromium() -> str | None:
    """The path of the machine's own; Playwright's downloads are not needed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def opened() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=SANDBOX)
        yield browser
        browser.close()


def can_check_access() -> bool:
    return AXE.is_file()


def barriers(page: Page) -> list[str]:
    """Run axe-core on the page as it is now, and return a line for each violation of WCAG 2.2 AA or good practice."""
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE.read_text(encoding='utf-8')} }} }}")
    found = page.evaluate(
        "axe.run(document, {rules: {'target-size': {enabled: true}}, resultTypes: ['violations']})"
    )
    return [
        f"{it['id']}: {node['html'][:200]} {node['failureSummary']}"
        for it in found["violations"]
        for node in it["nodes"]
    ]


def photograph(page: Page, name: str) -> None:
    """Keep build/screens/<name>.png."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png")
