"""Each command that the pages about alerts, on call, services and incidents show is understood, word for word."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.adapters.runbooks import FolderRunbooks
from bot.commands.plugins import load
from bot.domain.service import Service
from bot.testing import POLICY, SpyKit
from bot.testing.clock import FrozenClock
from tests.support.folders import PLUGINS, ROOT, TEMPLATES
from tests.support.templates import shipped

PAGES = ("alerts", "oncall", "services", "incidents")
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COLUMNS = re.compile(r"\s{2,}")
CALLED = re.compile(r"^/(?:spy\s+|(?=incident\s))")
PREFIXES = {prefix for command in load([PLUGINS]).commands for prefix in command.spoken}
NOT_UNDERSTOOD = ("I don't know `", "I understood `", "I can't read", "Did you mean", "There is no severity")


def shown(page: str) -> Iterator[str]:
    """Yield what a page shows as typed: in its text, and in lines of blocks that begin with a slash."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    for block in BLOCK.findall(text):
        yield from (COLUMNS.split(line)[0] for line in block.splitlines() if line.startswith("/"))
    yield from re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))


def said(page: str) -> list[str]:
    """Return the commands of a page with words for their slots: a name alone, such as `oncall cover`, says nothing."""
    every = dict.fromkeys(CALLED.sub("", it) for it in shown(page))
    return [it for it in every if is_whole(tuple(it.casefold().split()))]


def is_whole(words: tuple[str, ...]) -> bool:
    return words not in PREFIXES and any(words[: len(it)] == it for it in PREFIXES)


EXAMPLES = [(page, words) for page in PAGES for words in said(page)]


@pytest.fixture(scope="module")
def spy() -> SpyKit:
    """A Spy that knows the services of the pages, with twelve incidents, in the channel of the last one."""
    clock = FrozenClock()
    services = {it: Service(key=it, team="payments") for it in ("checkout", "search")}
    spy = SpyKit(
        PLUGINS,
        policy=replace(POLICY, services=services),
        templates=shipped(clock),
        clock=clock,
        runbooks=FolderRunbooks([TEMPLATES / "runbooks"], address="https://spy.example.com"),
    )
    for number in range(12):
        spy.say(f'incident me "trouble {number} in zone{number}" sev3')
    spy.create_channel(12, channel="C0ROOM")
    return spy


def test_the_pages_have_examples():
    assert {page for page, _ in EXAMPLES} == set(PAGES)
    assert len(EXAMPLES) > 30


@pytest.mark.parametrize(("page", "words"), EXAMPLES)
def test_what_a_page_shows_is_understood_by_the_command_that_it_is_about(spy: SpyKit, page: str, words: str):
    answer = spy.say(words, channel="C0ROOM")

    text = answer.message.text if answer.message else ""
    assert not (answer.is_refusal and text.startswith(NOT_UNDERSTOOD)), f"docs/{page}.md: {text}"
