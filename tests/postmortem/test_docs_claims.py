"""What docs/postmortem.md says of claims: its examples are read, and answered, as it says."""

import re

from bot.services.postmortem.claims import Claims
from bot.services.postmortem.documents import Documents
from tests.support.claims import named
from tests.support.docs import section
from tests.support.each import each
from tests.support.stories import RAJ, checkout

SAID = section("docs/postmortem.md", "Claims checked")
STORY = checkout()
ROWS = [
    it.split("|")[2]
    for it in SAID.splitlines()
    if it.startswith(("| when", "| whom", "| how", "| the order"))
]
OF_ANOTHER_INCIDENT = "The severity was raised to sev1 at 12:10"
TRUE = [it for row in ROWS for it in re.findall(r"\*([^*]+)\*", row) if it != OF_ANOTHER_INCIDENT]


@each(TRUE)
def test_no_example_of_what_spy_knows_is_named_where_it_is_true(sentence: str):
    assert named(STORY, f"{sentence}.") == []


def test_its_comment_is_what_spy_writes():
    shown = [it.removeprefix("> ") for it in SAID.splitlines() if it.startswith("> - ")]
    story = checkout()
    words = " ".join(re.findall("“([^”]+)”", "".join(shown)))
    story.say(f'postmortem write lucky "{words}"', by=RAJ)

    with story.spy.tx() as tx:
        facts = {"found": Claims(tx).contradictions(tx.incident(1))}
        names = Documents(tx).names(facts)
    text = story.templates.document("postmortem/claims", facts, names=names).sections[0].text

    assert len(shown) == 2
    assert re.sub(r"\[line\]\([^)]+\)", "line", text).splitlines()[-2:] == shown
