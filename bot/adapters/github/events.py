"""GitHub's webhook payloads, as far as Spy reads them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from bot.adapters.network.payload import Moment, Part
from bot.domain.changes.change import Change
from bot.domain.foreign import WORD, address, inert

ServiceOf = Callable[[str], str | None]
"""Returns the service that a repository (owner/name) belongs to, if one names it."""

Id = Annotated[int, Field(ge=0, lt=2**63)]
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{4,64}$")]
FullName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}$")]


class _Person(Part):
    login: str


class _Repository(Part):
    full_name: FullName
    default_branch: str
    html_url: str
    pushed_at: Moment | None = None

    @property
    def own_name(self) -> str:
        return self.full_name.casefold().partition("/")[2]


class GitHubEvent(Part):
    repository: _Repository
    sender: _Person | None = None
    action: str = ""

    @property
    def by(self) -> str | None:
        return self.sender.login if self.sender else None

    def key(self, kind: str, ident: object) -> str:
        return f"github:{self.repository.full_name.lower()}:{kind}:{ident}"

    def change(self, service_of: ServiceOf, heard_at: datetime, **facts: Any) -> Change:
        """Return the change. GitHub's clock may be ahead of ours, so no time in it is later than now."""
        happened_at = min(facts.pop("happened_at") or heard_at, heard_at)
        as_of = min(facts.pop("as_of", None) or happened_at, heard_at)
        words: dict[str, Any] = {
            name: inert(facts.pop(name) or "", WORD) or None for name in ("author", "ref", "outcome")
        }
        return Change(
            source="github",
            service=service_of(self.repository.full_name) or self.repository.own_name,
            title=inert(facts.pop("title")) or "(no title)",
            url=address(facts.pop("url")),
            happened_at=happened_at,
            as_of=max(as_of, happened_at),
            heard_at=heard_at,
            **words,
            **facts,
        )


class _Deployed(Part):
    id: Id
    sha: Sha
    ref: str
    environment: str
    created_at: Moment
    creator: _Person | None = None


class DeploymentEvent(GitHubEvent):
    deployment: _Deployed


class _Status(Part):
    state: str
    created_at: Moment
    updated_at: Moment | None = None
    log_url: str | None = None
    target_url: str | None = None
    environment_url: str | None = None


class DeploymentStatusEvent(DeploymentEvent):
    deployment_status: _Status


class _Commit(Part):
    message: str


class PushEvent(GitHubEvent):
    ref: str
    after: Sha
    deleted: bool
    compare: str
    head_commit: _Commit | None
    commits: list[Any]
    pusher: Mapping[str, Any]


class _Branch(Part):
    ref: str


class _Pull(Part):
    number: Id
    title: str
    html_url: str
    merged: bool
    merged_at: Moment | None
    merge_commit_sha: Sha | None
    merged_by: _Person | None
    base: _Branch


class PullRequestEvent(GitHubEvent):
    pull_request: _Pull


class _Released(Part):
    id: Id
    tag_name: str
    name: str | None
    html_url: str
    draft: bool
    prerelease: bool
    published_at: Moment | None
    author: _Person | None = None


class ReleaseEvent(GitHubEvent):
    release: _Released


class _Run(Part):
    id: Id
    name: str | None
    run_number: Id
    event: str
    head_branch: str | None
    head_sha: Sha
    html_url: str
    conclusion: str | None
    created_at: Moment
    updated_at: Moment


class _Named(Part):
    name: str


class WorkflowRunEvent(GitHubEvent):
    workflow_run: _Run
    workflow: _Named | None = None


class _Issue(Part):
    number: Id
    state_reason: str | None = None
    closed_at: Moment | None = None
    updated_at: Moment


class _Place(Part):
    full_name: FullName


class _NewIssue(Part):
    number: Id
    html_url: str


class _Transfer(Part):
    """Where a transferred issue is now."""

    new_issue: _NewIssue | None = None
    new_repository: _Place | None = None


class IssuesEvent(GitHubEvent):
    issue: _Issue
    changes: _Transfer = _Transfer()


class _OldName(Part):
    was: str = Field(alias="from")


class _Name(Part):
    name: _OldName


class _Owner(Part):
    user: _Person | None = None
    organization: _Person | None = None

    @property
    def login(self) -> str | None:
        known = self.organization or self.user
        return known.login if known else None


class _OldOwner(Part):
    was: _Owner = Field(alias="from")


class _Renaming(Part):
    """The old name or owner of a repository."""

    repository: _Name | None = None
    owner: _OldOwner | None = None


class RepositoryEvent(GitHubEvent):
    changes: _Renaming = _Renaming()
