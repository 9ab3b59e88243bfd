"""A GitHub that is not ours, npm's `emulate`, as a child process; see tests/emulate/README.md."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.bot_process import free_port
from tests.support.folders import TESTS

FOLDER = TESTS / "emulate"
TOKEN = "another-token"
REPOSITORY = "acme/postmortems"


def is_there() -> bool:
    return shutil.which("node") is not None and (FOLDER / "node_modules" / "emulate").is_dir()


@dataclass(frozen=True, kw_only=True)
class Emulated:
    """What a person sees and does there."""

    url: str

    @property
    def environment(self) -> Mapping[str, str]:
        return {"GITHUB_API_URL": self.url, "GITHUB_TOKEN": TOKEN}

    def issues(self) -> list[dict[str, Any]]:
        return self._ask("GET", "issues?state=all")

    def issue(self, title: str) -> dict[str, Any]:
        [found] = [it for it in self.issues() if it["title"].startswith(title)]
        return found

    def edit(self, number: int, body: str) -> None:
        self._ask("PATCH", f"issues/{number}", json={"body": body})

    def _ask(self, verb: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"token {TOKEN}"}
        answer = httpx.request(verb, f"{self.url}/repos/{REPOSITORY}/{path}", headers=headers, **more)
        return answer.raise_for_status().json()


@contextmanager
def github() -> Iterator[Emulated]:
    """Serve it for as long as the `with` lasts; its address is `localhost`, as in all that it answers."""
    port = free_port()
    command = ("node", "serve.mjs", str(port), TOKEN)
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True, process_group=0) as child:
        try:
            assert child.stdout
            assert child.stdout.readline() == "ready\n"
            yield Emulated(url=f"http://localhost:{port}")
        finally:
            child.terminate()
            child.wait(timeout=10)
