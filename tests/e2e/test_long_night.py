"""A night of two hours and ten minutes in less than one, as a person would play it with `spy demo`."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("long_night.txt")
DEMO = (sys.executable, "-m", "bot", "demo", "--port", "0")


def played(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(DEMO, input=script, capture_output=True, text=True, timeout=180, check=False)


def test_the_demo_plays_a_long_night():
    play = played(SCRIPT.read_text(encoding="utf-8"))

    assert play.returncode == 0, play.stdout + play.stderr


def test_what_falls_due_in_a_sleep_of_three_hours_is_said_once_and_late():
    play = played(
        'jump to 18:00\nana #general> /incident me "checkout is down" sev1\n'
        'in #inc-1-*\nexpect "due by"\njump +3h\n'
        'expect "overdue" within 10s\nexpect "late" within 10s\n'
    )

    assert play.returncode == 0, play.stdout + play.stderr
    assert play.stdout.count("overdue.*") == 1, play.stdout
