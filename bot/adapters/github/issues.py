"""Write an issue on GitHub, then compare it: GitHub silently drops what a token is not allowed to set.

The text matters most. Labels, assignees, the milestone and the state are sent with it. If GitHub refuses the whole,
the text is sent alone, and then each of the others by itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from github import GithubException, RateLimitExceededException
from github.Issue import Issue as GithubIssue
from github.Repository import Repository
from requests import RequestException

from bot.ports import Issue, IssueDraft

OF_A_PART = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Statuses with which GitHub refuses a whole issue because of one label, assignee or milestone."""
TEXTS = frozenset({"title", "body"})
_IN_API = re.compile(r"/repos/([^/]+/[^/]+)")
_ON_SITE = re.compile(r"([^/]+/[^/]+)/(?:issues|pull)/\d+")


def create(repo: Repository, draft: IssueDraft) -> tuple[GithubIssue, list[str]]:
    """Create an issue. Return it, and what GitHub left out, as words for people."""
    found, unread = _milestone(repo, draft.milestone)
    wanted: dict[str, Any] = {"labels": list(draft.labels)} if draft.labels else {}
    wanted |= {"assignees": [draft.assignee]} if draft.assignee else {}
    wanted |= {"milestone": found} if found else {}
    try:
        made = repo.create_issue(draft.title, body=draft.body, **wanted)
    except GithubException as refused:
        if not wanted or not _is_of_a_part(refused):
            raise
        made = repo.create_issue(draft.title, body=draft.body)
        if not has_moved(made):
            _each_by_itself(made, wanted)
    if has_moved(made):
        return made, []
    return made, [*unread, *_differences(made, {"title": draft.title, "body": draft.body, **wanted})]


def find(repo: Repository, number: int) -> GithubIssue:
    """Return an issue. Raise TypeError if the answer has no number: PyGithub would invent it from the URL."""
    issue = repo.get_issue(number).complete()
    if "number" not in issue.raw_data:
        raise TypeError("GitHub's answer is of no issue")
    return issue


def has_moved(made: GithubIssue) -> bool:
    """Return whether GitHub created nothing and only redirected (307) to the repository's new name."""
    return "number" not in made.raw_data


def revise(issue: GithubIssue, draft: IssueDraft) -> list[str]:
    """Update an issue, and return what GitHub left out, as words for people.

    What people set on GitHub stays: the title, the milestone, and other labels and assignees.
    """
    changes, unread = _changes(issue, draft)
    if changes:
        _write(issue, changes)
    return [*unread, *_differences(issue, changes)]


def read(issue: GithubIssue, asked: str, without: Sequence[str] = ()) -> Issue:
    """Return GitHub's issue as a port's Issue. `asked` is the repository (owner/name) it was requested from."""
    return Issue(
        repository=home(issue, asked),
        number=number_of(issue),
        url=issue.html_url,
        title=issue.title,
        body=issue.body or "",
        state=issue.state,
        assignees=tuple(it.login for it in issue.assignees),
        milestone=issue.milestone.title if issue.milestone else None,
        as_of=issue.updated_at,
        without=tuple(without),
    )


def number_of(issue: GithubIssue) -> int:
    """Return an issue's number. Raise TypeError if the answer has none."""
    if not isinstance(issue.number, int):
        raise TypeError("GitHub's answer is of no issue")
    return issue.number


def home(issue: GithubIssue, asked: str) -> str:
    """Return the repository (owner/name) that an issue is in now: it may have been transferred or renamed."""
    addresses = ((_IN_API, "repository_url"), (_IN_API, "url"), (_ON_SITE, "html_url"))
    found = (shape.search(getattr(issue, name) or "") for shape, name in addresses)
    return next((it[1] for it in found if it), asked)


# --- writing ----------------------------------------------------------------------------------------------


def _changes(issue: GithubIssue, draft: IssueDraft) -> tuple[dict[str, Any], list[str]]:
    labels, changes = _labels(issue), dict[str, Any]()
    wanted = _once([*(it for it in labels if it not in draft.retired), *draft.labels])
    if draft.body != (issue.body or ""):
        changes["body"] = draft.body
    if _folded(wanted) != _folded(labels):
        changes["labels"] = wanted
    if draft.state and draft.state != issue.state:
        changes["state"] = draft.state
    if (assignees := _assignees(issue, draft)) is not None:
        changes["assignees"] = assignees
    found, unread = (None, []) if issue.milestone else _milestone(issue.repository, draft.milestone)
    return changes | ({"milestone": found} if found else {}), unread


def _assignees(issue: GithubIssue, draft: IssueDraft) -> list[str] | None:
    """Return the new assignees; None to keep the present ones.

    Only the assignee that Spy set before is replaced. If people chose others, those stay.
    """
    there = [it.login for it in issue.assignees]
    known = {it.casefold() for it in there}
    before, now = (draft.relieved or "").casefold(), (draft.assignee or "").casefold()
    if before == now or (there and before not in known):
        return None
    kept = [it for it in there if it.casefold() != before]
    return [*kept, draft.assignee] if draft.assignee and now not in known else kept


def _milestone(repo: Repository, title: str | None) -> tuple[Any, list[str]]:
    if not title:
        return None, []
    try:
        found = next((it for it in repo.get_milestones(state="open") if it.title == title), None)
    except GithubException as trouble:
        return None, [f"the milestone {title} (GitHub answered {trouble.status} to a look at the milestones)"]
    except RequestException:
        return None, [f"the milestone {title} (GitHub did not answer a look at the milestones)"]
    return found, [] if found else [f"the milestone {title}"]


def _write(issue: GithubIssue, changes: Mapping[str, Any]) -> None:
    texts = {name: text for name, text in changes.items() if name in TEXTS}
    try:
        issue.edit(**changes)
    except GithubException as refused:
        if texts == changes or not _is_of_a_part(refused):
            raise
        if texts:
            issue.edit(**texts)
        _each_by_itself(issue, {name: it for name, it in changes.items() if name not in TEXTS})


def _is_of_a_part(refused: GithubException) -> bool:
    return refused.status in OF_A_PART and not isinstance(refused, RateLimitExceededException)


def _each_by_itself(issue: GithubIssue, wanted: Mapping[str, Any]) -> None:
    """Set each part by itself and ignore errors. The comparison afterwards finds what is missing."""
    for name, value in wanted.items():
        if name == "labels":
            _label_by_label(issue, value)
        else:
            _edit(issue, **{name: value})


def _label_by_label(issue: GithubIssue, wanted: Sequence[str]) -> None:
    kept = [it for it in _labels(issue) if it in wanted]
    if kept != _labels(issue):
        _edit(issue, labels=kept)
    for label in wanted:
        if label not in kept:
            _edit(issue, labels=[*_labels(issue), label])


def _edit(issue: GithubIssue, **change: Any) -> None:
    with suppress(GithubException, RequestException):
        issue.edit(**change)


# --- comparing --------------------------------------------------------------------------------------------


def _differences(issue: GithubIssue, asked: Mapping[str, Any]) -> list[str]:
    """Return what differs from the request, as words for people."""
    return [words for name, value in asked.items() for words in _DIFFERENCES[name](issue, value)]


def _in_text(name: str) -> Callable[[GithubIssue, str], Iterator[str]]:
    def differs(issue: GithubIssue, asked: str) -> Iterator[str]:
        if _plain(getattr(issue, name)) != _plain(asked):
            yield f"its {'text' if name == 'body' else name}"

    return differs


def _in_labels(issue: GithubIssue, asked: Sequence[str]) -> Iterator[str]:
    there = _folded(_labels(issue))
    if lacks := [it for it in asked if it.casefold() not in there]:
        yield f"the {'label' if len(lacks) == 1 else 'labels'} {', '.join(lacks)}"
    if left := [it for it in _labels(issue) if it.casefold() not in _folded(asked)]:
        yield f"the removal of the {'label' if len(left) == 1 else 'labels'} {', '.join(left)}"


def _in_assignees(issue: GithubIssue, asked: Sequence[str]) -> Iterator[str]:
    there = _folded(it.login for it in issue.assignees)
    yield from (f"the assignee {it}" for it in asked if it.casefold() not in there)


def _in_milestone(issue: GithubIssue, asked: Any) -> Iterator[str]:
    if issue.milestone is None or issue.milestone.title != asked.title:
        yield f"the milestone {asked.title}"


def _in_state(issue: GithubIssue, asked: str) -> Iterator[str]:
    if issue.state != asked:
        yield f"that it is {asked}"


_DIFFERENCES: Mapping[str, Callable[[GithubIssue, Any], Iterator[str]]] = {
    "title": _in_text("title"),
    "body": _in_text("body"),
    "labels": _in_labels,
    "assignees": _in_assignees,
    "milestone": _in_milestone,
    "state": _in_state,
}


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()


def _labels(issue: GithubIssue) -> list[str]:
    return [it.name for it in issue.labels]


def _folded(names: Iterable[str]) -> set[str]:
    """Return the names in lower case: GitHub ignores case in labels and logins."""
    return {it.casefold() for it in names}


def _once(names: Iterable[str]) -> list[str]:
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return list(first.values())
