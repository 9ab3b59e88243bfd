"""What has another place on GitHub now: followed there, and kept as being there, never in what it was asked for."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from bot.adapters.actions.variables import Variables
from bot.adapters.github.tracker import GitHub
from bot.adapters.github.workflows import Workflows
from bot.domain.failover.plan import Workflow
from bot.ports import Issue, IssueDraft
from tests.adapters.conftest import StandIn

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DRAFT = IssueDraft(title="alert on a full queue", body="<!-- spy:follow-up:1-2 -->", state="open")
Said = tuple[int, Mapping[str, str], Any]
OLD, NEW, ELSEWHERE = "acme/postmortems", "acme/learning", "acme/checkout"


@dataclass
class MovedGitHub:
    """A repository that was renamed, from which issue 1 was transferred to another: GETs are told so with 301,
    all else with 307, and what is written to the old address is not done."""

    url: str = ""
    written: list[tuple[str, str]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, given: Any) -> Said:
        place, _, query = path.removeprefix("/repos/").partition("?")
        self.queries.append(query)
        if place == f"{OLD}/issues/1" or place.startswith(f"{OLD}/issues/1/"):
            return self._elsewhere(method, place.replace(f"{OLD}/issues/1", f"{ELSEWHERE}/issues/2"))
        if place == OLD or place.startswith(f"{OLD}/"):
            return self._elsewhere(method, place.replace(OLD, NEW))
        if method != "GET":
            self.written.append((method, place))
        return 200, {}, self._thing(method, place, given or {})

    def _elsewhere(self, method: str, place: str) -> Said:
        location = {"location": f"{self.url}/repos/{place}"}
        return 301 if method == "GET" else 307, location, {"message": "Moved Permanently"}

    def _thing(self, method: str, place: str, given: dict[str, Any]) -> Any:
        owner, name, *rest = place.split("/")
        repository = f"{owner}/{name}"
        home = {"full_name": repository, "name": name, "default_branch": "main"}
        if not rest:
            return home | {"url": f"{self.url}/repos/{repository}", "has_issues": True}
        if rest == ["issues"] and method == "GET":
            return [self._issue(repository, 7, {"body": DRAFT.body})]
        if rest[-1] == "comments":
            return {"id": 5, **given} if method == "POST" else []
        if rest[-1] == "dispatches":
            run = f"{self.url}/repos/{repository}/actions/runs/9"
            return {"workflow_run_id": 9, "run_url": run, "html_url": run}
        if rest[:2] == ["actions", "runs"]:
            return {"jobs": []} if rest[-1] == "jobs" else self._run(repository)
        return self._issue(repository, int(rest[1]) if len(rest) > 1 else 3, given)

    def _run(self, repository: str) -> Any:
        url = f"{self.url}/repos/{repository}/actions/runs/9"
        over = {"status": "completed", "conclusion": "success"}
        return {"id": 9, "url": url, "html_url": url, "jobs_url": f"{url}/jobs", **over}

    def _issue(self, repository: str, number: int, given: dict[str, Any]) -> Any:
        api = f"{self.url}/repos/{repository}"
        address = {"url": f"{api}/issues/{number}", "repository_url": api}
        page = f"https://github.com/{repository}/issues/{number}"
        words = {"title": DRAFT.title, "body": "", "state": "open", **given}
        nobody: Any = {"assignees": [], "labels": [], "milestone": None, "user": None}
        when = dict.fromkeys(("created_at", "updated_at"), "2026-11-23T12:00:00Z")
        return {"id": 70, "number": number, "html_url": page, **nobody, **address, **words, **when}


@pytest.fixture
def moved(stand_in: StandIn) -> MovedGitHub:
    moved = MovedGitHub()
    moved.url = stand_in(moved.answer)
    return moved


@pytest.fixture
def github(moved: MovedGitHub) -> Iterator[GitHub]:
    github = GitHub("t", url=moved.url, timeout=timedelta(seconds=5))
    yield github
    github.close()


def done(issue: Issue) -> IssueDraft:
    return IssueDraft(title=DRAFT.title, body=issue.body, state="closed")


def test_a_transferred_issue_is_revised_where_it_is_and_kept_so(github: GitHub, moved: MovedGitHub):
    first = github.revise_issue(OLD, 1, done)
    github.revise_issue(first.repository, first.number, done)

    assert (first.repository, first.number) == (ELSEWHERE, 2)
    assert set(moved.written) == {("PATCH", f"{ELSEWHERE}/issues/2")}


def test_an_issue_in_a_renamed_repository_has_the_new_name(github: GitHub):
    assert github.revise_issue(OLD, 8, lambda _: DRAFT).repository == NEW


def test_an_issue_is_opened_once_in_a_renamed_repository(github: GitHub, moved: MovedGitHub):
    made = github.open_issue(OLD, DRAFT)

    assert (made.repository, made.number) == (NEW, 3)
    assert moved.written == [("POST", f"{NEW}/issues")]


def test_an_issue_is_found_in_a_renamed_repository_with_all_that_was_asked(
    github: GitHub, moved: MovedGitHub
):
    found = github.find_issue(OLD, "spy:follow-up:1-2", since=NOON)

    assert found
    assert (found.repository, found.number) == (NEW, 7)
    assert "state=all" in moved.queries[-1]  # a redirect would lose it


def test_comments_are_written_where_the_issue_is(github: GitHub, moved: MovedGitHub):
    there = github.comments(OLD, 1)
    github.add_comment(there.repository, there.number, "the log")

    assert (there.repository, there.number) == (ELSEWHERE, 2)
    assert moved.written == [("POST", f"{ELSEWHERE}/issues/2/comments")]


def test_a_workflow_of_a_renamed_repository_is_dispatched(moved: MovedGitHub):
    workflows = Workflows("t", variables=Variables({}), url=moved.url)
    action = Workflow(repository=OLD, file="promote.yml", ref="main")

    outcome = workflows.dispatch(
        action, mark="m", timeout=timedelta(seconds=5), hear=lambda _: None, stopped=Event()
    )

    assert outcome.end == "ok"
    assert moved.written == [("POST", f"{NEW}/actions/workflows/promote.yml/dispatches")]


@pytest.mark.parametrize(
    ("told", "home"),
    [
        ({"repository_url": "https://ghe.acme.dev/api/v3/repos/acme/checkout"}, "acme/checkout"),
        ({"url": "https://api.github.com/repositories/7/issues/2"}, "acme/learning"),
        ({"url": "x", "html_url": "https://ghe.acme.dev/acme/checkout/issues/2"}, "acme/checkout"),
        ({"url": "x", "html_url": ""}, OLD),
    ],
)
def test_where_an_issue_is_stands_in_the_answer_alone(stand_in: StandIn, told: dict[str, str], home: str):
    moved = MovedGitHub()

    def answer(method: str, path: str, given: Any) -> Said:
        status, headers, said = moved.answer(method, path.replace(OLD, NEW), given)
        return status, headers, said | {"repository_url": None} | told if "issues/8" in path else said

    moved.url = stand_in(answer)
    with closing(GitHub("t", url=moved.url, timeout=timedelta(seconds=5))) as github:
        issue = github.revise_issue(OLD, 8, lambda it: replace(DRAFT, body=it.body))

    assert issue.repository == home
