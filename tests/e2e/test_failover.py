"""A failover with the real bot: programs that run, a workflow on GitHub, a bot that is killed in the middle."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox import Box
from bot.sandbox.slack.world import SlackMessage
from tests.conftest import Serve
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World

PATIENCE = 30.0
PROGRAM = """
import os, pathlib, sys, time
here = pathlib.Path(sys.argv[1])
with (here / "ran").open("a") as ran:
    ran.write(sys.argv[2] + "\\n")
print("doing", sys.argv[2], "with", os.environ.get("DRAIN_TOKEN", "no token"), flush=True)
while (here / ("hold-" + sys.argv[2])).exists():
    time.sleep(0.01)
sys.exit(3 if (here / ("fail-" + sys.argv[2])).exists() else 0)
"""
PLANS = """
failover:
  site:
    usage: "site to <location>"
    params: {{location: {{choices: [east, west]}}}}
    blast_radius: "nobody, in a box"
    before: [{{check: python, command: [{python}, -c, "print(1)"]}}]
    steps:
      - name: drain
        run: {{command: {{args: [{python}, {program}, {here}, drain], env: [DRAIN_TOKEN]}}}}
        undo: {{command: [{python}, {program}, {here}, undrain]}}
      - name: move
        run: {{command: [{python}, {program}, {here}, "move-{{{{ location }}}}"]}}
        verify: {{command: [{python}, {program}, {here}, look], within: 1s}}
        undo: {{command: [{python}, {program}, {here}, unmove]}}
  promote:
    usage: "promote"
    steps:
      - name: promote
        run: {{workflow: {{repository: acme/infra, file: promote.yml, inputs: {{pod: "7"}}}}}}
        point_of_no_return: true
"""


class Stage:
    """A bot with two plans in a box, and what its programs have done."""

    def __init__(self, box: Box, serve: Serve, database_url: str, here: Path) -> None:
        self.box = box
        self.here = here
        (here / "program.py").write_text(PROGRAM)
        plans = PLANS.format(python=sys.executable, program=here / "program.py", here=here)
        environment = {
            **box.environment(),
            **box.rehearsal(),
            "DATABASE_URL": database_url,
            "DRAIN_TOKEN": "hush-hush",
        }
        self.bot: BotProcess = serve(box.config_yaml() + plans, environment)
        box.bot_url = self.bot.url
        self.world = World(box=box, bot=self.bot)
        box.wait_for(lambda: "usergroups.users.list" in box.calls("slack"), PATIENCE)

    def propose_and_approve(self, words: str) -> None:
        self.box.slack.slash("ana", "general", "/failover", words)
        self.press("Approve")

    def press(self, label: str, *, by: str = "raj") -> None:
        """Press a button as soon as some message has it; Spy may have to meet who presses it first."""
        self.box.wait_for(lambda: self._with_button(label), PATIENCE)
        message = self._with_button(label)
        assert message
        self.box.slack.press(by, message.channel, message.ts, label)

    def _with_button(self, label: str) -> SlackMessage | None:
        messages = self.box.slack.messages("C0GENERAL")
        return next((it for it in reversed(messages) if f"'text': '{label}'" in str(it.blocks)), None)

    def says(self, words: str, *, where: str = "C0GENERAL") -> None:
        self.box.wait_for(lambda: words in "\n".join(self.world.texts(where)), PATIENCE)

    @property
    def ran(self) -> list[str]:
        file = self.here / "ran"
        return file.read_text().split() if file.exists() else []

    def runs(self, what: str) -> None:
        until = time.monotonic() + PATIENCE
        while what not in self.ran:
            assert time.monotonic() < until, self.bot.said()
            time.sleep(0.01)

    def hold(self, what: str) -> Path:
        held = self.here / f"hold-{what}"
        held.touch()
        return held


@pytest.fixture
def stage(box: Box, serve: Serve, sqlite_url: str, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(box, serve, sqlite_url, tmp_path)
    box.slack.dm("raj", "help")  # so that Spy has met him, and knows that he is no guest
    stage.world.settle()
    yield stage
    for held in tmp_path.glob("hold-*"):  # what a bot that was stopped has left running ends by itself
        held.unlink()


def test_programs_run_in_front_of_everybody_and_their_secrets_stay_secret(stage: Stage):
    held = stage.hold("drain")
    stage.propose_and_approve("site to west")
    stage.says("doing drain with")

    held.unlink()
    stage.says("Done")

    assert stage.ran == ["drain", "move-west", "look"]
    assert "hush-hush" not in "\n".join(str(it) for it in stage.box.slack.messages("C0GENERAL"))


def test_a_red_check_is_rolled_back_by_itself(stage: Stage):
    (stage.here / "fail-look").touch()

    stage.propose_and_approve("site to west")
    stage.says("Rolled back")

    assert [it for it in stage.ran if it != "look"] == ["drain", "move-west", "unmove", "undrain"]


def test_an_abort_ends_the_program_and_takes_back_what_was_done(stage: Stage):
    stage.hold("move-west")
    stage.propose_and_approve("site to west")
    stage.runs("move-west")

    stage.press("Abort", by="ana")
    stage.says("ana aborted it")
    stage.says("Rolled back")

    assert stage.ran == ["drain", "move-west", "unmove", "undrain"]


def test_a_bot_that_is_killed_in_a_step_asks_its_heirs_channel_and_the_step_runs_once(stage: Stage):
    held = stage.hold("move-west")
    stage.propose_and_approve("site to west")
    stage.runs("move-west")

    stage.world.outlast_leases()
    stage.bot.restart()
    stage.says("Did *move* happen?")
    held.unlink()
    stage.press("It happened")
    stage.says("Done")

    assert stage.ran == ["drain", "move-west", "look"]


def test_a_workflow_is_dispatched_and_followed_to_its_end(stage: Stage):
    stage.propose_and_approve("promote")

    stage.says("Done")

    dispatches = [it for it in stage.box.calls("github") if it.endswith("/dispatches")]
    assert len(dispatches) == 1


def test_a_bot_that_is_told_to_stop_leaves_a_step_that_takes_long_to_its_heir(stage: Stage):
    stage.hold("drain")
    stage.propose_and_approve("site to west")
    stage.runs("drain")

    assert stage.bot.stop() == 0
    stage.world.outlast_leases()
    stage.bot.start()
    stage.says("Did *drain* happen?")
    stage.press("Roll back")
    stage.says("Rolled back")

    assert stage.ran == ["drain", "undrain"]
