"""What tests of runbooks share: a folder that they write into."""

from collections.abc import Mapping
from pathlib import Path

from bot.adapters.runbooks import FolderRunbooks

PARAMETERS = """\
  word:
  number: {type: number, optional: yes}
  region: {type: choice, choices: [east, west], default: east}
  text: {type: text, optional: yes}
"""


class Library:
    """A folder of runbooks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runbooks = FolderRunbooks([folder])

    def put(
        self, body: str, *, name: str = "try", front: str = f"title: Try\nparameters:\n{PARAMETERS}"
    ) -> None:
        """Write a runbook; its body begins in line 9 where the front matter is the usual one."""
        (self.folder / f"{name}.md.j2").write_text(f"---\n{front.rstrip()}\n---\n{body}", encoding="utf-8")

    def mistake(self, body: str) -> str:
        """Return what is wrong with a body, without the folder's name; "" for nothing."""
        self.put(body)
        return "\n".join(it.removeprefix(f"{self.folder}/") for it in self.runbooks.mistakes())

    def fill(self, body: str, incident: Mapping[str, object] | None = None, **values: str) -> str:
        """Fill in a body, as it is shown in Slack."""
        if mistake := self.mistake(body):
            raise AssertionError(mistake)
        runbook = self.runbooks.find("try")
        reading = self.runbooks.read(runbook, {"word": "db-1", **values})
        assert reading.is_whole, reading
        return self.runbooks.fill(runbook, reading.filled, incident).text
