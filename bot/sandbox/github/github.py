"""A stand-in for GitHub: one repository with issues, files and pull requests."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NoReturn, Protocol
from urllib.parse import urlencode

from bot.sandbox.feed import BoxEvent
from bot.sandbox.github.actions import GitHubActions
from bot.sandbox.github.files import GitHubFiles
from bot.sandbox.github.shapes import REPOSITORY, GitHubComment, GitHubIssue, GitHubJson, GitHubMilestone
from bot.sandbox.server.rest import JSON, Api, ApiCall, ApiResponse, RefusedError, Route, api

DOCS = "https://docs.github.com/rest"
BOT = "spy-bot"
COLLABORATORS = ("ana-lima", "raj-patel", BOT)  # possible assignees
LONGEST_TEXT = 65_536  # characters of a body or a comment
LONGEST_TITLE = 256
ONLY_PUSHERS = ("labels", "assignees", "milestone")
PAGE = 30
LARGEST_PAGE = 100
CREATED, UNPROCESSABLE = 201, 422


class GitHubHost(Protocol):
    """What the stand-in needs from the box."""

    @property
    def url(self) -> str: ...
    def environment(self) -> dict[str, str]: ...
    def publish(self, event: BoxEvent) -> None: ...


class SandboxGitHub:
    """The repository. The bot calls `api`.

    Tests read `issues` and `files`, and act as people with `edit`, `plan` and `delete`. `actions` are the
    workflows of another repository.
    """

    def __init__(self, box: GitHubHost, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.issues: dict[int, GitHubIssue] = {}
        self.deleted: set[int] = set()
        self.may_push = True
        """Whether the token may push. Without it, labels, assignees and milestone are dropped silently."""
        self.has_sub_issues = True
        """Whether this GitHub knows sub-issues; an older GitHub Enterprise does not."""
        self.labels: dict[str, JSON] = {}
        self.milestones: dict[int, GitHubMilestone] = {}
        self.lock = threading.RLock()
        self._shapes = GitHubJson(url=lambda: f"{box.url}/github", labels=self.labels)
        self.actions = GitHubActions(url=lambda: f"{box.url}/github", lock=self.lock, clock=clock)
        self._box = box
        self._clock = clock
        self._numbers = itertools.count(1)
        self._comment_ids = itertools.count(1001)
        self.files = GitHubFiles(self._shapes, clock=clock, numbers=self._numbers, author=BOT)

    def api(self) -> Api:
        return api(
            [*self.actions.routes(), *self._routes()], prefix="/github", admit=self._admit, refuse=_refusal
        )

    def edit(self, number: int, *, body: str) -> GitHubIssue:
        """Edit an issue, as a person does in the browser."""
        with self.lock:
            issue = self.issues[number]
            issue.body, issue.updated_at = body, self._clock()
            return issue

    def plan(self, title: str) -> GitHubMilestone:
        """Create a milestone, as a person does."""
        with self.lock:
            number = len(self.milestones) + 1
            self.milestones[number] = GitHubMilestone(number=number, title=title, created_at=self._clock())
            return self.milestones[number]

    def delete(self, number: int) -> None:
        """Delete an issue, as an administrator does."""
        with self.lock:
            del self.issues[number]
            self.deleted.add(number)

    # --- the REST API

    def _routes(self) -> Iterable[Route]:
        repo = "/repos/{owner}/{repo}"
        return [
            ("GET", "/rate_limit", self.show_rate_limit),
            ("GET", "/user", self.show_user),
            ("GET", "/user/repos", self.list_repositories),
            ("GET", repo, self._of_repo(self.show_repository)),
            ("GET", f"{repo}/issues", self._of_repo(self.list_issues)),
            ("POST", f"{repo}/issues", self._of_repo(self.create_issue)),
            ("GET", f"{repo}/issues/{{number}}", self._of_repo(self.show_issue)),
            ("PATCH", f"{repo}/issues/{{number}}", self._of_repo(self.update_issue)),
            ("GET", f"{repo}/issues/{{number}}/comments", self._of_repo(self.list_comments)),
            ("POST", f"{repo}/issues/{{number}}/comments", self._of_repo(self.create_comment)),
            ("GET", f"{repo}/issues/{{number}}/sub_issues", self._of_repo(self.list_sub_issues)),
            ("POST", f"{repo}/issues/{{number}}/sub_issues", self._of_repo(self.add_sub_issue)),
            ("POST", f"{repo}/issues/{{number}}/labels", self._of_repo(self.add_labels)),
            ("GET", f"{repo}/issues/{{number}}/labels", self._of_repo(self.list_issue_labels)),
            ("PATCH", f"{repo}/issues/comments/{{comment}}", self._of_repo(self.update_comment)),
            ("GET", f"{repo}/milestones", self._of_repo(self.list_milestones)),
            *(
                (verb, f"{repo}{path}", self._of_repo(endpoint))
                for verb, path, endpoint in self.files.routes()
            ),
            ("GET", f"{repo}/labels", self._of_repo(self.list_labels)),
            ("POST", f"{repo}/labels", self._of_repo(self.create_label)),
            ("GET", f"{repo}/labels/{{name}}", self._of_repo(self.show_label)),
        ]

    def _of_repo(self, endpoint: Callable[[ApiCall], ApiResponse]) -> Callable[[ApiCall], ApiResponse]:
        def run(call: ApiCall) -> ApiResponse:
            if f"{call.ids['owner']}/{call.ids['repo']}".lower() != REPOSITORY:
                _refuse(404, "Not Found")
            with self.lock:
                return endpoint(call)

        return run

    def _admit(self, call: ApiCall) -> None:
        token = self._box.environment()["GITHUB_TOKEN"]
        if call.headers.get("authorization", "") not in (f"token {token}", f"Bearer {token}"):
            _refuse(401, "Bad credentials")

    def show_rate_limit(self, call: ApiCall) -> ApiResponse:  # noqa: ARG002 - every endpoint is asked the same way
        reset = int(self._clock().timestamp()) + 3600
        rate = {"limit": 5000, "used": 0, "remaining": 5000, "reset": reset}
        search = {"limit": 30, "used": 0, "remaining": 30, "reset": reset}
        return ApiResponse(
            body={"resources": {"core": rate, "search": search, "graphql": rate}, "rate": rate}
        )

    def show_user(self, call: ApiCall) -> ApiResponse:  # noqa: ARG002 - as above
        return ApiResponse(body=self._shapes.own_account(BOT), headers={"x-oauth-scopes": "repo"})

    def list_repositories(self, call: ApiCall) -> ApiResponse:
        return self._page(call, [self._shapes.repository()])

    def show_repository(self, call: ApiCall) -> ApiResponse:  # noqa: ARG002 - as above
        shown = self._shapes.repository()
        if not self.may_push:
            shown["permissions"] |= {"push": False, "triage": False}
        return ApiResponse(body=shown)

    def list_issues(self, call: ApiCall) -> ApiResponse:
        state, labels = call.one("state", "open"), set(filter(None, call.one("labels").split(",")))
        since, creator = call.one("since"), call.one("creator")
        found = [
            self._shapes.issue(issue)
            for issue in reversed(self.issues.values())
            if state in ("all", issue.state)
            and labels <= set(issue.labels)
            and creator in ("", issue.author)
            and (not since or self._shapes.issue(issue)["updated_at"] >= since)
        ]
        return self._page(call, found[::-1] if call.one("direction") == "asc" else found)

    def create_issue(self, call: ApiCall) -> ApiResponse:
        given, now = self._allowed(call.body), self._clock()
        _check_texts("Issue", given, required=("title",))
        issue = GitHubIssue(
            number=next(self._numbers),
            title=given["title"],
            body=given.get("body") or "",
            author=BOT,
            created_at=now,
            updated_at=now,
            labels=self._known_labels(given.get("labels") or []),
            assignees=_assignable(given.get("assignees") or []),
            milestone=self._known_milestone(given.get("milestone")),
        )
        self.issues[issue.number] = issue
        self._publish("issue_opened", issue)
        return ApiResponse(
            status=CREATED,
            body=self._shapes.issue(issue),
            headers={"location": self._shapes.issue(issue)["url"]},
        )

    def show_issue(self, call: ApiCall) -> ApiResponse:
        return ApiResponse(body=self._shapes.issue(self._named(call)))

    def update_issue(self, call: ApiCall) -> ApiResponse:
        issue, given = self._named(call), self._allowed(call.body)
        _check_texts("Issue", given)
        if given.get("state", "open") not in ("open", "closed"):
            _refuse_field("Issue", "state", "invalid")
        issue.title = given.get("title", issue.title)
        issue.body = given.get("body", issue.body) or ""
        if "labels" in given:
            issue.labels = self._known_labels(given["labels"])
        issue.assignees = _assignable(given.get("assignees", issue.assignees))
        if "milestone" in given:
            issue.milestone = self._known_milestone(given["milestone"])
        issue.updated_at = self._clock()
        self._set_state(issue, given)
        self._publish("issue_edited", issue)
        return ApiResponse(body=self._shapes.issue(issue))

    def _set_state(self, issue: GitHubIssue, given: JSON) -> None:
        issue.state = given.get("state", issue.state)
        is_closed = issue.state == "closed"
        issue.state_reason = given.get("state_reason") or ("completed" if is_closed else None)
        issue.closed_at = (issue.closed_at or self._clock()) if is_closed else None

    def list_comments(self, call: ApiCall) -> ApiResponse:
        issue = self._named(call)
        return self._page(call, [self._shapes.comment(issue, comment) for comment in issue.comments])

    def create_comment(self, call: ApiCall) -> ApiResponse:
        issue, given, now = self._named(call), call.body, self._clock()
        _check_texts("IssueComment", given, required=("body",))
        ident = next(self._comment_ids)
        comment = GitHubComment(id=ident, body=given["body"], author=BOT, created_at=now, updated_at=now)
        issue.comments.append(comment)
        issue.updated_at = now
        self._publish("issue_commented", issue)
        return ApiResponse(status=CREATED, body=self._shapes.comment(issue, comment))

    def list_sub_issues(self, call: ApiCall) -> ApiResponse:
        below = [self.issues[number] for number in self._named(call).sub_issues if number in self.issues]
        return self._page(call, [self._shapes.issue(it) for it in below])

    def add_sub_issue(self, call: ApiCall) -> ApiResponse:
        """Put an issue below another. GitHub refuses an unknown one, the issue itself, and one that has a parent."""
        parent, ident = self._named(call), call.body.get("sub_issue_id")
        child = next((it for it in self.issues.values() if self._shapes.issue(it)["id"] == ident), None)
        if not self.has_sub_issues or child is None:
            _refuse(404, "Not Found")
        if child is parent:
            _refuse(
                422, "An error occurred while adding the sub-issue to the parent issue. Sub issue is itself"
            )
        if any(child.number in it.sub_issues for it in self.issues.values()):
            _refuse(
                422,
                "An error occurred while adding the sub-issue to the parent issue. Issue may not contain duplicate "
                "sub-issues and Sub issue may only have one parent",
            )
        parent.sub_issues.append(child.number)
        parent.updated_at = self._clock()
        self._publish("issue_edited", parent)
        return ApiResponse(status=CREATED, body=self._shapes.issue(child))

    def update_comment(self, call: ApiCall) -> ApiResponse:
        ident = call.ids["comment"]
        for issue in self.issues.values():
            for comment in issue.comments:
                if str(comment.id) == ident:
                    _check_texts("IssueComment", call.body, required=("body",))
                    comment.body, comment.updated_at = call.body["body"], self._clock()
                    self._publish("issue_commented", issue)
                    return ApiResponse(body=self._shapes.comment(issue, comment))
        return _refuse(404, "Not Found")

    def list_milestones(self, call: ApiCall) -> ApiResponse:
        return self._page(call, [self._shapes.milestone(it) for it in self.milestones.values()])

    def _known_milestone(self, number: int | None) -> GitHubMilestone | None:
        if number is None:
            return None
        return self.milestones.get(number) or _refuse_field("Issue", "milestone", "invalid")

    def list_issue_labels(self, call: ApiCall) -> ApiResponse:
        return self._page(call, [self._shapes.label(name) for name in self._named(call).labels])

    def add_labels(self, call: ApiCall) -> ApiResponse:
        """Add labels, from `{"labels": [...]}` or, as GitHub allows, a bare list."""
        issue = self._named(call)
        given = call.json.get("labels", []) if isinstance(call.json, dict) else call.json
        issue.labels = list(dict.fromkeys([*issue.labels, *self._known_labels(given)]))
        return ApiResponse(body=[self._shapes.label(name) for name in issue.labels])

    def list_labels(self, call: ApiCall) -> ApiResponse:
        return self._page(call, [self._shapes.label(name) for name in self.labels])

    def create_label(self, call: ApiCall) -> ApiResponse:
        given = call.body
        if not given.get("name"):
            _refuse_field("Label", "name", "missing_field")
        if given["name"] in self.labels:
            _refuse_field("Label", "name", "already_exists")
        self.labels[given["name"]] = {
            "color": given.get("color", "ededed"),
            "description": given.get("description"),
        }
        return ApiResponse(status=CREATED, body=self._shapes.label(given["name"]))

    def show_label(self, call: ApiCall) -> ApiResponse:
        name = call.ids["name"]
        return (
            ApiResponse(body=self._shapes.label(name)) if name in self.labels else _refuse(404, "Not Found")
        )

    # --- objects

    def _named(self, call: ApiCall) -> GitHubIssue:
        number = call.ids["number"]
        issue = self.issues.get(int(number)) if number.isdigit() else None
        if issue is None and number.isdigit() and int(number) in self.deleted:
            _refuse(410, "This issue was deleted")
        return issue or _refuse(404, "Not Found")

    def _allowed(self, given: JSON) -> JSON:
        """Drop the fields that need push access, as GitHub does."""
        dropped = () if self.may_push else ONLY_PUSHERS
        return {name: value for name, value in given.items() if name not in dropped}

    def _known_labels(self, names: Iterable[str | JSON]) -> list[str]:
        """Return the names of labels. Create those that are new, as GitHub does."""
        known = [name["name"] if isinstance(name, dict) else name for name in names]
        for name in known:
            self.labels.setdefault(name, {"color": "ededed", "description": None})
        return known

    def _page(self, call: ApiCall, items: list[JSON]) -> ApiResponse:
        """Return one page of a list, with the Link header that PyGithub follows."""
        size = min(int(call.one("per_page", str(PAGE))), LARGEST_PAGE)
        number = int(call.one("page", "1"))
        rest = items[number * size :]
        query = {**call.query, "per_page": [size], "page": [number + 1]}
        following = f"{self._box.url}/github{call.path}?{urlencode(query, doseq=True)}"
        headers = {"link": f'<{following}>; rel="next"'} if rest else {}
        return ApiResponse(body=items[(number - 1) * size : number * size], headers=headers)

    def _publish(self, kind: str, issue: GitHubIssue) -> None:
        text = f"{REPOSITORY}#{issue.number} {issue.title}"
        self._box.publish(BoxEvent(kind=kind, text=text, ref=str(issue.number), subject=issue))


def _assignable(logins: Iterable[str]) -> list[str]:
    """Check that GitHub knows all these logins."""
    named = list(logins)
    if any(login not in COLLABORATORS for login in named):
        _refuse_field("Issue", "assignees", "invalid")
    return named


def _check_texts(resource: str, given: JSON, *, required: tuple[str, ...] = ()) -> None:
    for name in required:
        if not str(given.get(name) or "").strip():
            _refuse_field(resource, name, "missing_field")
    if len(given.get("title") or "") > LONGEST_TITLE:
        _refuse_field(
            resource, "title", "custom", f"title is too long (maximum is {LONGEST_TITLE} characters)"
        )
    if len(given.get("body") or "") > LONGEST_TEXT:
        _refuse_field(resource, "body", "custom", f"body is too long (maximum is {LONGEST_TEXT} characters)")


def _refuse_field(resource: str, name: str, code: str, message: str = "") -> NoReturn:
    error = {"resource": resource, "field": name, "code": code, **({"message": message} if message else {})}
    body = {"message": "Validation Failed", "errors": [error], "documentation_url": DOCS}
    raise RefusedError(ApiResponse(status=UNPROCESSABLE, body=body))


def _refuse(status: int, message: str) -> NoReturn:
    raise RefusedError(_refusal(status, message))


def _refusal(status: int, message: str) -> ApiResponse:
    return ApiResponse(
        status=status, body={"message": message, "documentation_url": DOCS, "status": str(status)}
    )
