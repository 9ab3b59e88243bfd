"""The image: pinned, without what only development needs, with a list of its parts, and with few rights."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.audit import audit
from tests.support.folders import ROOT

LOCKS = ("requirements.lock", "requirements-run.lock", "requirements-build.lock")
PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def locked(name: str) -> dict[str, str]:
    """The packages of a lock and their versions."""
    found = re.findall(
        r"^([a-z0-9._-]+)==([^ ;\\]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    )
    return {canonicalize_name(package): version for package, version in found}


def declared(extra: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    given = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {canonicalize_name(Requirement(it).name) for it in given}


def stages() -> list[list[str]]:
    """The instructions of each stage of the Dockerfile, each on one line."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    starts = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    return [lines[at:to] for at, to in zip(starts, [*starts[1:], None], strict=True)]


def test_the_image_runs_with_what_spy_declares_and_nothing_of_development():
    run = locked("requirements-run.lock").keys()

    assert declared("") <= run
    not_needed = (declared("dev") | declared("demo") | declared("build")) - declared("")
    assert run & not_needed <= {"rich", "jsonschema"}, "which typer and mcp bring"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_hash_for_each_package_and_no_index(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")

    assert "index-url" not in text
    assert "://" not in text
    assert [it for it in text.split("\n\n") if "==" in it and "--hash=sha256:" not in it] == []


@pytest.mark.parametrize("name", LOCKS[1:])
def test_the_locks_agree_on_each_version(name: str):
    everything = locked("requirements.lock")

    assert {it: everything.get(it) for it in locked(name)} == locked(name)


def test_the_base_images_are_pinned_by_digest():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert PINNED.search(re.findall(r"^ARG PYTHON=(\S+)$", text, re.MULTILINE)[0])
    assert {it[0].split()[1] for it in stages()} == {"${PYTHON}"}
    assert PINNED.search(COMPOSE["services"]["db"]["image"])


def test_the_last_stage_installs_nothing_and_is_not_root():
    build, last = stages()

    assert any("--require-hashes --requirement requirements-run.lock" in line for line in build)
    assert not any("pip" in line or line.startswith("COPY bot") for line in last)
    assert [line for line in last if line.startswith("USER ")] == ["USER 10001"]


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_a_container_can_gain_no_rights_and_write_nowhere_else(service: str):
    made: Any = COMPOSE["services"][service]

    assert made["read_only"] is True
    assert made["cap_drop"] == ["ALL"]
    assert made["security_opt"] == ["no-new-privileges:true"]


def test_the_bill_of_materials_lists_what_is_locked(tmp_path: Path):
    file, options = tmp_path / "sbom.json", ("requirements", "--output-reproducible", "--output-file")
    command = (sys.executable, "-m", "cyclonedx_py", *options, str(file), str(ROOT / "requirements-run.lock"))
    subprocess.run(command, check=True, capture_output=True, timeout=60)

    bill = json.loads(file.read_text(encoding="utf-8"))

    assert bill["bomFormat"] == "CycloneDX"
    assert {canonicalize_name(it["name"]): it["version"] for it in bill["components"]} == locked(
        "requirements-run.lock"
    )


# --- known weaknesses


def report(*packages: Any) -> str:
    return json.dumps({"dependencies": packages})


GOOD = {"name": "urllib3", "version": "2.8.0", "vulns": []}
BAD = {"name": "jinja2", "version": "3.1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["3.1.6"]}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited"}


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ({"pypi": report(GOOD, BAD)}, 1, "  jinja2 3.1.0: CVE-1, mended in 3.1.6"),
        ({"pypi": report(GOOD)}, 0, "No known weakness in 1 packages of a.lock, by pypi."),
        ({"pypi": report(GOOD, UNKNOWN)}, 0, "Not known there: ours."),
        ({"pypi": report(UNKNOWN), "osv": report(BAD)}, 1, "by osv:"),
        ({"pypi": report(UNKNOWN), "osv": ""}, 0, "NOT audited: no advisories can be reached"),
        ({"pypi": "Traceback", "osv": "[]"}, 0, "NOT audited"),
    ],
)
def test_the_audit_fails_for_weaknesses_and_never_for_lack_of_a_network(
    answers: dict[str, str], code: int, words: str
):
    told = audit("a.lock", lambda _lock, source: answers[source])

    assert told[0] == code
    assert words in told[1]
