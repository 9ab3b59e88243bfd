"""GitHub's JSON: a repository, its issues, comments and labels, and the people who wrote them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.sandbox.server.rest import JSON

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
class GitHubComment:
    id: int
    body: str
    author: str
    created_at: datetime
    updated_at: datetime


@dataclass(kw_only=True)
class GitHubMilestone:
    number: int
    title: str
    created_at: datetime


@dataclass(kw_only=True)
class GitHubPull:
    """A pull request from one branch (`head`) into another (`base`)."""

    number: int
    title: str
    body: str
    head: str
    base: str
    author: str
    created_at: datetime
    state: str = "open"


@dataclass(kw_only=True)
class GitHubIssue:
    """One issue, changed only under the lock. `labels` and `assignees` are names."""

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
    comments: list[GitHubComment] = field(default_factory=list)
    milestone: GitHubMilestone | None = None
    sub_issues: list[int] = field(default_factory=list)
    """The numbers of the issues below it."""


class GitHubJson:
    """Builds GitHub's JSON. `url` is a function, since the port is known only when the box runs.

    `labels` are GitHub's default labels and those created later.
    """

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

    def own_account(self, login: str) -> JSON:
        """Return a user as they see their own account."""
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
            "has_downloads": False,
            "default_branch": "main",
            "permissions": {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True},
        }

    def issue(self, issue: GitHubIssue) -> JSON:
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
            "milestone": self.milestone(issue.milestone) if issue.milestone else None,
            "comments": len(issue.comments),
            "author_association": "MEMBER",
            "created_at": _iso(issue.created_at),
            "updated_at": _iso(issue.updated_at),
            "closed_at": _iso(issue.closed_at) if issue.closed_at else None,
            "url": url,
            "repository_url": self._api(),
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": f"{SITE}/{self._repository}/issues/{issue.number}",
        }

    def comment(self, issue: GitHubIssue, comment: GitHubComment) -> JSON:
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "body": comment.body,
            "user": self.user(comment.author),
            "author_association": "MEMBER",
            "created_at": _iso(comment.created_at),
            "updated_at": _iso(comment.updated_at),
            "url": self._api(f"/issues/comments/{comment.id}"),
            "issue_url": self._api(f"/issues/{issue.number}"),
            "html_url": f"{SITE}/{self._repository}/issues/{issue.number}#issuecomment-{comment.id}",
        }

    def milestone(self, milestone: GitHubMilestone) -> JSON:
        url = self._api(f"/milestones/{milestone.number}")
        return {
            "id": 500 + milestone.number,
            "node_id": f"MI_{milestone.number}",
            "number": milestone.number,
            "title": milestone.title,
            "description": None,
            "state": "open",
            "creator": self.user("ana-lima"),
            "open_issues": 0,
            "closed_issues": 0,
            "created_at": _iso(milestone.created_at),
            "updated_at": _iso(milestone.created_at),
            "closed_at": None,
            "due_on": None,
            "url": url,
            "labels_url": f"{url}/labels",
            "html_url": f"{SITE}/{REPOSITORY}/milestone/{milestone.number}",
        }

    def ref(self, name: str, sha: str) -> JSON:
        url = self._api(f"/git/commits/{sha}")
        return {
            "ref": f"refs/heads/{name}",
            "node_id": f"REF_{name}",
            "url": self._api(f"/git/refs/heads/{name}"),
            "object": {"type": "commit", "sha": sha, "url": url},
        }

    def file(self, path: str, text: str, sha: str, branch: str) -> JSON:
        """Return a file as the contents API does: in base64, with a line end every 60 characters."""
        content = base64.encodebytes(text.encode()).decode()
        url, page = self._api(f"/contents/{path}?ref={branch}"), f"{SITE}/{REPOSITORY}/blob/{branch}/{path}"
        blob = self._api(f"/git/blobs/{sha}")
        return {
            "type": "file",
            "encoding": "base64",
            "size": len(text.encode()),
            "name": path.rpartition("/")[2],
            "path": path,
            "content": content,
            "sha": sha,
            "url": url,
            "git_url": blob,
            "html_url": page,
            "download_url": f"https://raw.githubusercontent.com/{REPOSITORY}/{branch}/{path}",
            "_links": {"git": blob, "self": url, "html": page},
        }

    def commit(self, sha: str, message: str, author: str, at: datetime) -> JSON:
        url = self._api(f"/git/commits/{sha}")
        who = {"name": author, "email": f"{author}@example.com", "date": _iso(at)}
        return {
            "sha": sha,
            "node_id": f"C_{sha[:8]}",
            "url": url,
            "html_url": f"{SITE}/{REPOSITORY}/commit/{sha}",
            "author": who,
            "committer": who,
            "message": message,
            "tree": {"sha": sha, "url": self._api(f"/git/trees/{sha}")},
            "parents": [],
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        }

    def pull(self, pull: GitHubPull, sha: str) -> JSON:
        url, page = self._api(f"/pulls/{pull.number}"), f"{SITE}/{REPOSITORY}/pull/{pull.number}"
        issue = self._api(f"/issues/{pull.number}")
        owner = REPOSITORY.partition("/")[0]
        ends = {
            name: {
                "label": f"{owner}:{branch}",
                "ref": branch,
                "sha": sha,
                "user": self.user(owner, "Organization"),
                "repo": self.repository(),
            }
            for name, branch in (("head", pull.head), ("base", pull.base))
        }
        links = {
            "self": url,
            "html": page,
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self._api('/pulls/comments')}{{/number}}",
            "commits": f"{url}/commits",
            "statuses": self._api(f"/statuses/{sha}"),
        }
        return {
            "id": 20_000 + pull.number,
            "node_id": f"PR_{pull.number}",
            "number": pull.number,
            "title": pull.title,
            "body": pull.body,
            "state": pull.state,
            "locked": False,
            "draft": False,
            "user": self.user(pull.author),
            "labels": [],
            "milestone": None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "author_association": "MEMBER",
            "auto_merge": None,
            "active_lock_reason": None,
            "merge_commit_sha": None,
            "created_at": _iso(pull.created_at),
            "updated_at": _iso(pull.created_at),
            "closed_at": None,
            "merged_at": None,
            **ends,
            "_links": {name: {"href": address} for name, address in links.items()},
            "url": url,
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue,
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{self._api('/pulls/comments')}{{/number}}",
            "comments_url": f"{issue}/comments",
            "statuses_url": self._api(f"/statuses/{sha}"),
        }

    def opened_pull(self, pull: GitHubPull, sha: str) -> JSON:
        """Return a single pull request, with the counts that lists leave out."""
        counts = ("comments", "review_comments", "commits", "additions", "deletions", "changed_files")
        merging = {"merged": False, "mergeable": None, "rebaseable": None, "mergeable_state": "unknown"}
        about = {"merged_by": None, "maintainer_can_modify": False}
        return {**self.pull(pull, sha), **dict.fromkeys(counts, 1), **merging, **about}

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


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
