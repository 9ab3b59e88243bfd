"""GitHub, as Spy needs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, kw_only=True)
class IssueDraft:
    """An issue as Spy wants it; a mark stands hidden in the body, by which the issue is found again.

    `assignee` is a GitHub login, `milestone` a title; where GitHub knows neither, the issue goes without.
    """

    title: str
    body: str
    labels: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    """Labels that Spy may have set before and that hold no more."""
    assignee: str | None = None
    relieved: str | None = None
    """The login that Spy wanted before: it gives way where another is wanted now."""
    milestone: str | None = None
    state: Literal["open", "closed"] | None = None
    """None leaves it as people have it."""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue as it stands."""

    repository: str
    number: int
    url: str
    title: str
    body: str
    state: str = "open"
    assignees: tuple[str, ...] = ()
    milestone: str | None = None
    as_of: datetime | None = None
    """When it last changed, by the issue tracker's own clock."""
    without: tuple[str, ...] = ()
    """What is otherwise than asked, in people's words: a label, an assignee, the milestone."""


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment on an issue."""

    id: int
    body: str


@dataclass(frozen=True, kw_only=True)
class Discussion:
    """The comments of an issue, and where that issue is now."""

    repository: str
    number: int
    comments: tuple[Comment, ...]


@dataclass(frozen=True, kw_only=True)
class RepoFile:
    """A file of a repository: its path, and its text."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A pull request's address, None where there was nothing to offer; `without` are paths that were refused."""

    url: str | None = None
    without: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What a webhook says of an issue that was transferred; without numbers, of a repository that was renamed."""

    repository: str
    to: str
    number: int | None = None
    to_number: int | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class IssueNews:
    """What a webhook says of an issue: `state` is open or closed, `reason` why it was closed, `by` a login.

    `at` is by the issue tracker's own clock.
    """

    repository: str
    number: int
    state: str
    at: datetime
    reason: str | None = None
    by: str | None = None


class IssueTracker(Protocol):
    """GitHub. Every call may raise Unreachable, Throttled or Rejected; `gone`: no such issue any more."""

    def open_issue(self, repository: str, draft: IssueDraft) -> Issue: ...
    def find_issue(self, repository: str, mark: str, *, since: datetime) -> Issue | None:
        """Find the issue with this mark in its text among Spy's own that were touched since then."""

    def revise_issue(self, repository: str, number: int, revise: Callable[[Issue], IssueDraft]) -> Issue:
        """Read it, and let it be as `revise` says at once; labels, assignees and all else that people gave it stay."""

    def comments(self, repository: str, number: int) -> Discussion: ...
    def add_comment(self, repository: str, number: int, body: str) -> Comment: ...
    def edit_comment(self, repository: str, number: int, comment: Comment, body: str) -> None: ...
    def read_file(self, repository: str, path: str, *, branch: str) -> str | None:
        """Read a file where it is offered on this branch, else on the main one; None where it is not there."""

    def offer(
        self, repository: str, leaves: Sequence[RepoFile], *, branch: str, title: str, body: str
    ) -> Offer:
        """Put files on a branch and open a pull request for it, unless there is one.

        The first file is what is offered. What stands beside it is left out, and named, where GitHub refuses it.
        """
