"""`spy what-if` prints what would have been said under another configuration, and changes nothing."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app.settings import load
from bot.testing import FrozenClock, SpyKit
from plugins import channel, incident, page
from tests.app.test_cli import spy

CONFIG = """\
teams:
  imoc: {channel: C0IMOC, manager: U0BEA, pagerduty: {service: PSVC1, escalation_policy: PPOL1, schedule: PSCH1}}
  payments: {channel: C0PAY, pagerduty: {service: PSVC2, escalation_policy: PPOL2, schedule: PSCH2}}
command_team: imoc
pagerduty: {from: spy@example.com}
severities:
  sev1: {update_every: 15m, page: [imoc]}
  sev2: {update_every: 30m, page: [imoc]}
"""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with an incident of 80 minutes, a private one, and no bot that runs."""
    folder = tmp_path_factory.mktemp("lived")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    policy = load(folder / "config.yaml").policy()
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    clock = FrozenClock(noon - timedelta(days=3))
    kit = SpyKit(incident, page, channel, policy=policy, clock=clock)
    kit.meet(U0ANA="Ana Lima", U0BEA="Bea Sol", U0KIM="Kim Park")
    kit.say('incident me "checkout is down" sev1')
    kit.create_channel(1, channel="C0ROOM")
    kit.pass_time(minutes=80)
    kit.say("incident resolve", channel="C0ROOM")
    kit.say('incident me "the raid" sev2 private', by="U0KIM")
    kit.pass_time(minutes=62)
    kit.say("incident 2 resolve", by="U0KIM")
    kit.pass_time(minutes=1)
    file = folder / "spy.db"
    with closing(kit.sessions.engine.raw_connection()) as memory, closing(sqlite3.connect(file)) as copy:
        memory.driver_connection.backup(copy)
    file.chmod(0o600)
    return folder


@pytest.fixture(autouse=True)
def _in_a_folder(lived: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(lived)
    for name in ("SPY_CONFIG", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{lived / 'spy.db'}")
    yield
    for file in lived.glob("new*.yaml"):
        file.unlink()


def written(*changes: tuple[str, str], more: str = "") -> str:
    """Write another configuration, and return the name of its file."""
    text = CONFIG
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    Path("new.yaml").write_text(text + more, encoding="utf-8")
    return "new.yaml"


def lines(*words: str) -> list[str]:
    result = spy("what-if", *words)
    assert result.exit_code == 0, result.output
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def test_sums_differences_and_what_is_not_replayed_are_named_with_their_lines():
    more = "timers:\n  relief_ask: 50m\n  relief_page: 55m\n  shift_warnings: [1d]\n"

    shown = lines(written(("15m", "25m"), more=more))

    assert "new.yaml:7: severities.sev1.update_every 15m → 25m" in shown
    at = shown.index("These changes are not replayed:")
    assert shown[at + 1] == "new.yaml:12: timers.shift_warnings nothing → [1d]"
    assert "the update is due 7 5 2 4" in shown
    assert "a page for relief 1 2 2 1" in shown
    assert any(line.endswith("gone page to :imoc, for: a page for relief") for line in shown)
    assert any(line.endswith("new the update is due, to Ana Lima") for line in shown)
    assert shown[-1] == "Replayed under config.yaml, all 27 reminders and pages come as they came."


def test_a_private_incident_is_only_counted_unless_it_is_asked_for():
    file = written(("30m", "20m"))

    shown = "\n".join(lines(file))

    assert "Private incidents are in the sums, and are not listed: 1." in shown
    assert "raid" not in shown
    assert "INC-2" not in shown
    assert "INC-2 the raid" in lines(file, "--incident", "2")
    assert "INC-2" not in json.dumps(json.loads(spy("what-if", file, "--json").stdout))


def test_one_incident_is_shown_in_full():
    shown = lines(written(("15m", "25m")), "--incident", "INC-1")

    assert "INC-1 checkout is down" in shown
    assert any(line.endswith("same page to :imoc, for: its severity") for line in shown)
    assert not any("Private" in line for line in shown)


def test_the_same_settings_differ_in_nothing():
    shown = lines("config.yaml")

    assert "It says the same as config.yaml." in shown
    assert not any(" new " in line or " gone " in line for line in shown if not line.endswith("gone"))
    assert shown[-1] == "Replayed under config.yaml, all 27 reminders and pages come as they came."


def test_json_has_every_difference():
    found = json.loads(spy("what-if", written(("15m", "25m")), "--json").stdout)

    assert found["reminders"]["the update is due"] == {"then": 7, "now": 5, "new": 2, "gone": 4}
    assert found["changed"] == [
        {
            "line": 7,
            "key": "severities.sev1.update_every",
            "change": "severities.sev1.update_every 15m → 25m",
        }
    ]
    assert [it["incident"] for it in found["incidents"]] == [1]
    assert found["private_incidents"] == 1
    assert found["unexplained"] == []


def test_what_spy_would_refuse_is_refused_with_its_line():
    result = spy("what-if", written(("15m", "15 parsecs")))

    assert result.exit_code == 2
    assert "new.yaml:7: severities.sev1.update_every: must be" in result.stderr


def test_a_safety_reminder_that_would_vanish_is_refused_with_its_line():
    result = spy("what-if", written((", page: [imoc]}\n  sev2", "}\n  sev2")))

    assert result.exit_code == 2
    assert "new.yaml:7: severities.sev1.page: sev1 would page nobody any more." in result.stderr


def test_what_can_not_be_read_is_said_so():
    for words, said in (
        (("nowhere.yaml",), "nowhere.yaml: there is no such file."),
        (("config.yaml", "--last", "long"), "--last 'long' is no length of time. Write 30d, or 12h."),
        (("config.yaml", "--incident", "9"), "There is no INC-9 in the database."),
        (("config.yaml", "--incident", "checkout"), "checkout"),
    ):
        result = spy("what-if", *words)
        assert result.exit_code == 2, words
        assert said in result.stderr


def test_nothing_is_written(lived: Path):
    before = rows(lived / "spy.db")

    lines(written(("15m", "25m")))

    assert rows(lived / "spy.db") == before


def rows(file: Path) -> list[str]:
    with sqlite3.connect(file) as connection:
        return list(connection.iterdump())
