"""Read GitHub's webhooks: code changes, deployments and workflow runs; issues closed, reopened or moved."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.adapters.network.timestamps import Moment
from bot.domain.changes.change import (
    DEPLOY,
    MERGE,
    PUSH,
    RELEASE,
    WORD,
    WORKFLOW,
    Change,
    ChangeSource,
    address,
    one_line,
)
from bot.ports import IssueNews, Moved, Rejected

Heard = Change | IssueNews | Moved
ServiceOf = Callable[[str], str]
"""Returns the service that a repository (owner/name) belongs to."""

OVER = "inactive"
"""The state of a deployment that a newer one replaced; ignored."""


def check(body: bytes, signature: str, secret: str) -> None:
    """Check the X-Hub-Signature-256 header of a body. Raise Rejected `signature` if it does not match."""
    ours = b"sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
    if not hmac.compare_digest(ours, signature.encode()):
        raise Rejected("signature", "This webhook is not signed with GITHUB_WEBHOOK_SECRET.")


def news(event: str, body: bytes, *, service_of: ServiceOf, heard_at: datetime) -> Heard | None:
    """Read the body of a webhook of this kind (X-GitHub-Event). Return None if there is nothing to keep.

    Raise Rejected `malformed` if the body is not as GitHub documents it.
    """
    reader = _READERS.get(event)
    if reader is None:
        return None
    kind, read = reader
    try:
        told = kind.model_validate_json(body)
    except ValidationError as odd:
        where = ".".join(str(part) for part in odd.errors(include_input=False)[0]["loc"]) or "the body"
        sentence = f"This is not what GitHub sends as {event}: {one_line(where, WORD)} can't be read."
        raise Rejected("malformed", f"{sentence} Is its content type application/json?") from None
    found: Heard | None = read(told, service_of, heard_at)
    return found


# --- GitHub's payloads ------------------------------------------------------------------------------------


Id = Annotated[int, Field(ge=0, lt=2**63)]
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{4,64}$")]
FullName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}$")]


class _GitHubPart(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Person(_GitHubPart):
    login: str


class _Repository(_GitHubPart):
    full_name: FullName
    default_branch: str
    html_url: str
    pushed_at: Moment | None = None


class _GitHubEvent(_GitHubPart):
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
            name: one_line(facts.pop(name) or "", WORD) or None for name in ("author", "ref", "outcome")
        }
        return Change(
            source=ChangeSource.GITHUB,
            service=service_of(self.repository.full_name),
            title=one_line(facts.pop("title")) or "(no title)",
            url=address(facts.pop("url")),
            happened_at=happened_at,
            as_of=max(as_of, happened_at),
            heard_at=heard_at,
            **words,
            **facts,
        )


class _Deployed(_GitHubPart):
    id: Id
    sha: Sha
    ref: str
    environment: str
    created_at: Moment
    creator: _Person | None = None


class _Deployment(_GitHubEvent):
    deployment: _Deployed


class _Status(_GitHubPart):
    state: str
    created_at: Moment
    updated_at: Moment | None = None
    log_url: str | None = None
    target_url: str | None = None
    environment_url: str | None = None


class _DeploymentStatus(_Deployment):
    deployment_status: _Status


class _Commit(_GitHubPart):
    message: str


class _Push(_GitHubEvent):
    ref: str
    after: Sha
    deleted: bool
    compare: str
    head_commit: _Commit | None
    commits: list[Any]
    pusher: Mapping[str, Any]


class _Branch(_GitHubPart):
    ref: str


class _Pull(_GitHubPart):
    number: Id
    title: str
    html_url: str
    merged: bool
    merged_at: Moment | None
    merge_commit_sha: Sha | None
    merged_by: _Person | None
    base: _Branch


class _PullRequest(_GitHubEvent):
    pull_request: _Pull


class _Released(_GitHubPart):
    id: Id
    tag_name: str
    name: str | None
    html_url: str
    draft: bool
    prerelease: bool
    published_at: Moment | None
    author: _Person | None = None


class _Release(_GitHubEvent):
    release: _Released


class _Run(_GitHubPart):
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


class _Named(_GitHubPart):
    name: str


class _WorkflowRun(_GitHubEvent):
    workflow_run: _Run
    workflow: _Named | None = None


class _Issue(_GitHubPart):
    number: Id
    state_reason: str | None = None
    closed_at: Moment | None = None
    updated_at: Moment


class _Place(_GitHubPart):
    full_name: FullName


class _NewIssue(_GitHubPart):
    number: Id
    html_url: str


class _Transfer(_GitHubPart):
    """Where a transferred issue is now."""

    new_issue: _NewIssue | None = None
    new_repository: _Place | None = None


class _Issues(_GitHubEvent):
    issue: _Issue
    changes: _Transfer = _Transfer()


class _OldName(_GitHubPart):
    was: str = Field(alias="from")


class _Name(_GitHubPart):
    name: _OldName


class _Owner(_GitHubPart):
    user: _Person | None = None
    organization: _Person | None = None

    @property
    def login(self) -> str | None:
        known = self.organization or self.user
        return known.login if known else None


class _OldOwner(_GitHubPart):
    was: _Owner = Field(alias="from")


class _Renaming(_GitHubPart):
    """The old name or owner of a repository."""

    repository: _Name | None = None
    owner: _OldOwner | None = None


class _RepositoryEvent(_GitHubEvent):
    changes: _Renaming = _Renaming()


# --- payloads as changes and news -------------------------------------------------------------------------


def _deployment(told: _Deployment, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    """Return one change for a deployment; each status updates it."""
    made = told.deployment
    status = told.deployment_status if isinstance(told, _DeploymentStatus) else None
    if status and status.state == OVER:
        return None
    commit = f"{told.repository.html_url}/commit/{made.sha}"
    seen = (status.log_url or status.target_url or status.environment_url) if status else None
    ref = made.ref if made.ref != made.sha else made.sha[:7]
    return told.change(
        service_of,
        heard_at,
        key=told.key("deployment", made.id),
        kind=DEPLOY,
        title=f"{ref} to {made.environment}",
        url=seen or commit,
        author=made.creator.login if made.creator else told.by,
        ref=made.sha,
        outcome=status.state if status else None,
        happened_at=made.created_at,
        as_of=(status.updated_at or status.created_at) if status else None,
    )


def _push(told: _Push, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    """Return a push to the default branch. A merged pull request has the same commit and so the same key."""
    if told.ref != f"refs/heads/{told.repository.default_branch}" or told.deleted or not told.head_commit:
        return None
    first, more = told.head_commit.message.partition("\n")[0], len(told.commits) - 1
    return told.change(
        service_of,
        heard_at,
        key=told.key("commit", told.after),
        kind=PUSH,
        title=f"{first} (and {more} more)" if more > 0 else first,
        url=told.compare,
        author=str(told.pusher.get("name") or "") or told.by,
        ref=told.after,
        outcome=None,
        happened_at=told.repository.pushed_at,
    )


def _merge(told: _PullRequest, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    pull = told.pull_request
    if told.action != "closed" or not pull.merged:
        return None
    aside = "" if pull.base.ref == told.repository.default_branch else f" (into {pull.base.ref})"
    sha = pull.merge_commit_sha
    return told.change(
        service_of,
        heard_at,
        key=told.key("commit", sha) if sha else told.key("pull", pull.number),
        kind=MERGE,
        title=f"#{pull.number} {pull.title}{aside}",
        url=pull.html_url,
        author=pull.merged_by.login if pull.merged_by else told.by,
        ref=sha,
        outcome=None,
        happened_at=pull.merged_at,
    )


def _release(told: _Release, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    """Return a published release. GitHub sends `published` once for each release, pre-releases included."""
    made = told.release
    if told.action != "published" or made.draft:
        return None
    name = made.name if made.name and made.name != made.tag_name else ""
    return told.change(
        service_of,
        heard_at,
        key=told.key("release", made.id),
        kind=RELEASE,
        title=f"{made.tag_name} {name}{' (pre-release)' if made.prerelease else ''}",
        url=made.html_url,
        author=made.author.login if made.author else told.by,
        ref=made.tag_name,
        outcome=None,
        happened_at=made.published_at,
    )


def _workflow(told: _WorkflowRun, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    """Return a completed run on the default branch. A run for a pull request changes nothing in production."""
    run = told.workflow_run
    on_default = run.head_branch == told.repository.default_branch and run.event != "pull_request"
    if told.action != "completed" or not on_default or not run.conclusion:
        return None
    name = run.name or (told.workflow.name if told.workflow else "")
    return told.change(
        service_of,
        heard_at,
        key=told.key("workflow", run.id),
        kind=WORKFLOW,
        title=f"{name} #{run.run_number}",
        url=run.html_url,
        author=told.by,
        ref=run.head_sha,
        outcome=run.conclusion,
        happened_at=run.created_at,
        as_of=run.updated_at,
    )


def _issue(told: _Issues, _service_of: ServiceOf, _heard_at: datetime) -> IssueNews | Moved | None:
    states = {"closed": "closed", "reopened": "open"}
    if told.action == "transferred":
        return _transfer(told)
    if told.action not in states:
        return None
    issue, is_closed = told.issue, told.action == "closed"
    return IssueNews(
        repository=told.repository.full_name,
        number=issue.number,
        state=states[told.action],
        reason=issue.state_reason,
        at=(issue.closed_at if is_closed else None) or issue.updated_at,
        by=told.by,
    )


def _transfer(told: _Issues) -> Moved | None:
    issue, repository = told.changes.new_issue, told.changes.new_repository
    if not (issue and repository):
        return None
    return Moved(
        repository=told.repository.full_name,
        number=told.issue.number,
        to=repository.full_name,
        to_number=issue.number,
        url=address(issue.html_url),
    )


def _renaming(told: _RepositoryEvent, _service_of: ServiceOf, _heard_at: datetime) -> Moved | None:
    """Return the move of a repository that was renamed or transferred to another owner."""
    owner, _, name = told.repository.full_name.partition("/")
    if told.action == "renamed" and told.changes.repository:
        name = told.changes.repository.name.was
    elif told.action == "transferred" and told.changes.owner and (before := told.changes.owner.was.login):
        owner = before
    else:
        return None
    return Moved(repository=f"{owner}/{name}", to=told.repository.full_name)


_READERS: Mapping[str, tuple[type[_GitHubEvent], Callable[[Any, ServiceOf, datetime], Heard | None]]] = {
    "deployment": (_Deployment, _deployment),
    "deployment_status": (_DeploymentStatus, _deployment),
    "push": (_Push, _push),
    "pull_request": (_PullRequest, _merge),
    "release": (_Release, _release),
    "workflow_run": (_WorkflowRun, _workflow),
    "issues": (_Issues, _issue),
    "repository": (_RepositoryEvent, _renaming),
}
