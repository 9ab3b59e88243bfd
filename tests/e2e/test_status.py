"""Customers are told over real HTTP, in the words of docs/status.md: preview, publish, page, feed, Statuspage."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from bot.sandbox.console.chat import converse
from bot.sandbox.faults import reset_after
from tests.conftest import modest, open_box
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World
from tests.support.docs import blocks
from tests.support.feeds import entries_of, feed_of, text_of
from tests.support.folders import ROOT

BEGIN, END = blocks((ROOT / "docs/status.md").read_text(encoding="utf-8"), "text")
AGAIN = """\
ana #general> /spy status search down "Nothing can be found."
press "Publish"
expect "for customers now" to ana
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[World]:
    """The bot of a shop with a public status page and Statuspage."""
    folder = tmp_path_factory.mktemp("status")
    with open_box() as box:
        database = shutil.copy(migrated_sqlite, folder / "spy.db")
        bot = BotProcess(
            folder / "bot",
            config=modest(box.company_yaml().replace("oncall_group: S0PAYONCALL, ", "")),
            environment={**box.environment(), **box.rehearsal(), "DATABASE_URL": f"sqlite:///{database}"},
        )
        box.bot_url = bot.url
        try:
            yield World(box=box, bot=bot.start())
        finally:
            bot.stop()


def play(world: World, script: str) -> None:
    seen = Console(file=io.StringIO(), width=200)
    code = converse(world.box, script.splitlines(), seen, interactive=False)
    assert code == 0, seen.file.getvalue()  # type: ignore[attr-defined]  # a StringIO, as given above
    world.settle()


def page(world: World, path: str, *words: str) -> str:
    """Return a public page, once it has these words: it may be a second old."""
    found = ""

    def has_them() -> bool:
        nonlocal found
        found = world.bot.page(path) or ""
        return all(it in found for it in words)

    world.box.wait_for(has_them)
    return found


def told(world: World) -> list[list[str]]:
    """Return what customers read at Statuspage: each incident with its name and updates, the oldest first."""
    return [
        [it.name, *(f"{update.status}: {update.body}" for update in reversed(it.updates))]
        for it in reversed(world.box.statuspage.newest())
    ]


def test_customers_are_told_from_the_first_word_to_the_last(world: World):
    play(world, BEGIN)

    during = page(world, "/status", "Payments are slow. We look into it.", "Degraded performance")
    assert world.box.statuspage.components["c0mpcheckout"].status == "degraded_performance"
    play(world, END)

    after = page(world, "/status", "Everything works")
    feed = feed_of(page(world, "/status/feed.atom", "This incident has been resolved."))
    history = page(world, "/status/history", "This incident has been resolved.", "Payments are slow.")
    assert [text_of(it, "title") for it in entries_of(feed)] == [
        "Checkout: Operational",
        "Checkout: Degraded performance",
    ]
    assert told(world) == [
        [
            "Checkout: Degraded performance",
            "investigating: Payments are slow. We look into it.",
            "resolved: This incident has been resolved.",
        ]
    ]
    assert world.box.statuspage.components["c0mpcheckout"].status == "operational"
    public = (during, after, history, page(world, "/status/feed.atom"), *map(str, told(world)))
    assert not [it for text in public for it in ("INC-", "Ana", "U0ANA", "checkout is down") if it in text]


def test_a_lost_answer_of_statuspage_doubles_nothing(world: World):
    world.box.faults.inject("statuspage", "POST /incidents", reset_after)

    play(world, AGAIN)

    world.box.wait_for(lambda: world.box.statuspage.components["c0mpsearch00"].status == "major_outage")
    world.settle()
    assert [it for it in told(world) if it[0].startswith("Search")] == [
        ["Search: Major outage", "investigating: Nothing can be found."]
    ]
