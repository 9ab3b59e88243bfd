"""What a start loads: only what this configuration needs. Each library below costs a start time and memory."""

import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = "slack: {mode: http, announce: C0INCIDENTS}\nseverities: {sev1: {}}\n"
START = """
import sys
from contextlib import ExitStack

from bot.cli.shared import USUAL_CONFIG, read_start

start = read_start(USUAL_CONFIG)
from bot.app import run

with ExitStack() as stack:
    bot = run.build(start.settings, stack)
    run.Configuration(bot, start).begin()
    print(*sys.modules)
"""
"""What `spy run` does before it serves."""
HEAVY = {
    "alembic": "the database is up to date",
    "charset_normalizer": "requests brings it",
    "github": "no tracker is configured",
    "markdown_it": "no runbook is read yet",
    "pdpyras": "no pager is configured",
    "psycopg": "the database is SQLite",
    "pygments": "rich brings it",
    "requests": "no pager, tracker or failover step calls out",
    "rich": "Spy draws its own tracebacks",
    "sqlalchemy.dialects.postgresql": "the database is SQLite",
    "svg": "nothing is drawn yet",
    "websockets": "Slack sends by HTTP",
}
"""Libraries that this start can do without, and why."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The modules of a fresh interpreter that started on SQLite, by HTTP, with no vendor configured."""
    folder = tmp_path_factory.mktemp("start")
    (folder / "config.yaml").write_text(CONFIG)
    started = None
    for _ in ("makes the database", "finds it up to date"):
        started = subprocess.run(
            [sys.executable, "-c", START],
            cwd=folder,
            env={
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "DATABASE_URL": "sqlite:///spy.db",
                "SLACK_BOT_TOKEN": "xoxb-none",
                "SLACK_SIGNING_SECRET": "none",
            },
            capture_output=True,
            text=True,
            check=True,
        )
    assert started
    return frozenset(started.stdout.split())


@pytest.mark.parametrize("library", sorted(HEAVY))
def test_a_start_does_not_load_what_it_does_not_need(library: str, loaded: frozenset[str]):
    assert library not in loaded, HEAVY[library]


def test_a_start_loads_what_answers_requests(loaded: frozenset[str]):
    assert {"slack_bolt", "sqlalchemy", "jinja2", "uvicorn"} <= loaded
