"""Issues, their comments and pull requests on GitHub, through PyGithub."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice
from threading import Lock
from typing import Any

from github import Github, GithubException, RateLimitExceededException, UnknownObjectException
from github.ContentFile import ContentFile
from github.PullRequest import PullRequest
from github.Repository import Repository
from requests import RequestException

from bot.adapters.github import issues
from bot.adapters.github.client import client
from bot.adapters.github.errors import port_errors
from bot.adapters.rendering.markdown import unlinked
from bot.ports import Comment, Discussion, Issue, IssueDraft, IssueTracker, Offer, RepoFile, Unreachable

LOOKED_THROUGH = 1_000
"""The most issues or repositories looked at, newest first. An earlier attempt may have opened an issue."""
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
SKEW = timedelta(days=1)
"""How far GitHub's clock may be behind ours in a search for recent issues."""


class GitHub(IssueTracker):
    """GitHub as `ports.IssueTracker`. A lock guards the client, because PyGithub is not thread-safe."""

    def __init__(self, token: str, *, url: str, timeout: timedelta) -> None:
        self._lock = Lock()
        self._github = client(token, url=url, timeout=timeout)
        self._login: str | None = None

    def close(self) -> None:
        self._github.close()

    # --- issues ---

    def open_issue(self, repository: str, draft: IssueDraft) -> Issue:
        """Open an issue. What GitHub does not accept, such as a label, is left out and named in `without`."""
        with self._calling() as github:
            made, without = issues.create(_repository(github, repository), draft)
            if issues.has_moved(made):
                made, without = issues.create(github.get_repo(repository), draft)
            return issues.read(made, repository, without)

    def find_issue(self, repository: str, mark: str, *, since: datetime) -> Issue | None:
        with self._calling() as github:
            mine: dict[str, Any] = {"creator": login} if (login := self._login_of(github)) else {}
            recent = github.get_repo(repository).get_issues(
                state="all", since=since - SKEW, sort="created", direction="desc", **mine
            )
            found = (it for it in islice(recent, LOOKED_THROUGH) if mark in (it.body or ""))
            return next((issues.read(it, repository) for it in found), None)

    def revise_issue(self, repository: str, number: int, revise: Callable[[Issue], IssueDraft]) -> Issue:
        with self._calling() as github:
            issue = issues.find(_repository(github, repository), number)
            before = issues.read(issue, repository)
        draft = revise(before)
        with self._calling():
            without = issues.revise(issue, draft)
            return issues.read(issue, repository, without)

    def _login_of(self, github: Github) -> str:
        """Return the login of the token's user; empty for an app's token."""
        if self._login is None:
            try:
                self._login = github.get_user().login
            except GithubException as nobody:
                if nobody.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
                    raise
                self._login = ""
        return self._login

    def attach(self, repository: str, number: int, *, below: tuple[str, int]) -> bool:
        """Make an issue a sub-issue. GitHub refuses one that has a parent, and a parent that has a hundred."""
        with self._calling() as github:
            parent = issues.find(_repository(github, below[0]), below[1])
            child = issues.find(_repository(github, repository), number)
            try:
                parent.add_sub_issue(child.id)
            except RateLimitExceededException:
                raise
            except GithubException as refused:
                if refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR or refused.status in _LATER:
                    raise
                return False
            return True

    # --- repositories ---

    def repositories(self) -> Sequence[str]:
        """Return the repositories (owner/name) in which the token can open issues, last changed first."""
        with self._calling() as github:
            newest = islice(github.get_user().get_repos(sort="pushed", direction="desc"), LOOKED_THROUGH)
            return [it.full_name for it in newest if it.has_issues and not it.archived]

    # --- comments ---

    def comments(self, repository: str, number: int) -> Discussion:
        with self._calling() as github:
            issue = issues.find(_repository(github, repository), number)
            number = issues.number_of(issue)
            comments = tuple(Comment(id=it.id, body=it.body or "") for it in issue.get_comments())
            return Discussion(repository=issues.home(issue, repository), number=number, comments=comments)

    def add_comment(self, repository: str, number: int, body: str) -> Comment:
        with self._calling() as github:
            made = _repository(github, repository).get_issue(number).create_comment(body)
            if not isinstance(made.raw_data.get("id"), int):
                raise Unreachable("GitHub names no comment: the issue may just have been moved")
            return Comment(id=made.id, body=body)

    def edit_comment(self, repository: str, number: int, comment: Comment, body: str) -> None:
        with self._calling() as github:
            _repository(github, repository).get_issue(number).get_comment(comment.id).edit(body)

    # --- files ---

    def read_file(self, repository: str, path: str, *, branch: str) -> str | None:
        with self._calling() as github:
            repo = github.get_repo(repository)
            found = _content(repo, path, branch if _offered(repo, branch) else repo.default_branch)
            return found.decoded_content.decode() if found else None

    def offer(
        self, repository: str, leaves: Sequence[RepoFile], *, branch: str, title: str, body: str
    ) -> Offer:
        """Write files to a branch and open a pull request, and return it; an empty Offer if nothing is new.

        Each step first checks whether an earlier attempt did it. `without` has the files that GitHub refused.
        """
        with self._calling() as github:
            repo = github.get_repo(repository)
            offered = _offered(repo, branch)
            news = [it for it in leaves if offered or not _is_there(repo, it, repo.default_branch)]
            if not news:
                return Offer()
            if not offered:
                _start_branch(repo, branch)
            title = unlinked(title)  # a commit on the default branch closes the issues that it names
            without = _write_all(repo, leaves, branch=branch, message=title)
            if not offered and {it.path for it in news} <= set(without):
                return Offer(without=without)
            made = offered or repo.create_pull(base=repo.default_branch, head=branch, title=title, body=body)
            return Offer(url=made.html_url, without=without)

    # --- calling ---

    @contextmanager
    def _calling(self) -> Iterator[Github]:
        """Let one thread at a time use the client."""
        with port_errors(), self._lock:
            yield self._github


def _repository(github: Github, name: str) -> Repository:
    """Return a repository without a request to GitHub."""
    return Repository(github.requester.withLazy(lazy=True), url=f"/repos/{name}")


def _offered(repo: Repository, branch: str) -> PullRequest | None:
    """Return the open pull request of a branch, or None."""
    head = f"{repo.full_name.partition('/')[0]}:{branch}"
    return next(iter(repo.get_pulls(state="open", head=head)), None)


def _start_branch(repo: Repository, branch: str) -> None:
    """Start the branch at the default branch. Its old commits, if any, were merged or rejected."""
    start = repo.get_git_ref(f"heads/{repo.default_branch}").object.sha
    try:
        repo.get_git_ref(f"heads/{branch}").edit(start, force=True)
    except UnknownObjectException:
        repo.create_git_ref(f"refs/heads/{branch}", start)


def _is_there(repo: Repository, repo_file: RepoFile, branch: str) -> bool:
    found = _content(repo, repo_file.path, branch)
    return found is not None and found.decoded_content.decode() == repo_file.text


def _content(repo: Repository, path: str, branch: str) -> ContentFile | None:
    try:
        found = repo.get_contents(path, ref=branch)
    except UnknownObjectException:
        return None
    return None if isinstance(found, list) else found


def _write_all(repo: Repository, leaves: Sequence[RepoFile], *, branch: str, message: str) -> tuple[str, ...]:
    """Write the document, which is the first file, and the other files. Return the paths that GitHub refused."""
    document, *beside = leaves
    _write(repo, document, branch=branch, message=message)
    without = []
    for repo_file in beside:
        try:
            _write(repo, repo_file, branch=branch, message=message)
        except (GithubException, RequestException):
            without.append(repo_file.path)
    return tuple(without)


def _write(repo: Repository, repo_file: RepoFile, *, branch: str, message: str) -> None:
    there = _content(repo, repo_file.path, branch)
    if there is None:
        repo.create_file(repo_file.path, message, repo_file.text, branch=branch)
    elif there.decoded_content.decode() != repo_file.text:
        repo.update_file(repo_file.path, message, repo_file.text, there.sha, branch=branch)
