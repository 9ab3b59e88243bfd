"""What docs/configuration.md shows is what Spy says, word for word."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from tests.support.docs import blocks
from tests.support.folders import ROOT
from tests.support.machine import Machine

FIRST = """\
slack: {announce: C0INCIDENTS}
teams:
  imoc: {channel: C0IMOC}
severities:
  sev1: {update_every: 15m}
permissions: {admin: [U0ANA]}
web: {port: 38123}
"""
REFUSED, TOLD, NOTE, HISTORY, BACK = blocks((ROOT / "docs/configuration.md").read_text("utf-8"), "text")


def plain(text: str) -> str:
    """Return a text without what differs each time: processes and times."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME", text)
    return re.sub(r"[\w.-]+:\d{1,7}\b(?=  |`)", "PROCESS", text).strip()


@pytest.fixture
def changed(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The file of the examples, after one change that was taken."""
    monkeypatch.chdir(tmp_path)
    here = replace(machine, file=Path("config.yaml"))
    here.write(FIRST)
    process = here.start()
    here.write(FIRST.replace("15m", "20m"))
    process.look()
    return here


def test_the_line_of_a_refusal(changed: Machine):
    process = changed.start()
    changed.write(FIRST.replace("update_every: 15m", ""))

    process.look()

    assert changed.told()[0]["facts"]["mistakes"][0] == REFUSED.strip()


def test_the_message_and_the_note_after_a_start_with_the_last_good_version(changed: Machine):
    changed.write(FIRST.replace("update_every: 15m", "update_evry: 15m"))

    process = changed.start()

    facts = changed.told()[0]["facts"]
    shown = process.bot.templates.render("shared/configuration", facts).text
    assert plain(re.sub(r"<!date[^>]*\|[^>]*?(\d\d:\d\d UTC)>", "TIME", shown)) == plain(
        re.sub(r"\d\d:\d\d UTC", "TIME", TOLD)
    )
    assert NOTE.strip() == f'"notes":{{"configuration":"{process.configuration.note()}"}}'


def test_the_history_and_the_way_back(changed: Machine):
    changed.write(FIRST.replace("update_every: 15m", ""))

    history = CliRunner().invoke(app, ["config", "history"]).output
    back = CliRunner().invoke(app, ["config", "back"], input="y\n").output

    assert plain(history) == plain(HISTORY)
    assert back.strip() == BACK.strip()
