"""The log as it was after each test, and a machine on which processes of Spy start with a config.yaml."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog

from tests.support.machine import GOOD, Machine


@pytest.fixture(autouse=True)
def _plain_log() -> Iterator[None]:
    """What a command logs to is closed with it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def machine(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    for name, value in {
        "SLACK_BOT_TOKEN": "xoxb-none",
        "SLACK_APP_TOKEN": "xapp-none",
        "DATABASE_URL": sqlite_url,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SLACK_SIGNING_SECRET", raising=False)
    with ExitStack() as stack:
        machine = Machine(file=tmp_path / "config.yaml", url=sqlite_url, stack=stack)
        machine.write(GOOD)
        yield machine
