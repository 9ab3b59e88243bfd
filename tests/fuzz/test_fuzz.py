"""A small part of `make fuzz`, the same each time; that it finds what it looks for; and what it once found."""

import re
from collections.abc import Iterator
from random import Random

import pytest

from bot.testing import SpyKit
from tests.fuzz import mutation
from tests.fuzz.run import Count, feed, run
from tests.fuzz.targets import FOREIGN, LIVE, Input


def test_some_hundred_inputs_are_all_handled_and_notify_nobody():
    count = run(seed=7, inputs=400, seconds=120)

    assert (count.inputs, count.unhandled, count.pings) == (400, [], [])


def test_an_input_that_is_not_handled_is_counted():
    def feeds() -> Iterator[str]:
        yield "fine"
        raise LookupError("the wheel came off")

    count = Count()
    feed(Input("router", "incident me", feeds), 3, count, [])

    assert count.unhandled == ["input 3, router: 'incident me': LookupError: the wheel came off"]


@pytest.mark.parametrize(
    ("live", "text", "is_ping"),
    [
        (LIVE, "<!channel> look", True),
        (LIVE, "<!subteam^S0SRE|@sre>", True),
        (LIVE, "&lt;!channel&gt; <@U0EVIL>", False),
        (FOREIGN, "<@U0EVIL>", True),
        (FOREIGN, "<https://evil.example|click>", True),
        (FOREIGN, "<https://x.example|https evil>", False),
    ],
)
def test_a_ping_is_counted(live: re.Pattern[str], text: str, is_ping: bool):  # noqa: FBT001  a column of the table
    count = Count()
    feed(Input("webhook", "x", lambda: iter([text]), live), 0, count, [])

    assert bool(count.pings) is is_ping


def test_the_same_seed_makes_the_same_inputs():
    usages = ["incident me [<severity>]", 'page (:team|@person) "message"']

    def made() -> list[str]:
        return [mutation.command(Random(f"1:{number}"), usages) for number in range(50)]  # noqa: S311  not secret

    assert made() == made()


NEARLY = (
    "incident list :imoc drill a\x00b\x1b[2J since \u202eevil\u202c \\ private page 2 service=checkout "
    "since 10:05 private pag\t 2"
)
"""A word that is nearly an option, beside a text without quotes, of which nothing was doubtful."""


@pytest.mark.parametrize("words", [NEARLY])
def test_what_was_not_handled_once_gets_an_answer(spy: SpyKit, words: str):
    spy.say('incident me "checkout is down" sev1')

    assert spy.say(words).message
