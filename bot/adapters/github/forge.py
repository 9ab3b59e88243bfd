"""Issues, their comments and pull requests on GitHub, through PyGithub.

Its own retries and pauses are switched off: the outbox tries again, and knows what was done before.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import islice
from threading import Lock
from typing import Any, TypeVar

from github import Auth, Github, GithubException, RateLimitExceededException, UnknownObjectException
from github.ContentFile import ContentFile
from github.Issue import Issue as GithubIssue
from github.PullRequest import PullRequest
from github.Repository import Repository
from requests import RequestException

from bot.adapters.network import reason
from bot.ports import Issue, IssueDraft, Leaf, Rejected, Remark, Throttled, Unreachable

LOOKED_THROUGH = 300
"""Issues of one label among which one is sought whose making is in doubt."""
SKEW = timedelta(days=1)
"""By how much GitHub's clock may be behind ours, for all that is sought since a moment."""
SECONDARY = timedelta(minutes=1)
"""How long GitHub asks to wait where it names no time."""
_Done = TypeVar("_Done")


class GitHub:
    """One client behind a lock: PyGithub promises nothing to several threads."""

    def __init__(self, token: str, *, url: str, timeout: timedelta) -> None:
        self._lock = Lock()
        self._github = Github(
            auth=Auth.Token(token),
            base_url=url.rstrip("/"),
            timeout=max(1, int(timeout.total_seconds())),
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            per_page=100,
        )

    def close(self) -> None:
        self._github.close()

    # --- issues ---

    def open_issue(self, repository: str, draft: IssueDraft) -> Issue:
        """Open it; what GitHub will not take with it is left out, and named."""
        with self._calling() as github:
            repo = _repository(github, repository)
            more, without = _milestone(repo, draft)
            assignees = [draft.assignee] if draft.assignee else None
            made, unknown = _assigning(lambda them: _create(repo, draft, {**more, **them}), assignees)
            return _issue(repository, made, [*without, *unknown])

    def find_issue(self, repository: str, mark: str, *, label: str, since: datetime) -> Issue | None:
        with self._calling() as github:
            repo = _repository(github, repository)
            lately = repo.get_issues(
                state="all", labels=[label], since=since - SKEW, sort="created", direction="desc"
            )
            found = (it for it in islice(lately, LOOKED_THROUGH) if mark in (it.body or ""))
            return next((_issue(repository, it) for it in found), None)

    def revise_issue(self, repository: str, number: int, revise: Callable[[Issue], IssueDraft]) -> Issue:
        with self._calling() as github:
            issue = _repository(github, repository).get_issue(number)
            draft = revise(_issue(repository, issue))
            changes = _changes(issue, draft)

            def change(assignees: dict[str, list[str]]) -> None:
                if wanted := {**changes, **assignees}:
                    issue.edit(**wanted)

            _, without = _assigning(change, _assignees(issue, draft))
            return _issue(repository, issue, without)

    # --- comments ---

    def remarks(self, repository: str, number: int) -> Sequence[Remark]:
        with self._calling() as github:
            issue = _repository(github, repository).get_issue(number)
            return [Remark(id=it.id, body=it.body or "") for it in issue.get_comments()]

    def add_remark(self, repository: str, number: int, body: str) -> Remark:
        with self._calling() as github:
            made = _repository(github, repository).get_issue(number).create_comment(body)
            return Remark(id=made.id, body=body)

    def edit_remark(self, repository: str, number: int, remark: Remark, body: str) -> None:
        with self._calling() as github:
            _repository(github, repository).get_issue(number).get_comment(remark.id).edit(body)

    # --- files ---

    def read_leaf(self, repository: str, path: str, *, branch: str) -> str | None:
        with self._calling() as github:
            repo = github.get_repo(repository)
            found = _content(repo, path, branch if _offered(repo, branch) else repo.default_branch)
            return found.decoded_content.decode() if found else None

    def offer(
        self, repository: str, leaves: Sequence[Leaf], *, branch: str, title: str, body: str
    ) -> str | None:
        """Put files on a branch of Spy's own and offer it; each step looks whether an earlier try has done it."""
        with self._calling() as github:
            repo = github.get_repo(repository)
            offered = _offered(repo, branch)
            if not offered and all(_is_there(repo, leaf, repo.default_branch) for leaf in leaves):
                return None
            if not offered:
                _start_branch(repo, branch)
            for leaf in leaves:
                _write(repo, leaf, branch=branch, message=title)
            made = offered or repo.create_pull(base=repo.default_branch, head=branch, title=title, body=body)
            return made.html_url

    # --- calling ---

    @contextmanager
    def _calling(self) -> Iterator[Github]:
        """Make the vendor's troubles ours."""
        try:
            with self._lock:
                yield self._github
        except RateLimitExceededException as limited:
            raise Throttled("GitHub asks to wait", retry_after=_wait(limited)) from limited
        except GithubException as trouble:
            raise _trouble(trouble) from trouble
        except RequestException as trouble:
            raise Unreachable(f"GitHub did not answer: {reason(trouble)}") from trouble


def _repository(github: Github, name: str) -> Repository:
    """Name a repository without asking for it first."""
    return Repository(github.requester.withLazy(lazy=True), url=f"/repos/{name}")


def _wait(limited: GithubException) -> timedelta:
    headers = {name.lower(): value for name, value in (limited.headers or {}).items()}
    if str(after := headers.get("retry-after", "")).isdigit():
        return timedelta(seconds=int(after))
    reset, said_at = str(headers.get("x-ratelimit-reset", "")), headers.get("date")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit() and said_at:
        ahead = datetime.fromtimestamp(int(reset), UTC) - parsedate_to_datetime(str(said_at))
        return max(ahead, timedelta(seconds=1))
    return SECONDARY


def _trouble(trouble: GithubException) -> Exception:
    said = trouble.message or "no reason given"
    if trouble.status >= HTTPStatus.INTERNAL_SERVER_ERROR or trouble.status == HTTPStatus.REQUEST_TIMEOUT:
        return Unreachable(f"GitHub answered {trouble.status}: {said}")
    if trouble.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled("GitHub asks to wait", retry_after=_wait(trouble))
    if trouble.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Rejected("gone", "GitHub has no such repository or issue, or the token may not see it")
    if trouble.status == HTTPStatus.UNAUTHORIZED:
        return Rejected("token", "GitHub refuses the token in GITHUB_TOKEN")
    details = trouble.data.get("errors", []) if isinstance(trouble.data, dict) else []
    more = "; ".join(str(it.get("message") or it.get("field")) for it in details if isinstance(it, dict))
    return Rejected("refused", f"GitHub answered {trouble.status}: {said}{f' ({more})' if more else ''}")


def _create(repo: Repository, draft: IssueDraft, more: dict[str, Any]) -> GithubIssue:
    return repo.create_issue(draft.title, body=draft.body, labels=list(draft.labels), **more)


def _assigning(
    do: Callable[[dict[str, list[str]]], _Done], assignees: list[str] | None
) -> tuple[_Done, list[str]]:
    """Do it with these assignees (None: as it is); where the repository does not know one, without, and name it."""
    if assignees is None:
        return do({}), []
    try:
        return do({"assignees": assignees}), []
    except GithubException as refused:
        if refused.status != HTTPStatus.UNPROCESSABLE_ENTITY or not assignees:
            raise
    return do({}), [f"the assignee {assignees[-1]}"]


def _assignees(issue: GithubIssue, draft: IssueDraft) -> list[str] | None:
    """Say who is to be assigned, where Spy wants another than before; None: as it is, and as people have chosen."""
    there = [it.login for it in issue.assignees]
    known = {it.casefold() for it in there}
    before, now = (draft.relieved or "").casefold(), (draft.assignee or "").casefold()
    if before == now or (there and before not in known):
        return None
    kept = [it for it in there if it.casefold() != before]
    return [*kept, draft.assignee] if draft.assignee and now not in known else kept


def _milestone(repo: Repository, draft: IssueDraft) -> tuple[dict[str, Any], list[str]]:
    if not draft.milestone:
        return {}, []
    found = next((it for it in repo.get_milestones(state="open") if it.title == draft.milestone), None)
    return ({"milestone": found}, []) if found else ({}, [f"the milestone {draft.milestone}"])


def _changes(issue: GithubIssue, draft: IssueDraft) -> dict[str, Any]:
    """Say what must be changed; what people set stays, a better title too."""
    labels = [it.name for it in issue.labels]
    wanted = list(dict.fromkeys([*(it for it in labels if it not in draft.retired), *draft.labels]))
    changes: dict[str, Any] = {}
    if draft.body != (issue.body or ""):
        changes["body"] = draft.body
    if set(wanted) != set(labels):
        changes["labels"] = wanted
    if draft.state and draft.state != issue.state:
        changes["state"] = draft.state
    return changes


def _issue(repository: str, found: GithubIssue, without: Sequence[str] = ()) -> Issue:
    return Issue(
        repository=repository,
        number=found.number,
        url=found.html_url,
        title=found.title,
        body=found.body or "",
        state=found.state,
        without=tuple(without),
    )


def _offered(repo: Repository, branch: str) -> PullRequest | None:
    """Find the open pull request of a branch."""
    head = f"{repo.full_name.partition('/')[0]}:{branch}"
    return next(iter(repo.get_pulls(state="open", head=head)), None)


def _start_branch(repo: Repository, branch: str) -> None:
    """Let the branch begin where the main one is; what was on it was merged or turned down."""
    start = repo.get_git_ref(f"heads/{repo.default_branch}").object.sha
    try:
        repo.get_git_ref(f"heads/{branch}").edit(start, force=True)
    except UnknownObjectException:
        repo.create_git_ref(f"refs/heads/{branch}", start)


def _is_there(repo: Repository, leaf: Leaf, branch: str) -> bool:
    found = _content(repo, leaf.path, branch)
    return found is not None and found.decoded_content.decode() == leaf.text


def _content(repo: Repository, path: str, branch: str) -> ContentFile | None:
    try:
        found = repo.get_contents(path, ref=branch)
    except UnknownObjectException:
        return None
    return None if isinstance(found, list) else found


def _write(repo: Repository, leaf: Leaf, *, branch: str, message: str) -> None:
    there = _content(repo, leaf.path, branch)
    if there is None:
        repo.create_file(leaf.path, message, leaf.text, branch=branch)
    elif there.decoded_content.decode() != leaf.text:
        repo.update_file(leaf.path, message, leaf.text, there.sha, branch=branch)
