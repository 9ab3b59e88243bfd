"""An earlier Spy, as it stands in the history of the repository, to run beside this one."""

import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Self

import httpx

from tests.e2e.bot_process import free_port
from tests.support.folders import ROOT

COMMIT = "ec5f6892b8b9"
"""Before pages rang once for several, before INC-42 came from a sequence, and eleven migrations ago."""
PATIENCE = 60.0


def is_in_history() -> bool:
    """Return whether the earlier commit is there. A shallow clone has none."""
    with suppress(OSError):
        found = subprocess.run(
            ("git", "-C", str(ROOT), "cat-file", "-e", f"{COMMIT}^{{commit}}"),
            check=False,
            capture_output=True,
        )
        return found.returncode == 0
    return False


def unpacked(folder: Path) -> Path:
    """Write the code of the earlier Spy, and return where it is."""
    archive = subprocess.run(
        ("git", "-C", str(ROOT), "archive", COMMIT, "bot", "plugins", "templates"),
        check=True,
        capture_output=True,
    )
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


class OlderBot:
    """`spy run` of the earlier Spy, for as long as the `with` lasts."""

    def __init__(self, folder: Path, *, config: str, environment: Mapping[str, str]) -> None:
        self._code = unpacked(folder / "code")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "older.log"
        self._config = folder / "config.yaml"
        self._config.write_text(f"{config}\nweb: {{port: {self.port}}}\n", encoding="utf-8")
        self._environment = {**environment, "PYTHONPATH": str(self._code)}

    def __enter__(self) -> Self:
        command = (sys.executable, "-m", "bot", "run", "--config", str(self._config))
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command, cwd=self._code, env=self._environment, stdout=log, stderr=log
            )
        until = time.monotonic() + PATIENCE
        while not self.is_ready:
            assert self._child.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < until, self.log.read_text()[-2000:]
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._child.terminate()
        self._child.wait(timeout=20)

    @property
    def is_ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz").status_code == httpx.codes.OK
        return False
