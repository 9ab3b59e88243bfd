"""What `spy check` says of GitHub."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.adapters.github.check import results
from bot.sandbox.box import Box
from bot.sandbox.faults import http
from tests.adapters.conftest import StandIn


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def looked(
    box: Box, token: str | None = None, repository: str = "acme/postmortems"
) -> list[tuple[str, bool]]:
    environment = box.environment()
    found = results(
        environment["GITHUB_TOKEN"] if token is None else token, repository, environment["GITHUB_API_URL"]
    )
    return [(result.what, result.well) for result in found]


def test_all_is_well_where_the_repository_takes_issues(box: Box) -> None:
    assert looked(box) == [
        ("GitHub token", True),
        ("GitHub repository acme/postmortems", True),
        ("GitHub issues of acme/postmortems", True),
        ("GitHub labels of acme/postmortems", True),
    ]
    assert box.calls("github") == ["GET /repos/acme/postmortems"]


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_wrong_token_is_all_that_is_told(box: Box, token: str) -> None:
    assert looked(box, token=token) == [("GitHub token", False)]


def test_a_repository_that_cannot_be_seen_is_told(box: Box) -> None:
    assert looked(box, repository="acme/nothing") == [
        ("GitHub token", True),
        ("GitHub repository acme/nothing", False),
    ]


def test_a_token_that_may_set_no_labels_is_told(box: Box) -> None:
    box.github.may_push = False

    assert looked(box)[-1] == ("GitHub labels of acme/postmortems", False)


def test_a_repository_with_another_name_is_told(stand_in: StandIn) -> None:
    def answer(_method: str, path: str, _given: object) -> tuple[int, Mapping[str, str], Any]:
        if path == "/repos/acme/old":
            return 301, {"location": f"{url}/repositories/7"}, {}
        return 200, {}, {"full_name": "acme/new", "has_issues": True, "url": f"{url}/repos/acme/new"}

    url = stand_in(answer)

    found = {it.what: it.cure for it in results("t", "acme/old", url)}

    assert found["GitHub repository acme/old"].startswith("It is acme/new now")


def test_an_outage_is_told_after_one_try(box: Box) -> None:
    box.faults.down("github", http(503))

    assert looked(box) == [("GitHub repository acme/postmortems", False)]
    assert len(box.calls("github")) == 1


def test_silence_is_told_with_its_cure() -> None:
    [result] = results("token", "acme/postmortems", "http://127.0.0.1:9")

    assert not result.well
    assert "GITHUB_API_URL" in result.cure
