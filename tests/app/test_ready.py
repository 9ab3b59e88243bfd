"""`spy ready`, by which a container's health is checked, asks where the configuration says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from bot.app.ready import address
from bot.web import Shown, build_web, listen, serve, with_token
from tests.app.test_cli import spy
from tests.support.folders import ROOT

TOKEN = "t0ken-" + "x" * 32


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SPY_CONFIG", "WEB_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def web(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """A Spy that listens at a port of its own, as config.yaml says; the test names what its database says."""
    app: Starlette = build_web(
        to_all=Shown(),
        with_token=Shown(),
        sees_all=with_token(TOKEN),
        readiness={"database": lambda: request.param},
    )
    served = serve(app, listen("127.0.0.1", 0))
    (tmp_path / "config.yaml").write_text(f"web: {{port: {served.port}}}\n", encoding="utf-8")
    yield
    served.stop()


@pytest.mark.parametrize("web", [""], indirect=True)
@pytest.mark.usefixtures("web")
def test_a_spy_that_is_ready_is_well():
    result = spy("ready")

    assert (result.exit_code, result.stdout) == (0, "Spy is ready.\n")


@pytest.mark.parametrize("web", ["its disk is full"], indirect=True)
@pytest.mark.usefixtures("web")
def test_one_that_is_not_says_why_to_those_with_the_token(monkeypatch: pytest.MonkeyPatch):
    without = spy("ready")
    monkeypatch.setenv("WEB_TOKEN", TOKEN)
    with_it = spy("ready")

    assert (without.exit_code, without.stdout) == (1, "Spy is not ready.\n")
    assert with_it.stdout == "Spy is not ready.\ndatabase: its disk is full\n"


def test_where_nothing_answers_that_is_said(tmp_path: Path):
    (tmp_path / "config.yaml").write_text("web: {port: 1}\n", encoding="utf-8")

    result = spy("ready")

    assert (result.exit_code, result.stdout) == (1, "No Spy answers at 127.0.0.1:1.\n")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, ("127.0.0.1", 3000)),
        ({}, ("127.0.0.1", 3000)),
        ({"web": {"port": 8080}}, ("127.0.0.1", 8080)),
        ({"web": {"host": "0.0.0.0", "port": 8080}}, ("127.0.0.1", 8080)),  # noqa: S104  as people write it
        ({"web": {"host": "10.0.0.7"}}, ("10.0.0.7", 3000)),
        ({"web": {"host": "::", "port": 0}}, ("::1", 3000)),
        ({"web": {"port": "many"}}, ("127.0.0.1", 3000)),
        ({"web": None}, ("127.0.0.1", 3000)),
        ([], ("127.0.0.1", 3000)),
    ],
    ids=str,
)
def test_it_asks_where_the_configuration_says_and_where_that_is_wrong_at_the_usual_place(
    tmp_path: Path, written: Any, expected: tuple[str, int]
):
    file = tmp_path / "config.yaml"
    if written is not None:
        file.write_text(json.dumps(written), encoding="utf-8")

    assert address(file) == expected


def test_the_images_health_check_asks_so_and_names_no_port():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    [check] = re.findall(r"^HEALTHCHECK .*(?:\\\n.*)*", dockerfile, re.MULTILINE)
    assert '["spy", "ready"]' in check
    assert not re.search(r":\d{4}", check)
