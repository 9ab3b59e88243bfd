"""Another pager and another tracker, as the documentation tells people to write them: they run as they stand there."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.docs import section, write_files
from tests.support.folders import ROOT


def linked(folder: Path, *within: str) -> None:
    """Link the project's code into a folder. The folders in `within` are real, so that files can be added."""
    for name in (".", *within):
        (folder / name).mkdir(exist_ok=True)
        for child in (ROOT / name).iterdir():
            there = folder / name / child.name
            is_real = any(it == f"{name}/{child.name}".removeprefix("./") for it in within)
            if not is_real and not there.exists() and (child.is_dir() or child.suffix == ".py"):
                there.symlink_to(child)


@pytest.mark.parametrize(("heading", "ours"), [("Another pager", "opsgenie"), ("Another tracker", "gitlab")])
def test_another_vendor_is_one_folder(heading: str, ours: str, tmp_path: Path):
    linked(tmp_path, "bot", "bot/adapters", "tests", "tests/adapters")
    written = write_files(section("docs/extending.md", heading), tmp_path)

    command = (
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-q",
        f"tests/adapters/test_{ours}.py",
    )
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert {it.rpartition("/")[0] for it in written} == {f"bot/adapters/{ours}", "tests/adapters"}
    assert ran.returncode == 0, ran.stdout
