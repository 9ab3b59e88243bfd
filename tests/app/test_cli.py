"""The command line: what it prints, and its exit codes."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.adapters.database import Database, open_engine
from bot.services.incident.channels import IncidentChannels
from bot.services.incident.incidents import Incidents
from bot.services.transaction import Transaction
from bot.testing import POLICY
from tests.support.folders import ROOT

COMMANDS = sorted(
    file.stem.rstrip("_").replace("_", "-")
    for file in (ROOT / "bot/cli").glob("*.py")
    if file.stem not in ("__init__", "shared")
)


def spy(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, words, input=given)


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SPY_CONFIG", "DATABASE_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_help_names_every_command():
    shown = spy("--help")

    assert shown.exit_code == 0
    assert all(command in shown.output for command in COMMANDS)


def test_each_command_is_described_in_one_whole_line():
    listed = spy("--help").output.partition("Commands:")[2].partition("\n\n")[0].strip().splitlines()

    assert len(listed) == len(COMMANDS)
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


def test_the_version_is_told():
    assert spy("--version").output.startswith("spy 0.")


def test_an_unknown_command_is_a_wrong_call():
    assert spy("rnu").exit_code == 2


@pytest.mark.parametrize(
    "call", [("run",), ("check",), ("migrate",), ("say", "--as", "ana", "oncall"), ("manifest",)]
)
def test_a_mistake_in_the_configuration_stops_every_command(call: tuple[str, ...], tmp_path: Path):
    (tmp_path / "config.yaml").write_text("slack:\n  mod: http\nwebb: {}\n")

    result = spy(*call)

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "config.yaml:2: slack.mod: unknown key. Did you mean mode?",
        "config.yaml:3: webb: unknown key. Did you mean web?",
    ]


def test_the_demo_says_of_a_wrong_file_what_check_says(tmp_path: Path):
    (tmp_path / "config.yaml").write_text("slack:\n  mod: http\nteams: {a: {chanel: C0A}}\n")

    tried, checked = spy("demo", "--config", "config.yaml", given="ana> hi\n"), spy("check")

    assert (tried.exit_code, tried.stderr) == (2, checked.stderr)
    assert "config.yaml:2: slack.mod: unknown key. Did you mean mode?" in tried.stderr


def test_the_demo_names_what_it_leaves_out_of_ones_own(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.py").write_text("import nowhere_to_be_found\n")
    (tmp_path / "config.yaml").write_text("plugins: [mine]\n")

    [line] = spy("demo", "--config", "config.yaml").stdout.splitlines()

    assert line.startswith("FIX  Plugin left out: ")
    assert "broken.py:1: No module named 'nowhere_to_be_found'" in line


def test_a_configuration_that_is_not_there_stops_it():
    result = spy("run", "--config", "other.yaml")

    assert result.exit_code == 2
    assert result.stderr.startswith("other.yaml: there is no such file.")


def test_the_configuration_may_be_named_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPY_CONFIG", "elsewhere.yaml")

    assert spy("run").stderr.startswith("elsewhere.yaml: there is no such file.")


def test_an_empty_play_ends_at_once_and_well_and_says_what_else_there_is():
    result = spy("demo", given="\n# nothing to do\n\n")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "`spy demo --stay`" in result.stderr


def test_a_port_that_no_machine_has_is_refused_in_a_sentence():
    result = spy("demo", "--port", "99999", given="ana> hello\n")

    assert result.exit_code == 2
    assert "less than or equal to 65535" in " ".join(result.stderr.split())


def test_help_comes_without_the_bot_being_built():
    loaded = "import sys, bot.__main__; print(*(it for it in sys.modules if it.startswith('bot.')))"

    shown = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, check=True)

    assert [
        it for it in shown.stdout.decode().split() if not it.startswith(("bot.__main__", "bot.cli"))
    ] == []


# --- postmortem ---


def test_a_postmortem_is_printed_and_drawn_from_the_database_alone(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    Path("config.yaml").write_text("severities: {sev1: {update_every: 15m}}", encoding="utf-8")
    engine = open_engine(sqlite_url)
    with Database(engine).begin() as session:
        tx = Transaction(session=session, now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), policy=POLICY)
        Incidents(tx).declare("checkout is down", by="U0ANA", severity=POLICY.severity("3"))
    engine.dispose()

    printed = spy("postmortem", "1", "--picture", "it.svg")

    assert printed.output.startswith("# INC-1 checkout is down\n\n## TL;DR\n")
    assert Path("it.svg").read_text(encoding="utf-8").startswith("<svg")
    assert spy("postmortem", "2").exit_code == 1


# --- the database ---


def _unopened(folder: Path) -> str:
    return f"sqlite:///{folder / 'nowhere' / 'spy.db'}"


def _corrupt(folder: Path) -> str:
    (folder / "spy.db").write_bytes(b"no database at all, " * 500)
    return f"sqlite:///{folder / 'spy.db'}"


def _away(_folder: Path) -> str:
    return "postgresql://spy:hush@127.0.0.1:1/spy"


DATABASES = {"unable": _unopened, "damaged": _corrupt, "refused": _away}
CALLS = [("run",), ("migrate",), ("say", "--as", "U0ANA", "oncall"), ("postmortem", "1")]


def what_to_do(call: tuple[str, ...]) -> list[str]:
    """What follows the sentence: a command that was said may have to be done by hand."""
    return ["Nothing was done."] if call[0] == "say" else []


@pytest.mark.parametrize("call", CALLS, ids=lambda it: it[0])
@pytest.mark.parametrize("database", DATABASES.values(), ids=DATABASES)
def test_a_database_that_can_not_be_used_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...], database: Callable[[Path], str]
):
    monkeypatch.setenv("DATABASE_URL", database(tmp_path))
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.setenv(name, "xoxb-test")
    (tmp_path / "config.yaml").write_text("slack: {mode: http}\nweb: {port: 0}", encoding="utf-8")

    result = spy(*call)

    assert result.exit_code == 2
    sentence, *then = result.stderr.splitlines()
    assert sentence.startswith("The database can't be used: ")
    assert then == what_to_do(call)
    assert "hush" not in sentence


@pytest.mark.parametrize("call", CALLS, ids=lambda it: it[0])
def test_a_database_of_a_newer_spy_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str, call: tuple[str, ...]
):
    _sql(sqlite_url, "UPDATE alembic_version SET version_num = '9999'")
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.setenv(name, "xoxb-test")
    (tmp_path / "config.yaml").write_text("slack: {mode: http}\nweb: {port: 0}", encoding="utf-8")

    result = spy(*call)

    assert result.exit_code == 2
    assert result.stderr.startswith("The database belongs to a newer Spy: its schema is 9999")
    assert result.stderr.splitlines()[1:] == what_to_do(call)


def test_a_database_that_takes_nothing_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str
):
    _sql(
        sqlite_url,
        "CREATE TRIGGER full BEFORE UPDATE ON alembic_version BEGIN SELECT raise(FAIL, 'full'); END",
    )
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///file:{file}?mode=ro&uri=true")
    (tmp_path / "config.yaml").write_text("slack: {mode: http}", encoding="utf-8")

    result = spy("migrate")

    assert result.exit_code == 2
    assert result.stderr.startswith("The database can't be used: ")


def test_check_tells_what_is_wrong_with_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", _corrupt(tmp_path))
    (tmp_path / "config.yaml").write_text("slack: {mode: http}", encoding="utf-8")

    result = spy("check")

    [line] = [it for it in result.stdout.splitlines() if "Database" in it]
    assert line.startswith("FIX")
    assert "its file is damaged" in line


def _sql(url: str, statement: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


# --- say ---


@pytest.fixture
def fresh(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    Path("config.yaml").write_text("severities: {sev1: {update_every: 15m}}", encoding="utf-8")
    return sqlite_url


@pytest.mark.parametrize(
    "call",
    [
        ("--as", "ana", "incident list"),
        ("--as", "@ana", "incident list"),
        ("--as", "U0ANA", "page @raj look here"),
        ("--as", "U0ANA", "oncall cover tomorrow 18:00-20:00 @raj"),
    ],
)
def test_a_person_whom_a_fresh_database_does_not_know_is_asked_for_by_slack_id(
    fresh: str, call: tuple[str, ...]
):
    said = spy("say", *call)

    assert "I know the people whom I have met in Slack. Write their Slack id, such as @U0ANA" in said.output
    assert "Type @" not in said.output


@pytest.mark.parametrize("asker", ["U0ANA", "@U0ANA"])
def test_a_slack_id_needs_no_acquaintance(fresh: str, asker: str):
    said = spy("say", "--as", asker, "incident me checkout is down sev1")

    assert (said.exit_code, "INC-1" in said.output) == (0, True)


def test_a_channel_is_named_by_an_open_incidents_or_by_its_id(fresh: str):
    unknown = spy("say", "--as", "U0ANA", "--in", "#general", "tldr")

    assert unknown.exit_code == 1
    assert unknown.output.startswith(
        "No open incident has a channel called general. Give the channel's Slack id"
    )


def test_an_incidents_channel_may_be_named_as_slack_shows_it(fresh: str):
    engine = open_engine(fresh)
    with Database(engine).begin() as session:
        tx = Transaction(session=session, now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), policy=POLICY)
        Incidents(tx).declare("checkout is down", by="U0ANA", severity=POLICY.severity("3"))
        IncidentChannels(tx).opened(1, "C0INC1", "inc-1-checkout-is-down")
    engine.dispose()

    said = spy("say", "--as", "U0ANA", "--in", "#inc-1-checkout-is-down", "tldr")

    assert "checkout is down" in said.output


@pytest.mark.parametrize("words", ["", "  ", "frobnicate"])
def test_words_that_are_no_command_say_where_help_is(fresh: str, words: str):
    assert "help" in spy("say", "--as", "U0ANA", words).output
