"""GitHub Actions: two workflows of one repository, dispatched and run like GitHub's, but quickly."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import Literal
from urllib.parse import urlencode

from bot.sandbox.github.shapes import SITE, GitHubJson
from bot.sandbox.server.rest import JSON, ApiCall, ApiResponse, RefusedError, Route

REPOSITORY = "acme/infra"
DOCS = "https://docs.github.com/rest/actions"
BOT = "spy-bot"
BRANCH = "main"
SHA = "0d6f1c8e4b7a2953f0c1d2e3a4b5968778695a4b"
MOST_INPUTS = 25
PAGE, LARGEST_PAGE = 30, 100
ACCEPTED, NO_CONTENT, NOT_FOUND, CONFLICT, UNPROCESSABLE = 202, 204, 404, 409, 422
Fate = Literal["succeed", "fail", "hang", "hang on"]
"""How a run ends. "hang": it ends when it is cancelled. "hang on": it never ends."""


@dataclass(frozen=True, kw_only=True)
class WorkflowFile:
    """A file in .github/workflows, with its inputs and its `run-name`."""

    id: int
    file: str
    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    run_name: str = ""


FILES = (
    WorkflowFile(
        id=501,
        file="promote.yml",
        name="Promote",
        required=("pod",),
        optional=("location", "spy"),
        run_name="Promote pod {pod} ({spy})",
    ),
    WorkflowFile(id=502, file="restart.yml", name="Restart", required=("pod",), optional=("location",)),
)


@dataclass(kw_only=True)
class WorkflowRun:
    """One run, changed only under the lock. `starts` and `ends` are on the machine's monotonic clock."""

    id: int
    number: int
    of: WorkflowFile
    title: str
    inputs: Mapping[str, str]
    fate: Fate
    created_at: datetime
    starts: float
    ends: float
    is_cancelled: bool = False
    ended: str | None = None
    """A conclusion set by a test."""

    def looks(self, now: float) -> tuple[str, str | None]:
        """Return the status and conclusion."""
        if self.ended:
            return "completed", self.ended
        if self.is_cancelled and self.fate != "hang on":
            return "completed", "cancelled"
        if now < self.starts:
            return "queued", None
        if now < self.ends or self.fate in ("hang", "hang on"):
            return "in_progress", None
        return "completed", "success" if self.fate == "succeed" else "failure"


@dataclass(kw_only=True)
class GitHubActions:
    """All runs. Tests read `runs`, set the next results in `fates`, and end a run with `end`.

    A run is queued for `queued` seconds, then runs for `running` seconds.
    """

    url: Callable[[], str]
    lock: RLock
    clock: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic
    queued: float = 0.2
    running: float = 0.6
    runs: dict[int, WorkflowRun] = field(default_factory=dict)
    fates: list[Fate] = field(default_factory=list)
    """The results of the next runs. Later runs succeed."""
    names_runs: bool = True
    """Whether a dispatch can be answered with its run. Older GitHub Enterprise servers can't."""

    def __post_init__(self) -> None:
        self._ids = itertools.count(90_001)
        self._shapes = GitHubJson(url=self.url, labels={}, repository=REPOSITORY)

    def end(self, run: int, conclusion: str) -> None:
        """End a run now."""
        with self.lock:
            self.runs[run].ended = conclusion

    def routes(self) -> Iterator[Route]:
        repo = f"/repos/{REPOSITORY}"
        workflow, run = f"{repo}/actions/workflows/{{file}}", f"{repo}/actions/runs/{{id}}"
        for verb, path, endpoint in (
            ("GET", repo, self.show_repository),
            ("GET", workflow, self.show_workflow),
            ("POST", f"{workflow}/dispatches", self.dispatch),
            ("GET", f"{workflow}/runs", self.list_runs),
            ("GET", run, self.show_run),
            ("GET", f"{run}/jobs", self.list_jobs),
            ("POST", f"{run}/cancel", self.cancel),
        ):
            yield verb, path, self._only(endpoint)

    def _only(self, endpoint: Callable[[ApiCall], ApiResponse]) -> Callable[[ApiCall], ApiResponse]:
        def run(call: ApiCall) -> ApiResponse:
            with self.lock:
                return endpoint(call)

        return run

    # --- the REST API

    def show_repository(self, call: ApiCall) -> ApiResponse:  # noqa: ARG002 - every endpoint is asked the same way
        return ApiResponse(body=self._shapes.repository())

    def show_workflow(self, call: ApiCall) -> ApiResponse:
        return ApiResponse(body=self._workflow(_file(call)))

    def dispatch(self, call: ApiCall) -> ApiResponse:
        file, given = _file(call), call.body
        inputs = given.get("inputs") or {}
        _check(file, str(given.get("ref", "")), inputs)
        run = self._begin(file, {name: str(value) for name, value in inputs.items()})
        if not (given.get("return_run_details") and self.names_runs):
            return ApiResponse(status=NO_CONTENT)
        links = {"run_url": self._api(f"/actions/runs/{run.id}"), "html_url": self._page(run)}
        return ApiResponse(body={"workflow_run_id": run.id, **links})

    def list_runs(self, call: ApiCall) -> ApiResponse:
        file = _file(call)
        mine = [self._run(run) for run in reversed(self.runs.values()) if run.of is file]
        wanted = {
            key: call.one(name)
            for name, key in {"event": "event", "branch": "head_branch", "status": "status"}.items()
            if call.one(name)
        }
        found = [run for run in mine if all(run[key] == value for key, value in wanted.items())]
        return self._list(call, "workflow_runs", found)

    def show_run(self, call: ApiCall) -> ApiResponse:
        return ApiResponse(body=self._run(self._named(call)))

    def list_jobs(self, call: ApiCall) -> ApiResponse:
        return self._list(call, "jobs", [self._job(self._named(call))])

    def cancel(self, call: ApiCall) -> ApiResponse:
        run = self._named(call)
        if run.looks(self.monotonic())[0] == "completed":
            raise _refusal(CONFLICT, "Cannot cancel a workflow run that is completed.")
        run.is_cancelled = True
        return ApiResponse(status=ACCEPTED, body={})

    # --- helpers

    def _begin(self, file: WorkflowFile, inputs: Mapping[str, str]) -> WorkflowRun:
        starts = self.monotonic() + self.queued
        shown = {**dict.fromkeys((*file.required, *file.optional), ""), **inputs}
        run = WorkflowRun(
            id=next(self._ids),
            number=1 + sum(run.of is file for run in self.runs.values()),
            of=file,
            title=file.run_name.format_map(shown) if file.run_name else file.name,
            inputs=inputs,
            fate=self.fates.pop(0) if self.fates else "succeed",
            created_at=self.clock(),
            starts=starts,
            ends=starts + self.running,
        )
        self.runs[run.id] = run
        return run

    def _named(self, call: ApiCall) -> WorkflowRun:
        number = call.ids["id"]
        run = self.runs.get(int(number)) if number.isdigit() else None
        if run is None:
            raise _refusal(NOT_FOUND, "Not Found")
        return run

    def _api(self, path: str) -> str:
        return f"{self.url()}/repos/{REPOSITORY}{path}"

    def _page(self, run: WorkflowRun) -> str:
        return f"{SITE}/{REPOSITORY}/actions/runs/{run.id}"

    def _list(self, call: ApiCall, name: str, items: list[JSON]) -> ApiResponse:
        """Return one page of a list, with the Link header that PyGithub follows."""
        size = min(int(call.one("per_page", str(PAGE))), LARGEST_PAGE)
        number = int(call.one("page", "1"))
        query = urlencode({**call.query, "per_page": [size], "page": [number + 1]}, doseq=True)
        following = {"link": f'<{self.url()}{call.path}?{query}>; rel="next"'}
        body = {"total_count": len(items), name: items[(number - 1) * size : number * size]}
        return ApiResponse(body=body, headers=following if items[number * size :] else {})

    # --- JSON

    def _workflow(self, file: WorkflowFile) -> JSON:
        path = f".github/workflows/{file.file}"
        founded = "2025-01-06T09:00:00Z"
        return {
            "id": file.id,
            "node_id": f"W_{file.id}",
            "name": file.name,
            "path": path,
            "state": "active",
            "created_at": founded,
            "updated_at": founded,
            "url": self._api(f"/actions/workflows/{file.id}"),
            "html_url": f"{SITE}/{REPOSITORY}/blob/{BRANCH}/{path}",
            "badge_url": f"{SITE}/{REPOSITORY}/workflows/{file.name}/badge.svg",
        }

    def _run(self, run: WorkflowRun) -> JSON:
        status, conclusion = run.looks(self.monotonic())
        url, at = self._api(f"/actions/runs/{run.id}"), _iso(run.created_at)
        links = ("jobs", "logs", "artifacts", "cancel", "rerun")
        committer = {"name": "Ana Lima", "email": "ana@example.com"}
        return {
            "id": run.id,
            "node_id": f"WFR_{run.id}",
            "name": run.of.name,
            "display_title": run.title,
            "head_branch": BRANCH,
            "head_sha": SHA,
            "path": f".github/workflows/{run.of.file}",
            "run_number": run.number,
            "run_attempt": 1,
            "event": "workflow_dispatch",
            "status": status,
            "conclusion": conclusion,
            "workflow_id": run.of.id,
            "url": url,
            "html_url": self._page(run),
            "pull_requests": [],
            "created_at": at,
            "updated_at": at,
            "run_started_at": at,
            "actor": self._shapes.user(BOT),
            "triggering_actor": self._shapes.user(BOT),
            **{f"{link}_url": f"{url}/{link}" for link in links},
            "check_suite_url": self._api(f"/check-suites/{run.id}"),
            "previous_attempt_url": None,
            "workflow_url": self._api(f"/actions/workflows/{run.of.id}"),
            "head_commit": {
                "id": SHA,
                "tree_id": SHA[::-1],
                "message": "Promote with care",
                "timestamp": at,
                "author": committer,
                "committer": committer,
            },
            "repository": self._shapes.repository(),
            "head_repository": self._shapes.repository(),
        }

    def _job(self, run: WorkflowRun) -> JSON:
        status, conclusion = run.looks(self.monotonic())
        ident, at = run.id + 1_000_000, _iso(run.created_at)
        ended = at if status == "completed" else None
        step = {"status": status, "conclusion": conclusion, "started_at": at, "completed_at": ended}
        began = {"status": "completed", "conclusion": "success", "started_at": at, "completed_at": at}
        steps = [{"name": "Set up job", "number": 1, **began}, {"name": run.of.name, "number": 2, **step}]
        return {
            "id": ident,
            "node_id": f"CR_{ident}",
            "run_id": run.id,
            "run_url": self._api(f"/actions/runs/{run.id}"),
            "run_attempt": 1,
            "head_sha": SHA,
            "head_branch": BRANCH,
            "url": self._api(f"/actions/jobs/{ident}"),
            "html_url": f"{self._page(run)}/job/{ident}",
            "status": status,
            "conclusion": conclusion,
            "created_at": at,
            "started_at": at,
            "completed_at": ended,
            "name": run.of.name.lower(),
            "steps": [] if status == "queued" else steps,
            "check_run_url": self._api(f"/check-runs/{ident}"),
            "labels": ["ubuntu-latest"],
            "runner_id": None if status == "queued" else 1,
            "runner_name": None if status == "queued" else "runner-1",
            "runner_group_id": None if status == "queued" else 1,
            "runner_group_name": None if status == "queued" else "Default",
            "workflow_name": run.of.name,
        }


def _file(call: ApiCall) -> WorkflowFile:
    """Find a workflow by file name or id."""
    named = next((file for file in FILES if call.ids["file"] in (file.file, str(file.id))), None)
    if named is None:
        raise _refusal(NOT_FOUND, "Not Found")
    return named


def _check(file: WorkflowFile, ref: str, inputs: JSON) -> None:
    """Refuse what GitHub refuses, with the same message."""
    if ref.removeprefix("refs/heads/") != BRANCH:
        raise _refusal(UNPROCESSABLE, f"No ref found for: {ref}")
    if len(inputs) > MOST_INPUTS:
        raise _refusal(UNPROCESSABLE, f"you may only define up to {MOST_INPUTS} `inputs`")
    if unknown := [name for name in inputs if name not in (*file.required, *file.optional)]:
        listed = json.dumps(unknown, separators=(", ", ": "))
        raise _refusal(UNPROCESSABLE, f"Unexpected inputs provided: {listed}")
    if missing := [name for name in file.required if not inputs.get(name)]:
        raise _refusal(UNPROCESSABLE, f"Required input '{missing[0]}' not provided")


def _refusal(status: int, message: str) -> RefusedError:
    body = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return RefusedError(ApiResponse(status=status, body=body))


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
