"""GitHub's JSON: a repository, its issues, comments and labels, and the people who wrote them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.sandbox.rest import JSON

SITE = "https://github.com"
REPOSITORY = "acme/postmortems"
FOUNDED = "2025-01-06T09:00:00Z"
USER_LINKS = """events followers following gists organizations received_events repos starred
    subscriptions"""
REPOSITORY_LINKS = """archive assignees blobs branches collaborators comments commits compare contents
    contributors deployments downloads events forks git_commits git_refs git_tags hooks issue_comment
    issue_events issues keys labels languages merges milestones notifications pulls releases stargazers
    statuses subscribers subscription tags teams trees"""
REPOSITORY_COUNTS = """forks forks_count open_issues open_issues_count size stargazers_count watchers
    watchers_count network_count subscribers_count"""


@dataclass(kw_only=True)
class Comment:
    id: int
    body: str
    author: str
    created_at: datetime
    updated_at: datetime


@dataclass(kw_only=True)
class Issue:
    """Changed only under the lock; `labels` and `assignees` are names."""

    number: int
    title: str
    body: str
    author: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


class Shapes:
    """`url` is asked for late: the port is known only when the box runs. `labels` is GitHub's own, and grows."""

    def __init__(
        self, *, url: Callable[[], str], labels: Mapping[str, JSON], repository: str = REPOSITORY
    ) -> None:
        self._url = url
        self._labels = labels
        self._repository = repository

    def _api(self, path: str = "") -> str:
        return f"{self._url()}/repos/{self._repository}{path}"

    def user(self, login: str, kind: str = "User") -> JSON:
        url = f"{self._url()}/users/{login}"
        return {
            "login": login,
            "id": 7,
            "node_id": "U_7",
            "type": kind,
            "site_admin": False,
            "avatar_url": f"{SITE}/{login}.png",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{SITE}/{login}",
            **{f"{link}_url": f"{url}/{link}" for link in USER_LINKS.split()},
        }

    def oneself(self, login: str) -> JSON:
        """As a user sees their own account."""
        words = dict.fromkeys(("bio", "blog", "company", "location", "name"), "") | {
            "email": f"{login}@example.com"
        }
        counts = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
        dates = {"created_at": FOUNDED, "updated_at": FOUNDED}
        return {**self.user(login), **words, **counts, **dates, "hireable": False, "user_view_type": "public"}

    def repository(self) -> JSON:
        owner, name = self._repository.split("/")
        links = {f"{link}_url": self._api(f"/{link}") for link in REPOSITORY_LINKS.split()}
        clones = dict.fromkeys(
            ("clone_url", "git_url", "ssh_url", "svn_url"), f"{SITE}/{self._repository}.git"
        )
        lacks = dict.fromkeys(
            ("fork", "archived", "disabled", "has_projects", "has_wiki", "has_pages"), False
        )
        nothing = dict.fromkeys(("homepage", "language", "license", "mirror_url"))
        return {
            "id": 1,
            "node_id": "R_1",
            "name": name,
            "full_name": self._repository,
            "private": True,
            "owner": self.user(owner, "Organization"),
            "description": "What went wrong, and what came of it",
            "html_url": f"{SITE}/{self._repository}",
            "url": self._api(),
            **links,
            **clones,
            **lacks,
            **nothing,
            **dict.fromkeys(REPOSITORY_COUNTS.split(), 0),
            **dict.fromkeys(("created_at", "updated_at", "pushed_at"), FOUNDED),
            "has_issues": True,
            "has_discussions": False,
            "default_branch": "main",
            "permissions": {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True},
        }

    def issue(self, issue: Issue) -> JSON:
        url = self._api(f"/issues/{issue.number}")
        return {
            "id": 10_000 + issue.number,
            "node_id": f"I_{issue.number}",
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "state": issue.state,
            **({"state_reason": issue.state_reason} if issue.state_reason else {}),
            "locked": False,
            "user": self.user(issue.author),
            "labels": [self.label(name) for name in issue.labels],
            "assignee": self.user(issue.assignees[0]) if issue.assignees else None,
            "assignees": [self.user(login) for login in issue.assignees],
            "milestone": None,
            "comments": len(issue.comments),
            "author_association": "MEMBER",
            "created_at": _moment(issue.created_at),
            "updated_at": _moment(issue.updated_at),
            "closed_at": _moment(issue.closed_at) if issue.closed_at else None,
            "url": url,
            "repository_url": self._api(),
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": f"{SITE}/{self._repository}/issues/{issue.number}",
        }

    def comment(self, issue: Issue, comment: Comment) -> JSON:
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "body": comment.body,
            "user": self.user(comment.author),
            "author_association": "MEMBER",
            "created_at": _moment(comment.created_at),
            "updated_at": _moment(comment.updated_at),
            "url": self._api(f"/issues/comments/{comment.id}"),
            "issue_url": self._api(f"/issues/{issue.number}"),
            "html_url": f"{SITE}/{self._repository}/issues/{issue.number}#issuecomment-{comment.id}",
        }

    def label(self, name: str) -> JSON:
        ident = 1 + list(self._labels).index(name)
        url = self._api(f"/labels/{name}")
        return {
            "id": ident,
            "node_id": f"L_{ident}",
            "url": url,
            "name": name,
            "default": False,
            **self._labels[name],
        }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
