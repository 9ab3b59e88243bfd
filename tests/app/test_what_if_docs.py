"""The example of docs/what-if.md is what `spy what-if` says, word for word."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.app.test_cli import spy
from tests.app.what_if_night import EVENING, lived_in
from tests.support.docs import blocks
from tests.support.folders import ROOT

MORNING = EVENING + timedelta(hours=10, seconds=5)


def test_the_example_is_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lived_in(tmp_path)
    ahead = (MORNING - datetime.now(UTC)).total_seconds()
    (tmp_path / "ahead").write_text(str(ahead), encoding="ascii")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'spy.db'}")
    monkeypatch.setenv("SPY_CLOCK_OFFSET", str(tmp_path / "ahead"))
    monkeypatch.setenv("TZ", "Europe/Rome")
    time.tzset()
    command, _, shown = blocks((ROOT / "docs/what-if.md").read_text("utf-8"), "")[0].partition("\n")

    try:
        result = spy(*command.split()[2:])
    finally:
        monkeypatch.undo()
        time.tzset()

    assert result.exit_code == 0, result.output
    assert result.stdout == shown
