"""What anybody may type costs no more than its length: nothing that reads it is worse than linear."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.templates import JinjaTemplates

LONG = 40_000
"""As long as a message in Slack may be."""
BOUND = 0.05
"""Seconds of processor; a reading that is quadratic takes many times as long."""

FAMILIES = {
    "blanks": " ",
    "tabs": "\t",
    "blanks and tabs": "\t  ",
    "line ends": "\n",
    "blank lines": " \n",
    "Windows line ends": "\r\n",
    "one letter": "a",
    "one capital": "W",
    "digits": "1",
    "numbered": "1. ",
    "words": "a ",
    "quotes opened": ' "',
    "quotes closed": '"',
    "quoted words": '"a" ',
    "curly quotes": "“”",
    "backticks": "`",
    "fences": "```\n",
    "opened angles": "<",
    "closed angles": ">",
    "angles": "<>",
    "ampersands": "&",
    "escapes": "&amp;",
    "mentions opened": "<@",
    "people": "<@U0ANA>",
    "links opened": "<http://a",
    "dates opened": "<!date^1^",
    "groups opened": "<!subteam^S",
    "addresses": "http://",
    "addresses in words": "https://a.b ",
    "mails": "a@b.",
    "bars": "|",
    "bold": "*",
    "italic": "_",
    "struck": "~",
    "brackets": "[(",
    "closed brackets": ")]",
    "braces": "{{",
    "dashes": "-",
    "dots": ".",
    "numbers of issues": "GH-1#1 ",
    "colons": ":",
    "emoji": ":a:",
    "slashes": "/",
    "backslashes": "\\",
    "equations": "a=",
    "commas": "1,",
    "clocks": "10:05 ",
    "colours": "\x1b[",
    "titles": "\x1b]",
    "comments": "<!-- spy:",
    "sections": "<!-- spy:section a ",
    "zero width": "\u200b",
    "joined": "👩\u200d",
    "flags": "🇩",
    "combining marks": "a\u0301\u0301",
    "right to left": "\u202eא",
    "half characters": "\ud83d",
    "NUL": "\x00",
    "two long words": "a" * (LONG // 2 - 1) + " " + "b" * (LONG // 2),
}
TEXTS = {
    name: text
    for name, unit in FAMILIES.items()
    for name, text in (
        (name, (unit * LONG)[:LONG]),
        (f"{name} within", "a" + (unit * LONG)[: LONG - 4] + "b\nc"),
    )
}


def cost(reads: Callable[[], object]) -> float:
    """Give the seconds of processor, the best of a few: what else the machine does counts little."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        reads()
        best = min(best, time.process_time() - began)
        if best < BOUND:
            break
    return best


TEMPLATES = JinjaTemplates([Path(__file__).parents[1] / "templates"])


@pytest.mark.parametrize("family", TEXTS)
def test_a_message_is_rendered(family: str):
    facts = {"sentence": TEXTS[family], "choices": ()}

    assert cost(lambda: TEMPLATES.render("help/refusal", facts)) < BOUND
