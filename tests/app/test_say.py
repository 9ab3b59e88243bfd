"""`spy say` while Slack, PagerDuty or the database is away: what is done, what waits, and whom to call."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.app.build import open_database
from bot.app.say import say
from bot.app.settings import load
from bot.config import Settings
from bot.ports import OnCallShift, Person
from bot.sandbox import Box
from bot.services.oncall.oncall import OnCall
from bot.services.transaction import Transaction
from bot.testing import NOON

Say = Callable[..., str]


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


@pytest.fixture
def settings(box: Box, sqlite_url: str, tmp_path: Path) -> Settings:
    config = tmp_path / "config.yaml"
    config.write_text(f"{box.config_yaml()}\nby_hand: 'Phone tree: wiki/phones.'\n", encoding="utf-8")
    return load(config, {**box.environment(), "DATABASE_URL": sqlite_url})


@pytest.fixture
def spy(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Say:
    def said(words: str, *, by: str = "U0ANA", place: str | None = None) -> str:
        say(settings, by, place, words)
        return capsys.readouterr().out

    return said


def meet(settings: Settings, **people: str) -> None:
    with open_database(settings).begin() as session:
        for ident, name in people.items():
            session.people.put(Person(id=ident, name=name, profiled_at=NOON))


def test_with_slack_away_the_page_leaves_and_the_answer_says_what_waits(box: Box, spy: Say):
    box.faults.down("slack")

    said = spy('incident me "checkout is down" sev1')

    assert "INC-1" in said
    assert re.search(r"^Page 1 to :imoc: sent ", said, re.MULTILINE)
    assert re.search(r"^Waiting for Slack: the channel of INC-1 and \d+ messages\.", said, re.MULTILINE)
    assert "`spy run` sends this once Slack answers" in said
    assert len([*box.pagerduty.incidents]) == 1


def test_a_command_is_said_in_a_channel_that_slack_has_not_made_yet(box: Box, spy: Say):
    box.faults.down("slack")
    spy('incident me "checkout is down" sev3')

    updated = spy('update "rolling back"', place="#inc-1-checkout-is-down")
    shown = spy("tldr", place="inc-1")

    assert "Waiting for Slack" in updated
    assert "rolling back" in shown


def test_a_channel_of_no_incident_is_refused_in_a_sentence(spy: Say):
    assert "No open incident has a channel called inc-7-x" in spy("tldr", place="#inc-7-x")


def test_with_all_well_nothing_waits(spy: Say):
    said = spy('incident me "checkout is down" sev1')

    assert "Page 1 to :imoc: sent" in said
    assert "Waiting for Slack" not in said


def test_with_pagerduty_away_the_answer_says_whom_to_call(box: Box, settings: Settings, spy: Say):
    with open_database(settings).begin() as session:
        kim = OnCallShift(policy="PPOL2", level=1, name="Kim Park", phone="+1 555 0102", user="PUKIM")
        OnCall(Transaction(session=session, now=NOON, policy=settings.policy())).synced([kim])
    box.faults.down("pagerduty")

    said = spy('page :payments "checkout is down"')

    assert "Page 1 to :payments: not sent yet" in said
    assert "Call by hand: Kim Park +1 555 0102." in said


def test_without_a_token_it_says_who_sends(settings: Settings, capsys: pytest.CaptureFixture[str]):
    env = settings.env.model_copy(update={"slack_bot_token": type(settings.env.slack_bot_token)("")})

    say(settings.model_copy(update={"env": env}), "U0ANA", None, 'incident me "checkout is down" sev3')

    assert "This terminal has no SLACK_BOT_TOKEN" in capsys.readouterr().out


def test_a_name_that_nobody_has_met_is_refused_with_the_way_out(spy: Say):
    said = spy("incident list", by="bob")

    assert said.startswith("I don't know ")
    assert "Write their Slack id, such as @U0ANA" in said


def test_a_name_that_several_people_have_is_refused_with_their_ids(settings: Settings, spy: Say):
    meet(settings, U0ANA="Ana Lima", U0ANP="Ana Prado")

    said = spy("incident list", by="ana")

    assert "Ana Lima (@U0ANA)" in said
    assert "Ana Prado (@U0ANP)" in said
    assert "Write the Slack id." in said


def test_without_the_database_it_says_what_to_do_by_hand(box: Box, tmp_path: Path):
    config = tmp_path / "config.yaml"
    config.write_text(f"{box.config_yaml()}\nby_hand: 'Phone tree: wiki/phones.'\n", encoding="utf-8")
    environment = {**box.environment(), "DATABASE_URL": f"sqlite:///{tmp_path}/missing/spy.db"}

    said = CliRunner().invoke(
        app, ["say", "--as", "ana", "--config", str(config), "incident list"], env=environment
    )

    assert said.exit_code == 2
    assert "its file can't be opened" in said.output
    assert (
        "Nothing was done. By hand: page people in PagerDuty (https://app.pagerduty.com/incidents)"
        in said.output
    )
    assert "Phone tree: wiki/phones." in said.output
