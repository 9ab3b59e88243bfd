"""The processes of a bench: stand-ins for Slack, Spy, and the floors; each alone, on ports of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own

from tests.bench.caller import PEOPLE

PATIENCE = 30.0
"""Seconds that a process may take until it is ready."""
LIMITS = (
    "limits: {incidents_per_person: 1000, pages_per_person: 1000, pages_per_team: 1000, ring_again_after: 0}"
)
"""A crowd opens incidents and pages as fast as it can, which people do not."""
OURS = ("SLACK_", "PAGERDUTY_", "GITHUB_", "CHANGES_", "SPY_", "DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
"""What the children must not take over from around the bench: a real workspace, and Python's forgetting."""


class Child:
    """A process for as long as the `with` lasts; what it says goes to a file beside its data."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                (sys.executable, *command),
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
            )

    def first_line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().decode()

    def must_be_alive(self) -> None:
        if self._process.poll() is not None:
            raise RuntimeError(f"a process of the bench ended by itself:\n{self._log.read_text()[-2000:]}")

    def resident(self) -> float:
        """Megabytes (millions of bytes) of memory that it holds."""
        return float(psutil.Process(self._process.pid).memory_info().rss) / 1e6

    def processor(self) -> float:
        """Seconds of processor time that it has used, all threads together."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


class StandIn:
    """A workspace in a box, in a process of its own, that delivers events by HTTP."""

    def __init__(
        self, folder: Path, *, bot_port: int, latency: float, limits: bool = False, people: int = PEOPLE
    ) -> None:
        flags = ["--people", str(people), *(["--limits"] if limits else [])]
        url = f"http://127.0.0.1:{bot_port}"
        self._child = Child(
            ["-m", "bot.sandbox", "--delivery", "http", "--bot-url", url, "--latency", str(latency), *flags],
            surroundings(),
            folder / "stand-in.log",
        )
        said = json.loads(self._child.first_line())
        self.environment: dict[str, str] = said["environment"]
        self.config: str = said["config"]
        self.url: str = said["url"]

    def exchanges(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._ask("GET", "/box/exchanges"))
        return [it for it in found if it["direction"] == "from_bot"]

    def reset(self) -> None:
        self._ask("POST", "/box/reset")

    def settled(self, *, quiet: float = 0.4, within: float = 60.0) -> list[dict[str, Any]]:
        """Wait until no call is under way and none has come for `quiet` seconds; give what there was."""
        asked = time.time()
        while time.time() - asked < within:
            found = self.exchanges()
            last = max([asked, *(it["finished"] or asked for it in found)])
            if time.time() - last > quiet and all(it["finished"] for it in found):
                return found
            time.sleep(0.05)
        raise RuntimeError(f"the calls did not come to an end within {within:g} s")

    def end(self) -> None:
        self._child.end()

    def _ask(self, verb: str, path: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", int(self.url.rsplit(":", 1)[1]), timeout=30)
        try:
            connection.request(verb, path)
            return connection.getresponse().read()
        finally:
            connection.close()


class Bot:
    """Spy or a floor, ready as long as the `with` lasts.

    It has a database file and a stand-in of its own, or shares those that are given.
    """

    def __init__(
        self,
        name: str,
        *,
        latency: float = 0.1,
        limits: bool = False,
        database: str | None = None,
        slack: StandIn | None = None,
        people: int = PEOPLE,
    ) -> None:
        self.name = name
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="spy-bench-")
        self._path = Path(self._folder.name)
        self._is_shared = slack is not None
        self.slack = slack or StandIn(
            self._path, bot_port=self.port, latency=latency, limits=limits, people=people
        )
        (self._path / "config.yaml").write_text(
            f"{self.slack.config}\n"
            f"web: {{port: {self.port}, public_url: 'http://127.0.0.1:{self.port}'}}\n{LIMITS}\n"
        )
        self._env = {
            **surroundings(),
            **self.slack.environment,
            "DATABASE_URL": database or f"sqlite:///{self._path / 'bench.db'}",
        }
        self.secret = self.slack.environment["SLACK_SIGNING_SECRET"]
        self.ready_after = 0.0
        """Seconds from the start of the process to the first 200 of /readyz."""

    def start(self) -> None:
        began = time.monotonic()
        self.child = Child(self._command(), self._env, self._path / "bot.log")
        while not is_ready(self.port):
            self.child.must_be_alive()
            if time.monotonic() - began > PATIENCE:
                raise RuntimeError(f"{self.name} was not ready within {PATIENCE:g} s")
            time.sleep(0.01)
        self.ready_after = time.monotonic() - began

    def restart(self) -> None:
        self.child.end()
        self.start()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have people look at its dashboard and at their Home tabs."""
        command = ["-m", "tests.bench.watchers", str(self.port), self.secret]
        watchers = Child(command, surroundings(), self._path / "watchers.log")
        try:
            if not watchers.first_line():
                watchers.must_be_alive()
            yield
            watchers.must_be_alive()
        finally:
            watchers.end()

    def _command(self) -> Sequence[str]:
        if self.name == "spy":
            return ["-m", "bot", "run", "--config", str(self._path / "config.yaml")]
        return ["-m", "tests.bench.floors", self.name, "--port", str(self.port)]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.end()
        if not self._is_shared:
            self.slack.end()
        self._folder.cleanup()


def surroundings() -> dict[str, str]:
    """Return the environment without what is ours, and without a proxy between two ends of one machine."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(OURS) and not name.casefold().endswith("_proxy")
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
