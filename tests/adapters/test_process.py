"""Programs that a failover runs: what reaches them, what is kept of what they say, and that nothing of them is left."""

import ctypes
import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event

import psutil
import pytest

from bot.adapters.actions.output import KEPT
from bot.adapters.actions.process import Processes
from bot.adapters.actions.variables import Variables
from bot.domain.failover.plan import End, Outcome, Plan, Program, Step

SECRET = "sesame-opens-the-door"
LONG = timedelta(seconds=30)
ARGV = "import json, sys; print(json.dumps(sys.argv[1:]))"
FORKING = """
import os, time
if os.fork():
    print("group", os.getpgrp(), flush=True)
    {parent}
else:
    {child}
"""
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


class Stage:
    """A folder with a config.yaml's company, and what was heard."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.heard: list[str] = []
        self.stopped = Event()
        self.plans: list[Plan] = []
        self.environment = {**os.environ, "DNS_TOKEN": SECRET, "REGION": "east", "UNTOLD": "nobody-asked"}

    def run(
        self, command: Program, timeout: timedelta = LONG, hear: Callable[[str], None] | None = None
    ) -> Outcome:
        processes = Processes(
            folder=self.folder,
            environment=self.environment,
            variables=Variables(self.environment, own=["xoxb-own-token"], plans=lambda: self.plans),
            grace=timedelta(seconds=0.3),
            linger=timedelta(seconds=0.3),
        )
        return processes.run(command, timeout=timeout, hear=hear or self.heard.append, stopped=self.stopped)

    def python(self, program: str, *args: str, env: tuple[str, ...] = ()) -> Program:
        return Program(args=(sys.executable, "-c", program, *args), env=env)

    def stop_once(self, word: str) -> Callable[[str], None]:
        """Abort when the program says this."""

        def hear(said: str) -> None:
            self.heard.append(said)
            if word in "".join(self.heard):
                self.stopped.set()

        return hear

    @property
    def group(self) -> int:
        """The process group that a forking program told."""
        return int("".join(self.heard).split()[1])


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def left_of(group: int) -> list[psutil.Process]:
    """The processes of a group that are alive."""

    def is_of_it(process: psutil.Process) -> bool:
        try:
            return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
        except (ProcessLookupError, psutil.NoSuchProcess):
            return False

    return [process for process in psutil.process_iter() if is_of_it(process)]


# --- what reaches a program -------------------------------------------------------------------------------


def test_arguments_arrive_as_they_are(stage: Stage):
    arguments = [
        "; rm -rf /",
        "$(touch hacked)",
        "`id`",
        "two\nlines",
        "a\t'b' \"c\"",
        "*",
        "--force",
        "",
        "ü☃",
        "&& |>",
    ]

    outcome = stage.run(stage.python(ARGV, *arguments))

    assert json.loads(outcome.output) == arguments
    assert list(stage.folder.iterdir()) == []


def test_an_argument_with_a_null_is_refused(stage: Stage):
    outcome = stage.run(stage.python(ARGV, "a\0b"))

    assert (outcome.end, outcome.output) == (End.RED, "")
    assert "could not be started" in outcome.says


def test_a_program_gets_a_clean_environment_and_what_its_plan_names(stage: Stage):
    program = "import os, json; print(json.dumps(sorted(os.environ)))"

    outcome = stage.run(stage.python(program, env=("REGION",)))

    names = set(json.loads(outcome.output)) - {"LC_CTYPE"}  # Python's own
    assert names == {"REGION"} | ({"PATH", "HOME", "LANG"} & set(os.environ))


def test_a_variable_that_is_not_set_is_told(stage: Stage):
    outcome = stage.run(stage.python(ARGV, env=("NOWHERE",)))

    assert outcome.end is End.RED
    assert outcome.says == "NOWHERE is not set in Spy's environment: set it there, and start Spy again"


def test_a_program_of_the_plans_own_is_found_beside_the_configuration(stage: Stage):
    program = stage.folder / "bin" / "drain"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\npwd; echo $1\n")
    program.chmod(0o755)
    (stage.folder / "session").mkdir()

    outcome = stage.run(Program(args=("./bin/drain", "7"), folder="session"))

    assert outcome.end is End.OK
    assert outcome.output.split() == [str((stage.folder / "session").resolve()), "7"]


def test_a_program_reads_nothing(stage: Stage):
    outcome = stage.run(stage.python("import sys; print(repr(sys.stdin.read()))"))

    assert outcome.output == "''\n"


# --- how it ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "end", "says"),
    [
        ("pass", End.OK, "exit 0"),
        ("raise SystemExit(3)", End.RED, "exit 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", End.RED, "ended by SIGKILL"),
    ],
)
def test_an_exit_is_told(stage: Stage, program: str, end: End, says: str):
    outcome = stage.run(stage.python(program))

    assert (outcome.end, outcome.says) == (end, says)


@pytest.mark.parametrize(
    ("args", "folder", "words"),
    [
        (("no-such-program",), None, "there is no program no-such-program on the PATH"),
        (("./bin/nothing",), None, "there is no program"),
        (("./plain.txt",), None, "is not executable: chmod +x"),
        (("./empty",), None, "could not be started"),
        (("./" + "x" * 300,), None, "could not be started: File name too long"),
        (("true",), "nowhere", "there is no folder"),
        (("true",), "x" * 300, "could not be started: File name too long"),
    ],
)
def test_what_cannot_be_started_is_red_and_says_why(
    stage: Stage, args: tuple[str, ...], folder: str | None, words: str
):
    (stage.folder / "plain.txt").write_text("words")
    (stage.folder / "empty").write_bytes(b"\0\1")
    (stage.folder / "empty").chmod(0o755)

    outcome = stage.run(Program(args=args, folder=folder))

    assert outcome.end is End.RED
    assert words in outcome.says
    assert not outcome.says.endswith(".")  # it stands within sentences


def test_a_command_that_hangs_is_ended_when_its_time_is_up(stage: Stage):
    command = Program(args=("sh", "-c", "echo group $$; sleep 60 & sleep 60"))

    outcome = stage.run(command, timeout=timedelta(seconds=0.4))

    assert (outcome.end, outcome.says) == (End.RED, "ended after 0 s")
    assert left_of(stage.group) == []


def test_an_abort_ends_it(stage: Stage):
    program = "import os, time; print('group', os.getpgrp(), flush=True); time.sleep(60)"

    outcome = stage.run(stage.python(program), hear=stage.stop_once("\n"))

    assert (outcome.end, outcome.says) == (End.RED, "stopped")
    assert left_of(stage.group) == []


def test_what_was_aborted_before_it_began_still_ends(stage: Stage):
    stage.stopped.set()

    outcome = stage.run(stage.python("import time; time.sleep(60)"))

    assert (outcome.end, outcome.says) == (End.RED, "stopped")


def test_an_abort_ends_what_a_command_forked_too_though_it_will_not_hear(stage: Stage):
    program = DEAF + FORKING.format(parent="time.sleep(60)", child="time.sleep(60)")

    outcome = stage.run(stage.python(program), hear=stage.stop_once("\n"))

    assert (outcome.end, outcome.says) == (End.RED, "stopped")
    assert left_of(stage.group) == []


def test_its_last_words_are_heard(stage: Stage):
    program = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(os.write(1, b"put back\\n")))
os.write(1, b"began\\n")
time.sleep(60)
"""

    outcome = stage.run(stage.python(program), hear=stage.stop_once("began"))

    assert outcome.output == "began\nput back\n"


@pytest.mark.parametrize("child", ["time.sleep(60)", "os.close(1); os.close(2); time.sleep(60)"])
def test_what_a_command_leaves_behind_ends_with_it_and_is_not_waited_for(stage: Stage, child: str):
    program = FORKING.format(parent="raise SystemExit(0)", child=child)

    outcome = stage.run(stage.python(program))

    assert (outcome.end, outcome.says) == (End.OK, "exit 0")
    assert left_of(stage.group) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a process that is not the first inherit")
def test_what_falls_to_spy_as_the_heir_of_orphans_is_buried(stage: Stage):
    inherit = 36  # PR_SET_CHILD_SUBREAPER
    ctypes.CDLL(None).prctl(inherit, 1, 0, 0, 0)

    stage.run(stage.python(FORKING.format(parent="raise SystemExit(0)", child="time.sleep(60)")))

    ctypes.CDLL(None).prctl(inherit, 0, 0, 0, 0)
    assert [child for child in psutil.Process().children() if os.getpgid(child.pid) == stage.group] == []


def test_a_listener_that_fails_leaves_no_process_behind(stage: Stage):
    def fail(said: str) -> None:
        stage.heard.append(said)
        raise KeyError(said)

    with pytest.raises(KeyError):
        stage.run(
            stage.python("import os, time; print('group', os.getpgrp(), flush=True); time.sleep(60)"),
            hear=fail,
        )

    assert left_of(stage.group) == []


# --- what it says -----------------------------------------------------------------------------------------


def test_output_is_heard_as_it_comes_errors_among_it(stage: Stage):
    program = (
        "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); print('three')"
    )

    outcome = stage.run(stage.python(program))

    assert "".join(stage.heard) == outcome.output == "one\ntwo\nthree\n"


def test_of_ten_megabytes_the_last_are_kept_and_the_rest_is_counted(stage: Stage):
    heard: list[int] = []
    program = "import sys; [sys.stdout.write('x' * 1023 + '\\n') for _ in range(10 * 1024)]; print('the end')"

    outcome = stage.run(stage.python(program), hear=lambda said: heard.append(len(said)))

    assert len(outcome.output) == KEPT
    assert outcome.output.endswith("x\nthe end\n")
    assert outcome.dropped + KEPT == sum(heard) == 10 * 1024 * 1024 + 8


def test_an_endless_output_is_ended_in_time_and_does_not_pile_up(stage: Stage):
    before = psutil.Process().memory_info().rss

    outcome = stage.run(Program(args=("yes",)), timeout=timedelta(seconds=0.5), hear=len)

    assert (outcome.end, len(outcome.output)) == (End.RED, KEPT)
    assert outcome.dropped > KEPT
    assert psutil.Process().memory_info().rss - before < 20 * 1024 * 1024


def test_binary_output_becomes_text_that_obeys_nothing(stage: Stage):
    program = r"""
import sys
sys.stdout.buffer.write(bytes(range(256)) + "\x1b[31mred\x1b[0m \u202eevil ☃".encode() + b"\r\nnext\rlast\xf0\x9f")
"""

    outcome = stage.run(stage.python(program))

    assert "red \ufffdevil ☃\nnext\nlast\ufffd" in outcome.output
    assert all(it.isprintable() or it in "\n\t\xa0\xad" for it in outcome.output)


# --- secrets ----------------------------------------------------------------------------------------------


def told(stage: Stage, outcome: Outcome) -> str:
    return "".join(stage.heard) + outcome.output + outcome.says


def test_a_secret_that_a_program_was_given_is_never_shown(stage: Stage):
    program = "import os; print('token', os.environ['DNS_TOKEN'], 'xoxb-own-token', 'ghp_abcdef123')"

    outcome = stage.run(stage.python(program, env=("DNS_TOKEN",)))

    assert outcome.output == "token *** *** ***\n"
    assert SECRET not in told(stage, outcome)


def test_a_secret_that_another_step_was_given_is_not_shown_either(stage: Stage):
    login = Step(name="login", run=Program(args=("true",), env=("DNS_TOKEN",)))
    stage.plans.append(Plan(name="pod", usage="pod", steps=(login,)))

    outcome = stage.run(stage.python(f"print('found', {SECRET!r}, 'beside it')"))

    assert outcome.output == "found *** beside it\n"
    assert SECRET not in told(stage, outcome)


def test_a_secret_among_the_arguments_reaches_the_program_and_nobody_else(stage: Stage):
    program = f"import sys; print(sys.argv[1] == {SECRET!r}, sys.argv[1])"

    outcome = stage.run(stage.python(program, "{{ env.DNS_TOKEN }}"))

    assert outcome.output == "True ***\n"


def test_a_secret_is_not_shown_by_what_could_not_be_started(stage: Stage):
    outcome = stage.run(Program(args=("{{ env.DNS_TOKEN }}",)))

    assert outcome.says == "there is no program *** on the PATH of Spy"
