"""The real bot as a child process beside a box: started, killed in the middle of things, started again."""

import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import SystemRandom
from typing import Self

from bot.__main__ import main

PATIENCE = 60.0
"""Seconds that the bot may take until it is ready."""
LISTENING = (20_000, 32_000)
"""Ports below those that systems give to connections outwards."""
FORKS = multiprocessing.get_context("forkserver")
"""A bot is forked from a process that has read all its code already: two seconds of processor less for each start."""
FORKS.set_forkserver_preload(["tests.e2e.preloaded"])
OURS = ("SLACK_", "PAGERDUTY_", "GITHUB_", "CHANGES_", "SPY_", "DATABASE_URL", "COVERAGE")
"""What a bot under test must not take over from the world around it."""


class BotProcess:
    """`spy run` as a process of its own, with its configuration and its log in its own folder."""

    def __init__(
        self, folder: Path, *, config: str, environment: Mapping[str, str], is_public: bool = False
    ) -> None:
        """Prepare it. With `is_public`, it knows its own address: the dashboard needs it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "bot.log"
        self._config = folder / "config.yaml"
        address = f", public_url: {self.url}" if is_public else ""
        self._config.write_text(f"{config}\nweb: {{port: {self.port}{address}}}\n", encoding="utf-8")
        self._environment = {**_around(), **environment}
        self._child: ForkServerProcess | None = None

    @property
    def config(self) -> Path:
        """Its config.yaml, for a test to spoil."""
        return self._config

    @property
    def environment(self) -> Mapping[str, str]:
        return self._environment

    def start(self) -> Self:
        """Start it, and return once it says that it is ready."""
        self.launch()
        self._wait_until_ready()
        return self

    def launch(self) -> None:
        """Start it, and don't wait: it may be meant to die before it is ready."""
        self._child = FORKS.Process(target=_run, args=(self._config, self._environment, self.log))
        self._child.start()

    def say(self, person: str, words: str) -> tuple[int, str]:
        """Say a command from a terminal, beside the running bot; the exit code and what was printed."""
        return self.command("say", "--as", person, words)

    def command(self, *words: str) -> tuple[int, str]:
        """Run a command of the terminal, such as `config back`; the exit code and what was printed."""
        said = subprocess.run(
            (sys.executable, "-m", "bot", *words, "--config", str(self._config)),
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return said.returncode, said.stdout + said.stderr

    def kill(self) -> None:
        """End it as a power cut does. Safe to call from a fault's hook, and twice."""
        if child := self._child:  # by the time it is dead, another may have been started
            child.kill()
            child.join()

    def stop(self) -> int | None:
        """Ask it to end, as an operator does, and give its exit code; None where it never ran."""
        if self._child is None:
            return None
        self._child.terminate()
        self._child.join(timeout=10)
        if self._child.is_alive():
            self.kill()
            raise AssertionError(f"the bot did not end when asked to; it said last:\n{self.said()}")
        return self._child.exitcode

    def restart(self) -> Self:
        """Start it again on the same database and port."""
        self.kill()
        return self.start()

    @property
    def pid(self) -> int:
        pid = self._child and self._child.pid
        assert pid, "the bot was started"
        return pid

    @property
    def is_alive(self) -> bool:
        return self._child is not None and self._child.is_alive()

    @property
    def token(self) -> Mapping[str, str]:
        """The header with which everything may be seen."""
        return {"Authorization": f"Bearer {self._environment.get('WEB_TOKEN', '')}"}

    @property
    def is_ready(self) -> bool:
        return self.page("/readyz") is not None

    def page(self, path: str) -> str | None:
        """What it answers to a GET; None where it does not, or has a trouble to tell."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers=self.token)
            answer = connection.getresponse()
            return answer.read().decode() if answer.status == HTTPStatus.OK else None
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def said(self) -> str:
        """Return the end of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-60:])

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while not self.is_ready:
            if not self.is_alive:
                raise AssertionError(f"the bot ended by itself; it said last:\n{self.said()}")
            if time.monotonic() > until:
                raise AssertionError(f"the bot was not ready within {PATIENCE:g} s:\n{self.said()}")
            time.sleep(0.02)


def _run(config: Path, environment: Mapping[str, str], log: Path) -> None:
    """Become `spy run`: a group, an environment and a log of its own, and no terminal."""
    os.setpgid(0, 0)
    os.environ.clear()
    os.environ.update(environment)
    for path, flags, into in (
        (os.devnull, os.O_RDONLY, (0,)),
        (log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, (1, 2)),
    ):
        opened = os.open(path, flags, 0o644)
        for number in into:
            os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["spy", "run", "--config", str(config)]
    main()


def free_port() -> int:
    """Return a port that no connection outwards is given, so that a process which is started again still has it."""
    while True:
        port = SystemRandom().randrange(*LISTENING)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _around() -> dict[str, str]:
    """Return the bot what a process needs, and nothing of ours; no proxy stands between two ends of one machine."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(OURS) and not name.casefold().endswith("_proxy")
    }
