"""What the documentation tells a newcomer to write: it runs as it stands there."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from pydoc import locate

import pytest

from bot.app.manifest import manifest
from bot.app.settings import load
from bot.domain.policy import Timers
from bot.domain.reminder import REMINDERS, Reminder
from bot.sandbox.slack.own_commands import OWN_COMMANDS
from tests.support.docs import blocks, files, section, write_files
from tests.support.folders import ROOT

EXTENDING = "docs/extending.md"
FROM_NOTHING = section("docs/plugins.md", "From nothing to a tested plugin")


@pytest.fixture
def coffee(tmp_path: Path) -> Path:
    """The files of *From nothing to a tested plugin*, as they stand there."""
    assert write_files(FROM_NOTHING, tmp_path) == [
        "config.yaml",
        "ours/coffee.py",
        "ours/templates/coffee/sent.j2",
        "ours/tests/test_coffee.py",
    ]
    return tmp_path


@pytest.fixture
def copy_of_spy(tmp_path: Path) -> Path:
    """A copy of Spy, to be changed."""
    for folder in ("bot", "plugins", "templates", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def run_tests(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *tests)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_from_nothing_there_is_a_plugin_whose_test_passes_as_it_was_written(tmp_path: Path):
    folders, new, test = (it.strip() for it in blocks(FROM_NOTHING, "sh")[:3])
    (tmp_path / folders.removeprefix("mkdir -p ")).mkdir(parents=True)
    (tmp_path / "config.yaml").write_text(blocks(FROM_NOTHING, "yaml")[0], encoding="utf-8")

    spy = (sys.executable, "-m", "bot", *new.removeprefix("spy ").split())
    subprocess.run(spy, cwd=tmp_path, check=True)
    ran = run_tests(tmp_path, test.removeprefix("pytest "))

    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout


def test_the_plugin_that_a_newcomer_makes_of_it_passes_its_test(coffee: Path):
    ran = run_tests(coffee, "ours/tests")

    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout


def test_a_command_whose_template_is_missing_fails_with_its_name(coffee: Path):
    (coffee / "ours/templates/coffee/sent.j2").unlink()

    ran = run_tests(coffee, "ours/tests")

    assert ran.returncode == 1
    assert "coffee/sent" in ran.stdout


def test_what_is_added_as_the_docs_say_passes_its_tests(copy_of_spy: Path):
    headings = ("A command with a new fact", "A reminder", "A lasting message", "A page of the dashboard")
    tests = [write_files(section(EXTENDING, it), copy_of_spy)[-1] for it in headings]

    ran = run_tests(copy_of_spy, *tests)

    assert ran.returncode == 0, ran.stdout
    assert "4 passed" in ran.stdout


def test_each_example_takes_as_many_files_as_the_docs_count():
    table = section(EXTENDING, "How many files")
    counted = re.findall(r"^\| \[(.+?)\]\(.+?\) \| (\d) \|", table, re.MULTILINE)[:5]

    shown = [FROM_NOTHING, *(section(EXTENDING, heading) for heading, _ in counted[1:])]

    assert [str(len(product_files(it))) for it in shown] == [count for _, count in counted]


def product_files(text: str) -> list[str]:
    return [it for it in files(text) if "tests/" not in it and it != "config.yaml"]


def test_the_diagram_of_packages_shows_the_layers_that_imports_are_checked_by():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    [layers] = [it["layers"] for it in contracts if it["name"] == "Calls go inward"]

    [diagram] = blocks(section("docs/design.md", "Packages"), "text")

    assert diagram.splitlines() == layers


def test_the_words_of_a_command_take_at_most_nine_forms_and_each_is_a_class():
    forms = re.findall(
        r"^\d+\. .+$", section("docs/design.md", "What a command's words become"), re.MULTILINE
    )
    classes = [name for form in forms for name in re.findall(r"`(bot\.[\w.]+)`", form)]

    assert len(forms) <= 9
    assert len(classes) >= len(forms) - 2
    assert all(isinstance(locate(it), type) for it in classes)


WEB_PATHS = {
    "/healthz",
    "/manifest",
    "/mcp",
    "/metrics",
    "/outbox",
    "/readyz",
    "/reports",
    "/runbooks",
    "/status",
}


def test_every_slash_command_that_is_told_of_is_one_that_slack_knows():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "templates").rglob("*.j2")]
    told = {
        word for page in pages for word in re.findall(r"`(/[a-z]+)[ `]", page.read_text(encoding="utf-8"))
    }
    commands = json.loads(manifest(load(None, {})))["features"]["slash_commands"]

    assert told - {it["command"] for it in commands} - OWN_COMMANDS.keys() == WEB_PATHS


def configurations() -> list[str]:
    """Every piece of a config.yaml that the docs show; GitHub's workflows are YAML, too."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    shown = [it for page in pages for it in blocks(page.read_text(encoding="utf-8"), "yaml")]
    return [it for it in shown if ".github/workflows" not in it]


@pytest.mark.parametrize("shown", configurations())
def test_every_piece_of_configuration_is_one_that_spy_takes(tmp_path: Path, shown: str):
    for folder in ("ours", "ours/templates"):
        (tmp_path / folder).mkdir()
    (tmp_path / "config.yaml").write_text(
        f"teams: {{payments: {{channel: C0PAY}}, support: {{channel: C0SUP}}}}\n{shown}", encoding="utf-8"
    )

    load(tmp_path / "config.yaml", {})


@pytest.mark.parametrize("reminder", REMINDERS.values(), ids=REMINDERS)
def test_each_reminder_has_its_place_in_the_docs_with_what_changes_it(reminder: Reminder):
    docs = (ROOT / "docs/timers.md").read_text(encoding="utf-8")
    rows = [line for line in docs.splitlines() if line.startswith(f"| {reminder.row} |")]

    [place] = rows or [section("docs/timers.md", reminder.row)]

    assert [it for it in reminder.settings if f"`{it}" not in place and f"{it}:" not in place] == []


@pytest.mark.parametrize("timer", [it.name for it in fields(Timers)])
def test_each_timer_has_its_key_in_the_docs(timer: str):
    docs = (ROOT / "docs/timers.md").read_text(encoding="utf-8")

    assert f"`{timer}" in docs
