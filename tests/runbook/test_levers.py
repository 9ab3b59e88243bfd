"""Levers: what relieves what, when it was rehearsed, and the one calm question after a long time without."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.runbooks.folder import FolderRunbooks
from bot.commands.request import Response
from bot.domain.effects import Notify
from bot.domain.failover.plan import Plan, Program, Step
from bot.domain.lever import LeverHistory
from bot.domain.runbook.runbook import Runbook
from bot.domain.service import Service
from bot.services.levers import Levers
from bot.testing import POLICY, SpyKit
from bot.testing.clock import FrozenClock
from tests.support.folders import PLUGINS
from tests.support.templates import shipped

MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TRUE = Program(args=("true",))
PLANS = {
    name: Plan(name=name, usage=name, lock=name, steps=(Step(name="go", run=TRUE, undo=TRUE),))
    for name in ("shed", "east", "other")
}
FILES = {
    "restart-db": "---\ntitle: Restart a database\nrelieves: load\n---\n1. Restart it.\n",
    "plain": "---\ntitle: No lever\n---\n1. Look.\n",
}
LEVERS = replace(
    POLICY,
    plans=PLANS,
    relieves={"shed": ("load",), "east": ("lost region", "load")},
    services={"shed": Service(key="shed", team="payments")},
)


@pytest.fixture
def runbooks(tmp_path: Path) -> FolderRunbooks:
    for name, words in FILES.items():
        (tmp_path / f"{name}.md.j2").write_text(words, encoding="utf-8")
    return FolderRunbooks([tmp_path])


@pytest.fixture
def spy(runbooks: FolderRunbooks) -> SpyKit:
    clock = FrozenClock()
    return SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=LEVERS, runbooks=runbooks)


def text(answer: Response) -> str:
    assert answer.message
    return answer.message.text


def ask(spy: SpyKit) -> list[Notify]:
    """Look once, and return what is asked."""
    with spy.tx() as tx:
        before = len(tx.effects)
        Levers(tx).ask([Runbook(name="restart-db", title="Restart a database", relieves=("load",))])
        return [it for it in tx.effects[before:] if isinstance(it, Notify)]


def named(asked: Sequence[Notify]) -> dict[str, list[str]]:
    return {str(it.to): [lever.name for lever in it.facts["levers"]] for it in asked}


# --- the list ---------------------------------------------------------------------------------------------


def test_levers_are_listed_by_what_they_relieve(spy: SpyKit):
    listed = text(spy.say("levers"))

    load, region = listed.index("*Load*"), listed.index("*Lost region*")
    assert load < listed.index("failover shed") < listed.index("runbook restart-db") < region
    assert "failover east" in listed[region:]
    assert "none yet: `relieves: data`" in listed
    assert "other" not in listed
    assert "never rehearsed" in listed


@pytest.mark.parametrize("words", ["levers lost region", "lever Lost Region"])
def test_one_kind_is_listed_alone(spy: SpyKit, words: str):
    listed = text(spy.say(words))

    assert "failover east" in listed
    assert "failover shed" not in listed


def test_an_unknown_kind_is_asked_back(spy: SpyKit):
    answer = spy.say("levers laod").message

    assert answer
    assert "Did you mean load?" in answer.text
    assert [it.label for part in answer.parts for it in getattr(part, "buttons", ())] == ["load"]


# --- rehearsals -------------------------------------------------------------------------------------------


def test_a_runbook_that_is_opened_in_a_drill_is_rehearsed(spy: SpyKit):
    spy.say('incident me "exercise" sev2 drill')
    spy.create_channel(1, channel="C0DRILL")

    spy.say("runbook restart-db", channel="C0DRILL")

    assert "Restart a database · rehearsed" in text(spy.say("levers load"))


def test_in_earnest_it_counts_as_no_rehearsal(spy: SpyKit):
    spy.say('incident me "real" sev2')
    spy.create_channel(1, channel="C0ROOM")

    spy.say("runbook restart-db", channel="C0ROOM")

    assert "Restart a database · *never rehearsed*" in text(spy.say("levers load"))


def test_a_rehearsal_elsewhere_is_told_by_name(spy: SpyKit):
    spy.say("levers rehearsed shed")

    assert "`failover shed` · rehearsed" in text(spy.say("levers load"))
    assert "There is no lever shad. Did you mean shed?" in text(spy.say("levers rehearsed shad"))
    assert "There is no lever plain." in text(spy.say("levers rehearsed plain"))
    assert "with `relieves:` is one" in text(spy.say("levers rehearsed plain"))


# --- the question -----------------------------------------------------------------------------------------


def test_after_ninety_days_each_team_is_asked_once_for_its_levers(spy: SpyKit):
    assert ask(spy) == []
    spy.clock.tick(days=91)

    assert named(ask(spy)) == {"C0PAY": ["shed"], "C0IMOC": ["east", "restart-db"]}

    spy.clock.tick(days=100)
    assert ask(spy) == []


def test_after_a_rehearsal_the_days_begin_again(spy: SpyKit):
    ask(spy)
    spy.clock.tick(days=91)
    ask(spy)
    spy.say("levers rehearsed shed")
    spy.clock.tick(days=84)
    assert ask(spy) == []

    spy.clock.tick(days=7)

    assert named(ask(spy)) == {"C0PAY": ["shed"]}


@pytest.mark.parametrize(
    ("at", "asks"),
    [
        (MONDAY, True),
        (MONDAY.replace(hour=3), False),
        (MONDAY.replace(hour=23), False),
        (MONDAY - DAY, False),
        (MONDAY - 2 * DAY, False),
    ],
)
def test_nobody_is_asked_at_night_or_at_the_weekend(at: datetime, *, asks: bool):
    clock = FrozenClock(at - 100 * DAY)
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=LEVERS)
    with spy.tx() as tx:
        tx.session.levers.put(LeverHistory(key="plan:shed", since=at - 100 * DAY))
    spy.clock.tick(days=100)

    assert ("C0PAY" in named(ask(spy))) is asks


def test_the_question_says_how_to_rehearse_and_how_to_say_that_it_was_done(spy: SpyKit):
    ask(spy)
    spy.clock.tick(days=91)

    [asked] = [it for it in ask(spy) if it.to == "C0PAY"]

    words = spy.templates.render("runbook/lever_due", asked.facts).text
    assert "`failover rehearse shed`" in words
    assert "`levers rehearsed shed`" in words
