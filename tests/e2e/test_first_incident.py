"""The first incident, from open to stop, as a person would play it with `spy demo`."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bot.sandbox import Box
from bot.sandbox.console.chat import converse
from tests.conftest import RunningBot

SCRIPT = Path(__file__).with_name("first_incident.txt")
DEMO = (sys.executable, "-m", "bot", "demo", "--port", "0")


def played(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(DEMO, input=script, capture_output=True, text=True, timeout=120, check=False)


def test_the_demo_plays_a_whole_incident():
    play = played(SCRIPT.read_text(encoding="utf-8"))

    assert play.returncode == 0, play.stdout + play.stderr


def test_the_demo_reads_what_tired_people_type():
    play = played(SCRIPT.with_name("typed_at_night.txt").read_text(encoding="utf-8"))

    assert play.returncode == 0, play.stdout + play.stderr


def test_an_empty_script_ends_well_and_says_nothing():
    play = played("")

    assert (play.returncode, play.stdout) == (0, "")


def test_an_expectation_that_fails_fails_the_play():
    play = played('ana #general> /incident me "checkout is down"\nexpect "all is well" within 100ms\n')

    assert play.returncode == 1
    assert "all is well" in play.stdout + play.stderr


@pytest.mark.parametrize("box", ["socket", "http"], indirect=True)
def test_the_same_is_played_by_socket_and_by_http(box: Box, database_url: str, running_bot: RunningBot):
    running_bot(box, database_url)
    seen = Console(file=io.StringIO(), width=100)

    code = converse(box, SCRIPT.read_text(encoding="utf-8").splitlines(), seen, interactive=False)

    assert code == 0, seen.file.getvalue()  # type: ignore[attr-defined]  # a StringIO, as given above
