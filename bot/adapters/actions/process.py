"""Run a program for a failover step, without a shell, in a minimal environment, and leave no process behind."""

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event

from bot.adapters.actions.output import Output
from bot.adapters.actions.variables import Missing, Variables
from bot.adapters.rendering.mrkdwn import span
from bot.domain.failover.plan import End, Outcome, Program

PASSED = ("PATH", "HOME", "LANG")
"""The variables of Spy's environment that every program gets."""
TICK = 0.05
"""Seconds between two checks for the program's end, the timeout or an abort."""
CHUNK = 64 * 1024
LINGER = timedelta(seconds=1)
"""How long to read the output of processes that a program left running, after the program itself ended."""
GRACE = timedelta(seconds=5)
"""The time between SIGTERM and SIGKILL."""


class Processes:
    """Runs programs. `folder` is that of config.yaml; a command's folder and a program's path are relative to it.

    A program without a slash is looked up on PATH. When a program ends, the rest of its process group is ended too.
    """

    def __init__(
        self,
        *,
        folder: Path,
        environment: Mapping[str, str],
        variables: Variables,
        grace: timedelta = GRACE,
        linger: timedelta = LINGER,
    ) -> None:
        self._folder = folder.absolute()
        self._passed = {name: environment[name] for name in PASSED if name in environment}
        self._variables = variables
        self._grace = grace.total_seconds()
        self._linger = linger.total_seconds()

    def run(
        self, command: Program, *, timeout: timedelta, hear: Callable[[str], None], stopped: Event
    ) -> Outcome:
        """Run a program until it ends, or end it on a timeout or an abort. Exit 0 is OK, any other RED.

        UNKNOWN means that the program could not be ended.
        """
        secrets = self._variables.secrets(command)
        try:
            process = self._started(command)
        except (Missing, _NoProgram) as trouble:
            return Outcome(end=End.RED, says=secrets.masked(str(trouble)))
        output = Output(hear, secrets)
        running = _Running(process=process, output=output, grace=self._grace, linger=self._linger)
        try:
            end, says = running.followed(timeout=timeout, stopped=stopped)
        finally:
            running.close()
        output.end()
        return Outcome(end=end, says=says, output=output.text, dropped=output.dropped)

    def _started(self, command: Program) -> "subprocess.Popen[bytes]":
        args = self._variables.filled(command.args)
        environment = self._passed | {name: self._variables.given(name) for name in command.env}
        try:
            return subprocess.Popen(
                args,
                executable=self._program(args[0]),
                cwd=self._place(command),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as trouble:  # raised for a name that is too long, too
            why = getattr(trouble, "strerror", None) or str(trouble)
            raise _NoProgram(f"{args[0]} could not be started: {why}") from None

    def _place(self, command: Program) -> Path:
        folder = self._folder / (command.folder or "")
        if not folder.is_dir():
            raise _NoProgram(f"there is no folder {folder}")
        return folder

    def _program(self, name: str) -> str:
        if "/" in name:
            program = self._folder / name
            if not program.is_file():
                raise _NoProgram(f"there is no program {program}")
            if not os.access(program, os.X_OK):
                raise _NoProgram(f"{program} is not executable: chmod +x makes it so")
            return str(program)
        found = shutil.which(name, path=self._passed.get("PATH", os.defpath))
        if found is None:
            raise _NoProgram(f"there is no program {name} on the PATH of Spy")
        return found


class _NoProgram(Exception):  # noqa: N818  named for what happened
    """A program could not be started. The message is a short reason."""


@dataclass(kw_only=True)
class _Running:
    """A running program and its process group."""

    process: "subprocess.Popen[bytes]"
    output: Output
    grace: float
    linger: float

    def __post_init__(self) -> None:
        self._pipe = self.process.stdout
        self._selector = selectors.DefaultSelector()
        if self._pipe is not None:
            os.set_blocking(self._pipe.fileno(), False)
            self._selector.register(self._pipe, selectors.EVENT_READ)

    def followed(self, *, timeout: timedelta, stopped: Event) -> tuple[End, str]:
        """Read the output until the program ends or is ended. Return the outcome and a short reason."""
        until = time.monotonic() + timeout.total_seconds()
        while not self._has_ended():
            if stopped.is_set():
                return self._ended("stopped")
            if time.monotonic() >= until:
                return self._ended(f"ended after {span(timeout)}")
            self._read(TICK)
        self._wait_for_the_pipe(stopped)
        self._end_group()
        return _told(self.process.wait())

    def close(self) -> None:
        """End what still runs, and close the pipe."""
        if self.process.returncode is None:
            self._end_group()
        self._selector.close()
        if self._pipe is not None:
            self._pipe.close()

    def _ended(self, why: str) -> tuple[End, str]:
        self._end_group()
        if self.process.returncode is None:
            return End.UNKNOWN, f"{why}, but process {self.process.pid} does not end"
        return End.RED, why

    def _has_ended(self) -> bool:
        """Return whether the program has ended, without reaping it: until then its group id can't be reused."""
        flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
        return os.waitid(os.P_PID, self.process.pid, flags) is not None

    def _wait_for_the_pipe(self, stopped: Event) -> None:
        until = time.monotonic() + self.linger
        while self._is_open() and time.monotonic() < until and not stopped.is_set():
            self._read(TICK)

    def _end_group(self) -> None:
        """End the whole group: send SIGTERM, and SIGKILL to what is left after the grace time."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            self._signal(sign)
            until = time.monotonic() + self.grace
            while self._is_alive() and time.monotonic() < until:
                self._read(TICK)
            if not self._is_alive():
                break
        self._read(0)

    def _is_alive(self) -> bool:
        """Return whether any process of the group is left."""
        if self.process.poll() is not None:
            self._bury()
        return self._signal(0)

    def _bury(self) -> None:
        """Reap processes of the group: in a container, Spy may be process 1, which inherits orphans."""
        try:
            while os.waitpid(-self.process.pid, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return

    def _signal(self, number: int) -> bool:
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # PermissionError: macOS, where only zombies are left
            return False
        return True

    def _is_open(self) -> bool:
        return bool(self._selector.get_map())

    def _read(self, seconds: float) -> None:
        """Read the available output, or wait for it this many seconds."""
        if not self._is_open():
            time.sleep(min(seconds, TICK))
            return
        if not self._selector.select(seconds) or self._pipe is None:
            return
        data = os.read(self._pipe.fileno(), CHUNK)
        if data:
            self.output.take(data)
        else:
            self._selector.unregister(self._pipe)


def _told(code: int) -> tuple[End, str]:
    if code < 0:
        name = next((it.name for it in signal.Signals if it == -code), f"signal {-code}")
        return End.RED, f"ended by {name}"
    return (End.OK if code == 0 else End.RED), f"exit {code}"
