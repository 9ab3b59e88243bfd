"""What the documentation tells people to write and to run, taken from its pages word for word."""

import re
from pathlib import Path

from tests.support.folders import ROOT

FILE = re.compile(r"`([\w./-]+\.\w+)`[^`\n]*:\n\n( *)(`{3,})(\w*)\n(.*?\n)\2\3\n", re.DOTALL)
BLOCK = re.compile(r"^( *)(`{3,})(\w*)\n(.*?\n)\1\2$", re.DOTALL | re.MULTILINE)


def section(page: str, heading: str) -> str:
    """Return the text of a section of a page of the repository."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"^(##+) {re.escape(heading)}\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"{page} has no section {heading}"
    return found[2]


def blocks(text: str, language: str) -> list[str]:
    """Return the blocks of code in one language."""
    return [_flush(it[4], it[1]) for it in BLOCK.finditer(text) if it[3] == language]


def write_files(text: str, folder: Path) -> list[str]:
    """Write each file whose name stands in the line before its block, or change it by a diff; return the names."""
    for name, indent, _, language, body in FILE.findall(text):
        path, block = folder / name, _flush(body, indent)
        path.parent.mkdir(parents=True, exist_ok=True)
        block = _changed(path.read_text(encoding="utf-8"), block) if language == "diff" else block
        path.write_text(block, encoding="utf-8")
    return files(text)


def files(text: str) -> list[str]:
    """Return the names of the files that a text shows."""
    return [name for name, *_ in FILE.findall(text)]


def _changed(text: str, diff: str) -> str:
    """Return a text with each change of a diff made in the one place that its lines show."""
    for change in diff.split("@@\n"):
        lines = change.splitlines(keepends=True)
        before = "".join(it[1:] for it in lines if not it.startswith("+"))
        after = "".join(it[1:] for it in lines if not it.startswith("-"))
        assert text.count(before) == 1, f"{text.count(before)} places have these lines:\n{before}"
        text = text.replace(before, after)
    return text


def _flush(body: str, indent: str) -> str:
    return "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
