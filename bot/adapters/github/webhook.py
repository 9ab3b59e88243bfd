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
from bot.domain.changes.change import DEPLOY, MERGE, PUSH, RELEASE, WORD, WORKFLOW, Change, address, one_line
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
        told = kind.model_validate_json(body)
    except ValidationError as odd:
        where = ".".join(str(part) for part in odd.errors(include_input=False)[0]["loc"]) or "the body"
        sentence = f"This is not what GitHub sends as {event}: {one_line(where, WORD)} can't be read."
        raise Rejected("malformed", f"{sentence} Is its content type application/json?") from None
    found: TrackerNews | None = read(told, service_of, heard_at)
    return found


def _deployment(told: DeploymentEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
    """Return one change for a deployment; each status updates it."""
    made = told.deployment
    status = told.deployment_status if isinstance(told, DeploymentStatusEvent) else None
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


def _push(told: PushEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
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


def _merge(told: PullRequestEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
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


def _release(told: ReleaseEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
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


def _workflow(told: WorkflowRunEvent, service_of: ServiceOf, heard_at: datetime) -> Change | None:
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


def _issue(told: IssuesEvent, _service_of: ServiceOf, _heard_at: datetime) -> IssueNews | Moved | None:
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


def _transfer(told: IssuesEvent) -> Moved | None:
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


def _renaming(told: RepositoryEvent, _service_of: ServiceOf, _heard_at: datetime) -> Moved | None:
    """Return the move of a repository that was renamed or transferred to another owner."""
    owner, _, name = told.repository.full_name.partition("/")
    if told.action == "renamed" and told.changes.repository:
        name = told.changes.repository.name.was
    elif told.action == "transferred" and told.changes.owner and (before := told.changes.owner.was.login):
        owner = before
    else:
        return None
    return Moved(repository=f"{owner}/{name}", to=told.repository.full_name)


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
