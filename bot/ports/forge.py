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
    without: tuple[str, ...] = ()
    """What the forge would not take with it, in people's words: an assignee, a milestone."""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A comment on an issue."""

    id: int
    body: str


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A file of a repository: its path, and its text."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True)
class IssueNews:
    """What a webhook says of an issue: `state` is open or closed, `reason` why it was closed, `by` a login."""

    repository: str
    number: int
    state: str
    at: datetime
    reason: str | None = None
    by: str | None = None


class Forge(Protocol):
    """GitHub. Every call may raise Unreachable, Throttled or Rejected; `gone`: no such issue any more."""

    def open_issue(self, repository: str, draft: IssueDraft) -> Issue: ...
    def find_issue(self, repository: str, mark: str, *, label: str, since: datetime) -> Issue | None:
        """Find the issue with this mark among those of a label that were touched since then."""

    def revise_issue(self, repository: str, number: int, revise: Callable[[Issue], IssueDraft]) -> Issue:
        """Read it, and let it be as `revise` says at once; labels, assignees and all else that people gave it stay."""

    def remarks(self, repository: str, number: int) -> Sequence[Remark]: ...
    def add_remark(self, repository: str, number: int, body: str) -> Remark: ...
    def edit_remark(self, repository: str, number: int, remark: Remark, body: str) -> None: ...
    def read_leaf(self, repository: str, path: str, *, branch: str) -> str | None:
        """Read a file where it is offered on this branch, else on the main one; None where it is not there."""

    def offer(
        self, repository: str, leaves: Sequence[Leaf], *, branch: str, title: str, body: str
    ) -> str | None:
        """Put files on a branch and open a pull request for it, unless there is one; give its address.

        None where the main branch has them all as they are.
        """
