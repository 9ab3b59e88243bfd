"""Read GitHub's webhooks: code changes, deployments and workflow runs; issues closed, reopened or moved."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from bot.adapters.github.events import (
    DeploymentEvent,
    DeploymentStatusEvent,
    GitHubEvent,
    IssuesEvent,
    PullRequestEvent,
    PushEvent,
    ReleaseEvent,
    RepositoryEvent,
    ServiceOf,
    WorkflowRunEvent,
)
from bot.adapters.network.signatures import is_signed
from bot.domain.changes.change import DEPLOY, MERGE, PUSH, RELEASE, WORKFLOW, Change
from bot.domain.foreign import WORD, address, inert
from bot.ports import IssueNews, Moved, Rejected, TrackerNews

OVER = "inactive"
"""The state of a deployment that a newer one replaced; ignored."""


def check(body: bytes, signature: str, secret: str) -> None:
    """Check the X-Hub-Signature-256 header of a body. Raise Rejected `signature` if it does not match."""
    if not is_signed(body, [signature], [secret], scheme="sha256"):
        raise Rejected("signature", "This webhook is not signed with GITHUB_WEBHOOK_SECRET.")


def news(event: str, body: bytes, *, service_of: ServiceOf, heard_at: datetime) -> TrackerNews | None:
    """Read the body of a webhook of this kind (X-GitHub-Event). Return None if there is nothing to keep.

    Raise Rejected `malformed` if the body is not as GitHub documents it.
    """
    reader = _READERS.get(event)
    if reader is None:
        return None
    kind, read = reader
    try:
        payload = kind.model_validate_json(body)
    except ValidationError as odd:
        where = ".".join(str(part) for part in odd.errors(include_input=False)[0]["loc"]) or "the body"
        sentence = f"This is not what GitHub sends as {event}: {inert(where, WORD)} can't be read."
        raise Rejected("malformed", f"{sentence} Is its content type application/json?") from None
    found: TrackerNews | None = read(payload, service_of, heard_at)
    return found


def _deployment(payload: DeploymentEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    """Return one change for a deployment; each status updates it."""
    made = payload.deployment
    status = payload.deployment_status if isinstance(payload, DeploymentStatusEvent) else None
    if status and status.state == OVER:
        return None
    commit = f"{payload.repository.html_url}/commit/{made.sha}"
    seen = (status.log_url or status.target_url or status.environment_url) if status else None
    ref = made.ref if made.ref != made.sha else made.sha[:7]
    return payload.change(
        service_of,
        heard_at,
        key=payload.key("deployment", made.id),
        kind=DEPLOY,
        title=f"{ref} to {made.environment}",
        url=seen or commit,
        author=made.creator.login if made.creator else payload.by,
        ref=made.sha,
        outcome=status.state if status else None,
        happened_at=made.created_at,
        as_of=(status.updated_at or status.created_at) if status else None,
    )


def _push(payload: PushEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    """Return a push to the default branch. A merged pull request has the same commit and so the same key."""
    if (
        payload.ref != f"refs/heads/{payload.repository.default_branch}"
        or payload.deleted
        or not payload.head_commit
    ):
        return None
    first, more = payload.head_commit.message.partition("\n")[0], len(payload.commits) - 1
    return payload.change(
        service_of,
        heard_at,
        key=payload.key("commit", payload.after),
        kind=PUSH,
        title=f"{first} (and {more} more)" if more > 0 else first,
        url=payload.compare,
        author=str(payload.pusher.get("name") or "") or payload.by,
        ref=payload.after,
        outcome=None,
        happened_at=payload.repository.pushed_at,
    )


def _merge(payload: PullRequestEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    pull = payload.pull_request
    if payload.action != "closed" or not pull.merged:
        return None
    aside = "" if pull.base.ref == payload.repository.default_branch else f" (into {pull.base.ref})"
    sha = pull.merge_commit_sha
    return payload.change(
        service_of,
        heard_at,
        key=payload.key("commit", sha) if sha else payload.key("pull", pull.number),
        kind=MERGE,
        title=f"#{pull.number} {pull.title}{aside}",
        url=pull.html_url,
        author=pull.merged_by.login if pull.merged_by else payload.by,
        ref=sha,
        outcome=None,
        happened_at=pull.merged_at,
    )


def _release(payload: ReleaseEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    """Return a published release. GitHub sends `published` once for each release, pre-releases included."""
    made = payload.release
    if payload.action != "published" or made.draft:
        return None
    name = made.name if made.name and made.name != made.tag_name else ""
    return payload.change(
        service_of,
        heard_at,
        key=payload.key("release", made.id),
        kind=RELEASE,
        title=f"{made.tag_name} {name}{' (pre-release)' if made.prerelease else ''}",
        url=made.html_url,
        author=made.author.login if made.author else payload.by,
        ref=made.tag_name,
        outcome=None,
        happened_at=made.published_at,
    )


def _workflow(payload: WorkflowRunEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    """Return a completed run on the default branch. A run for a pull request changes nothing in production."""
    run = payload.workflow_run
    on_default = run.head_branch == payload.repository.default_branch and run.event != "pull_request"
    if payload.action != "completed" or not on_default or not run.conclusion:
        return None
    name = run.name or (payload.workflow.name if payload.workflow else "")
    return payload.change(
        service_of,
        heard_at,
        key=payload.key("workflow", run.id),
        kind=WORKFLOW,
        title=f"{name} #{run.run_number}",
        url=run.html_url,
        author=payload.by,
        ref=run.head_sha,
        outcome=run.conclusion,
        happened_at=run.created_at,
        as_of=run.updated_at,
    )


def _issue(payload: IssuesEvent, _service_of: ServiceOf, _heard_at: datetime) -> IssueNews | Moved | None:
    states = {"closed": "closed", "reopened": "open"}
    if payload.action == "transferred":
        return _transfer(payload)
    if payload.action not in states:
        return None
    issue, is_closed = payload.issue, payload.action == "closed"
    return IssueNews(
        repository=payload.repository.full_name,
        number=issue.number,
        state=states[payload.action],
        reason=inert(issue.state_reason, WORD) if issue.state_reason else None,
        at=(issue.closed_at if is_closed else None) or issue.updated_at,
        by=inert(payload.by, WORD) if payload.by else None,
    )


def _transfer(payload: IssuesEvent) -> Moved | None:
    issue, repository = payload.changes.new_issue, payload.changes.new_repository
    if not (issue and repository):
        return None
    return Moved(
        repository=payload.repository.full_name,
        number=payload.issue.number,
        to=repository.full_name,
        to_number=issue.number,
        url=address(issue.html_url),
    )


def _renaming(payload: RepositoryEvent, _service_of: ServiceOf, _heard_at: datetime) -> Moved | None:
    """Return the move of a repository that was renamed or transferred to another owner."""
    owner, _, name = payload.repository.full_name.partition("/")
    if payload.action == "renamed" and payload.changes.repository:
        name = payload.changes.repository.name.was
    elif (
        payload.action == "transferred"
        and payload.changes.owner
        and (before := payload.changes.owner.was.login)
    ):
        owner = before
    else:
        return None
    return Moved(repository=f"{owner}/{name}", to=payload.repository.full_name)


_READERS: Mapping[str, tuple[type[GitHubEvent], Callable[[Any, ServiceOf, datetime], TrackerNews | None]]] = {
    "deployment": (DeploymentEvent, _deployment),
    "deployment_status": (DeploymentStatusEvent, _deployment),
    "push": (PushEvent, _push),
    "pull_request": (PullRequestEvent, _merge),
    "release": (ReleaseEvent, _release),
    "workflow_run": (WorkflowRunEvent, _workflow),
    "issues": (IssuesEvent, _issue),
    "repository": (RepositoryEvent, _renaming),
}
