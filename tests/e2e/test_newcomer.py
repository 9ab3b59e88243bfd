"""What a newcomer does, in a fresh copy of the repository: README's commands, and what the docs have them write."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.sandbox import Box
from tests.e2e.bot_process import OURS
from tests.support.docs import blocks, section, write_files
from tests.support.folders import ROOT

Ran = subprocess.CompletedProcess[str]
TOKENS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "PAGERDUTY_API_TOKEN", "GITHUB_TOKEN")
SECRET = "of-yesterday-and-never-to-be-shown"
OWN = """\
expect "checkout is down" within 30s to ana
ana #general> /spy coffee @raj "no milk"
expect "raj a coffee: no milk." in #general
/runbook clear-queue queue=jobs region=west why="stuck since noon"
expect "brokerctl --region west set-aside jobs --reason 'stuck since noon'" in #general
/failover site to west
raj #general> press "Approve"
expect "soaking" within 30s
+15s
expect "[Yes] [No]" within 30s
press "No"
expect "Rolled back" within 30s
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git would give to anybody, with what is not committed yet."""
    listing = ("git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if not (shutil.which("git") and (ROOT / ".git").exists()):
        pytest.skip("this is no git repository")
    names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\0")
    copy = tmp_path_factory.mktemp("clone")
    for name in filter(None, names):
        if not name.startswith("tests/") and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    for cache in (ROOT / "bot").rglob("__pycache__"):  # compiled once is enough
        shutil.copytree(cache, copy / cache.relative_to(ROOT))
    return copy


@pytest.fixture
def own(clone: Path, tmp_path: Path) -> Path:
    """A folder with the example as its configuration: `cp config.example.yaml config.yaml`."""
    shutil.copy(clone / "config.example.yaml", tmp_path / "config.yaml")
    return tmp_path


def spy(
    clone: Path, folder: Path, *words: str, given: str = "", environment: Mapping[str, str] | None = None
) -> Ran:
    """Run it as README's `.venv/bin/spy` would run, in this folder, with none of our variables."""
    around = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return subprocess.run(
        (sys.executable, "-m", "bot", *words),
        cwd=folder,
        env={**around, "PYTHONPATH": str(clone), **(environment or {})},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def troubles(checked: Ran) -> list[str]:
    return [line.removeprefix("FIX  ") for line in checked.stdout.splitlines() if line.startswith("FIX")]


# --- trying it ---


def test_readme_names_no_script_and_no_page_that_is_not_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"\]\(([\w./-]+)\)|make demo < ([\w./-]+\.txt)", text)

    assert len(named) > 8
    assert [page or script for page, script in named if not (ROOT / (page or script)).exists()] == []


def test_readmes_incident_and_ones_own_plugin_runbook_and_plan_are_tried_as_they_are_written(
    clone: Path, own: Path
):
    write_files(section("docs/plugins.md", "From nothing to a tested plugin"), own)
    write_files(section("docs/runbooks.md", "Your first one, in five minutes"), own)
    [typed] = [it for it in blocks(section("README.md", "Try it"), "") if it.startswith("ana #general>")]
    [plan] = blocks(section("docs/failover.md", "A plan to paste"), "yaml")
    with own.joinpath("config.yaml").open("a", encoding="utf-8") as config:
        config.write(f"runbooks: [runbooks]\n{plan}")

    play = spy(clone, own, "demo", "--port", "0", "--config", "config.yaml", given=typed + OWN)

    assert play.returncode == 0, play.stdout + play.stderr
    assert own.joinpath("site.txt").read_text() == ""  # the plan moved it, and took it back


# --- connecting a workspace ---


def test_the_manifest_is_printed_before_anything_is_configured(clone: Path):
    printed = spy(clone, clone, "manifest")

    commands = json.loads(printed.stdout)["features"]["slash_commands"]
    assert "/incident" in {it["command"] for it in commands}


def test_check_names_every_token_that_is_missing_and_where_it_is_found(clone: Path, own: Path):
    checked = spy(clone, own, "check")

    missing = [line for line in troubles(checked) if "is missing" in line and "Find it at" in line]
    assert checked.returncode == 1
    assert [re.findall(r"environment: (\w+)", line)[0] for line in missing] == list(TOKENS)


def test_without_its_tokens_spy_does_not_run_and_says_which(clone: Path, own: Path):
    ran = spy(clone, own, "run")

    assert ran.returncode == 2
    assert [re.findall(r"environment: (\w+)", line)[0] for line in ran.stderr.splitlines()] == list(
        TOKENS[:3]
    )


def test_tokens_in_each_others_place_are_told_and_not_used(clone: Path, own: Path):
    swapped = {
        "SLACK_BOT_TOKEN": f"xapp-{SECRET}",
        "SLACK_APP_TOKEN": f"xoxb-{SECRET}",
        "PAGERDUTY_API_TOKEN": "x",
    }

    ran = spy(clone, own, "run", environment=swapped)

    assert ran.returncode == 2
    assert ran.stderr.count("Swap the two.") == 2
    assert SECRET not in ran.stderr


@pytest.mark.parametrize("box", ["socket"], indirect=True)
def test_a_wrong_token_is_one_line_with_its_cure(box: Box, clone: Path, tmp_path: Path):
    (tmp_path / "config.yaml").write_text(box.config_yaml(), encoding="utf-8")
    wrong = {name: f"{box.environment()[name][:5]}{SECRET}" for name in TOKENS}

    checked = spy(clone, tmp_path, "check", environment={**box.environment(), **wrong})

    assert checked.returncode == 1
    told = [line.partition(" → ") for line in troubles(checked)]
    assert [what for what, *_ in told] == [
        "Slack: SLACK_BOT_TOKEN",
        "Slack: SLACK_APP_TOKEN",
        "PagerDuty token",
        "GitHub token",
    ]
    assert all(cure for *_, cure in told)
    assert SECRET not in checked.stdout + checked.stderr


@pytest.mark.parametrize("box", ["socket"], indirect=True)
def test_with_its_tokens_all_is_well(box: Box, clone: Path, tmp_path: Path):
    (tmp_path / "config.yaml").write_text(box.config_yaml(), encoding="utf-8")

    checked = spy(clone, tmp_path, "check", environment=box.environment())

    assert (troubles(checked), checked.returncode) == ([], 0)
