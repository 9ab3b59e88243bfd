"""`spy audit` shows who asked what, and finds what was changed."""

import json
from pathlib import Path

import pytest
from typer.testing import Result

from bot.adapters.database import Database, open_engine
from bot.domain.policy import Policy
from bot.testing import FrozenClock
from bot.workers.audit import AuditSealer
from tests.app.test_cli import spy


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SPY_CONFIG", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    Path("config.yaml").write_text("severities: {sev1: {update_every: 15m}}", encoding="utf-8")


@pytest.fixture
def asked(sqlite_url: str) -> str:
    """Return a database in which two people asked something."""
    spy("say", "--as", "U0ANA", 'incident me "checkout is down" sev1')
    spy("say", "--as", "U0RAJ", "--in", "C0GENERAL", "frobnicate \x1b[31m")
    return sqlite_url


def seal(url: str) -> None:
    engine = open_engine(url)
    AuditSealer(sessions=Database(engine), clock=FrozenClock(), policy=Policy).run()
    engine.dispose()


def sql(url: str, statement: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_each_request_is_one_line(asked: str):
    first, second = lines(spy("audit"))

    assert "  U0ANA  terminal  -  INC-1  incident me " in first
    assert "allowed  incident/declared; 1.1 declared" in first
    assert "  U0RAJ  terminal  C0GENERAL  -  frobnicate" in second
    assert "\x1b" not in second


def test_lines_are_found_by_person_incident_and_time(asked: str):
    assert len(lines(spy("audit", "--person", "U0RAJ"))) == 1
    assert len(lines(spy("audit", "--incident", "1"))) == len(lines(spy("audit", "--incident", "INC-1"))) == 1
    assert len(lines(spy("audit", "--since", "1h"))) == 2
    assert lines(spy("audit", "--since", "2999-01-01")) == ["No rows."]
    assert lines(spy("audit", "--since", "2999-01-01", "--json")) == []


def test_json_has_all_of_a_row(asked: str):
    seal(asked)

    first = json.loads(lines(spy("audit", "--json"))[0])

    assert (first["row"], first["person"], first["outcome"]) == (1, "U0ANA", "allowed")
    assert first["events"][0] == "1.1 declared"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--since", "tomorrowish"), "Write 2h, 3d"),
        (("--person", "nobody"), "Write their Slack id, such as @U0ANA"),
        (("--incident", "checkout"), "Write its number, such as 7 or INC-7."),
    ],
)
def test_an_option_that_can_not_be_read_is_said_so(asked: str, option: tuple[str, ...], said: str):
    result = spy("audit", *option)

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_whole_log_is_said_to_be_whole(asked: str):
    assert "Not sealed yet: 2 rows. A running bot seals them every few seconds." in lines(
        spy("audit", "--verify")
    )

    seal(asked)
    said = lines(spy("audit", "--verify"))

    assert said[0] == "As written, in order, and none missing: 2 rows."
    assert said[1].startswith("Last row: 2 ")


def test_a_changed_row_is_named_and_the_exit_code_says_so(asked: str):
    seal(asked)
    sql(asked, "UPDATE audit SET person = 'U0KIM' WHERE seq = 2")

    result = spy("audit", "--verify")

    assert result.exit_code == 1
    assert result.stdout == (
        "Row 2 was altered: its words can't be those that were sealed. Every row before it is as it was written.\n"
    )
