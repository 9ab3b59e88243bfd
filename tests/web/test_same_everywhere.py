"""Each command does the same whichever way it comes: the same answer, audit row, effects and timeline.

The whole story is said in each way; a test of it holds that it has every registered command. Where a way differs, the
difference is listed here with its reason.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from bot.commands.plugins import load
from bot.commands.request import PROGRAMS
from tests.support.each import each
from tests.support.folders import PLUGINS
from tests.support.ways import FOR_PEOPLE, WAYS, Told

OTHERS = sorted(WAYS.keys() - {"chat"})
READS_CHANNEL = "it reads the channel in which it is said, and only Slack says where somebody is"
DIFFER: Mapping[str, Mapping[str, str]] = {
    "terminal": {
        "oncall ledger last month csv": "a terminal gets the file itself",
        "incident backfill {incident}": READS_CHANNEL,
    },
    "page": {"incident backfill {incident}": READS_CHANNEL},
    "API": {
        "incident backfill {incident}": READS_CHANNEL,
        "declare": "a program does not show that its person is in a channel that is no incident's",
    },
    "MCP": {
        "incident backfill {incident}": READS_CHANNEL,
        "proposal {proposal}": "it is another number: the agent proposes whatever it does",
        "proposals": "as above",
        "postmortem export dry": "its lines say that a machine did it, so fewer of them fit into one answer",
    },
}
QUEUED = {"Backfill"}
"""What only those lines queue that differ."""
PROPOSALS = ("proposal:", "carry-out:")
"""The keys of what shows a proposal and runs it."""


@cache
def told(way: str) -> Told:
    teller = WAYS[way]()
    try:
        return teller.tell()
    finally:
        teller.close()


@each(OTHERS)
def test_a_command_does_the_same_whichever_way_it_comes(way: str):
    chat, other = told("chat"), told(way)
    answered = zip(chat.answers, other.answers, strict=True)
    audited = zip(chat.audit, other.audit, strict=True)
    same = [a == b and c == d for (a, b), (c, d) in zip(answered, audited, strict=True)]
    for_people = {line for line, it in zip(other.lines, other.answers, strict=True) if FOR_PEOPLE in it.words}

    differ = {line for line, is_same in zip(chat.lines, same, strict=True) if not is_same}
    assert differ - for_people == {*DIFFER[way]}
    assert len(for_people) == (len(people_only()) if WAYS[way].source in PROGRAMS else 0)
    assert _queued(other) == _queued(chat)
    assert other.timelines == chat.timelines


def _queued(told: Told) -> Sequence[tuple[str, str]]:
    return [it for it in told.effects if it[0] not in QUEUED and not it[1].startswith(PROPOSALS)]


def people_only() -> set[str]:
    return {it.words for it in load([PLUGINS]).commands if not it.by_token}


def test_what_lets_somebody_in_is_what_no_token_may_say():
    assert people_only() == {"web", "token new", "proposal approve", "proposal decline"}
