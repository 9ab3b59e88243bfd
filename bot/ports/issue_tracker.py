"""A tracker of issues, as Spy needs it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.domain.changes.change import Change
from bot.ports.failures import Rejected

USUAL_TRACKER = "GitHub"
"""The name in messages if no tracker is set up. A vendor has its own."""


@dataclass(frozen=True, kw_only=True)
class IssueDraft:
    """An issue as Spy wants it. Its body contains a hidden mark, by which the issue is found again.

    `assignee` is a login at the tracker, `milestone` a title. An unknown one is left out.
    """

    title: str
    body: str
    labels: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    """Labels that Spy may have set before and that no longer apply."""
    assignee: str | None = None
    relieved: str | None = None
    """The login that Spy assigned before. It is removed if another one is wanted now."""
    milestone: str | None = None
    state: Literal["open", "closed"] | None = None
    """None leaves the state as people set it."""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue as the tracker has it."""

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
    """What the tracker did not accept, in people's words: a label, an assignee, the milestone."""


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
    """A file of a repository: its path and its text."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A pull request's address; None if nothing had changed. `without` are the paths that the tracker refused."""

    url: str | None = None
    without: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A webhook's news of an issue that was transferred. Without numbers: of a repository that was renamed."""

    repository: str
    to: str
    number: int | None = None
    to_number: int | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class IssueNews:
    """A webhook's news of an issue. `state` is open or closed, `reason` is why it was closed, `by` is a login.

    `at` is by the issue tracker's own clock.
    """

    repository: str
    number: int
    state: str
    at: datetime
    reason: str | None = None
    by: str | None = None


TrackerNews = Change | IssueNews | Moved
"""What a webhook of a tracker tells."""


class IssueTracker(ABC):
    """What Spy needs of a tracker. Every call may raise Unreachable, Throttled or Rejected.

    Rejected with `gone` means that the issue no longer exists. Methods that are not abstract are for what a tracker
    may lack.
    """

    @abstractmethod
    def open_issue(self, repository: str, draft: IssueDraft) -> Issue:
        """Open an issue. What the tracker does not accept, such as a label, is left out and named in `without`."""

    @abstractmethod
    def find_issue(self, repository: str, mark: str, *, since: datetime) -> Issue | None:
        """Find the issue with this mark among Spy's own issues that were updated since then."""

    @abstractmethod
    def revise_issue(self, repository: str, number: int, revise: Callable[[Issue], IssueDraft]) -> Issue:
        """Read the issue and apply what `revise` returns. Labels, assignees and other fields set by people stay."""

    @abstractmethod
    def close(self) -> None:
        """Close its connections."""

    # --- what a tracker may lack

    def attach(self, repository: str, number: int, *, below: tuple[str, int]) -> bool:
        """Put an issue below another one (its repository and number). Return False if the tracker does not do that.

        An issue that is there already stays there.
        """
        del repository, number, below
        return False

    def comments(self, repository: str, number: int) -> Discussion:
        """Return the comments, and where the issue is now."""
        return Discussion(repository=repository, number=number, comments=())

    def add_comment(self, repository: str, number: int, body: str) -> Comment:
        """Add a comment: a part of the log that is too long for the issue."""
        del body
        raise Rejected("lacking", f"Spy can't comment on {repository}#{number}")

    def edit_comment(self, repository: str, number: int, comment: Comment, body: str) -> None:
        """Replace the text of a comment."""
        del comment, body
        raise Rejected("lacking", f"Spy can't comment on {repository}#{number}")

    def read_file(self, repository: str, path: str, *, branch: str) -> str | None:
        """Read a file from this branch, or else from the main branch. None if neither has it."""
        del repository, path, branch
        return None

    def offer(
        self, repository: str, leaves: Sequence[RepoFile], *, branch: str, title: str, body: str
    ) -> Offer:
        """Commit files to a branch and open a pull request for it, unless there is one.

        The first file is required. Other files that the tracker refuses are left out and named in the result.
        """
        del leaves, branch, title, body
        raise Rejected("lacking", f"Spy can't open a pull request in {repository}")
