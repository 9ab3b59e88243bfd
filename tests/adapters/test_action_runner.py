"""Checks of a failover: looked at again and again until they are green, or their time is up."""

import sys
from datetime import timedelta
from pathlib import Path
from threading import Event

from bot.adapters.actions.http import HttpCaller
from bot.adapters.actions.process import Processes
from bot.adapters.actions.runner import ExternalActionRunner
from bot.adapters.actions.variables import Variables
from bot.adapters.github.workflows import Workflows
from bot.domain.failover.plan import Check, End, HttpCall, Program


def operator(folder: Path, again: timedelta = timedelta(seconds=0.01)) -> ExternalActionRunner:
    variables = Variables({})
    return ExternalActionRunner(
        processes=Processes(folder=folder, environment={}, variables=variables),
        web=HttpCaller(variables),
        workflows=lambda: Workflows("", variables=variables),
        again=again,
    )


def test_a_check_is_tried_again_until_it_is_green(tmp_path: Path):
    program = "import os, sys; os.path.exists('seen') and sys.exit(0); open('seen', 'w'); sys.exit(7)"
    check = Check(
        name="second look", by=Program(args=(sys.executable, "-c", program)), within=timedelta(seconds=10)
    )

    outcome = operator(tmp_path).check(check, stopped=Event())

    assert (outcome.end, outcome.says) == (End.OK, "exit 0")


def test_a_check_without_time_is_looked_at_once(tmp_path: Path):
    program = "open('seen', 'a').write('x'); raise SystemExit(7)"
    check = Check(name="once", by=Program(args=(sys.executable, "-c", program)), within=timedelta())

    outcome = operator(tmp_path, again=timedelta(seconds=5)).check(check, stopped=Event())

    assert (outcome.end, outcome.says) == (End.RED, "exit 7")
    assert (tmp_path / "seen").read_text() == "x"


def test_a_check_of_what_cannot_be_reached_is_red_in_the_end(tmp_path: Path):
    check = Check(name="lag", by=HttpCall(url="http://127.0.0.1:1"), within=timedelta(seconds=0.1))

    outcome = operator(tmp_path).check(check, stopped=Event())

    assert (outcome.end, outcome.says) == (End.RED, "cannot be reached: connection refused")


def test_a_check_that_hangs_is_red_when_its_time_is_up(tmp_path: Path):
    program = "import time; time.sleep(60)"
    check = Check(
        name="hang", by=Program(args=(sys.executable, "-c", program)), within=timedelta(seconds=0.2)
    )

    outcome = operator(tmp_path).check(check, stopped=Event())

    assert (outcome.end, outcome.says) == (End.RED, "ended after 0 s")
