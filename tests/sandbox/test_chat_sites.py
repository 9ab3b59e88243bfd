"""The two sites in the terminal chat: shown, and broken."""

import io
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console

from bot.sandbox import Box
from bot.sandbox.console.chat import converse

Play = Callable[[str], tuple[int, str]]


@pytest.fixture
def box() -> Iterator[Box]:
    with Box(sites=True) as box:
        yield box


@pytest.fixture
def play(box: Box) -> Play:
    return lambda script: played(box, script)


def played(box: Box, script: str) -> tuple[int, str]:
    out = Console(file=io.StringIO(), width=200)
    code = converse(box, script.splitlines(), out, interactive=False)
    return code, out.file.getvalue()  # type: ignore[attr-defined]


def test_a_script_makes_a_site_fail_and_looks_at_the_switch(play: Play):
    code, out = play(
        "site west failing\nsite west lag 30s\ntraffic\n"
        'expect "east 100 %, west 0 %" on the switch\nexpect "by east; none lost" on the switch\n'
        'expect not "west: open" on the switch\nsite west healthy\nsite west lag 0s\n'
    )

    assert code == 0, out
    assert "west: drained, failing, 30 s behind" in out


def test_a_failed_look_at_the_switch_shows_its_state(play: Play):
    code, out = play('expect "west 5 %" within 10ms on the switch')

    assert code == 1
    assert (
        'expected "west 5 %" within 0.01 s on the switch; there is:\n    - switch: east 100 %, west 0 %'
        in out
    )


def test_in_a_box_without_sites_it_says_so():
    with Box() as box:
        assert played(box, "traffic") == (1, "ana #general> traffic\nline 1: This box has no sites.\n")
