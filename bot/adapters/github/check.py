"""Looks whether GitHub can be used, for `spy check`."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

from github import Auth, Github, GithubException
from github.Repository import Repository
from requests import RequestException

from bot.adapters.network import reason
from bot.ports import Finding

_TOKEN = "GitHub token"  # noqa: S105  a line's name, no secret


def findings(
    token: str, repository: str, url: str, *, timeout: timedelta = timedelta(seconds=10)
) -> Iterator[Finding]:
    """Look at the token, the repository (owner/name) and whether it takes issues, in one request; with cures."""
    if not token:
        yield Finding(what=_TOKEN, well=False, cure="Put a GitHub token in GITHUB_TOKEN.")
        return
    github = Github(
        auth=Auth.Token(token), base_url=url.rstrip("/"), timeout=int(timeout.total_seconds()), retry=None
    )
    try:
        found = github.get_repo(repository)
    except (GithubException, RequestException) as trouble:
        yield from _troubles(trouble, repository)
    else:
        yield from _facts(found, repository)
    finally:
        github.close()


def _facts(found: Repository, asked: str) -> Iterator[Finding]:
    yield Finding(what=_TOKEN, well=True)
    is_its_name = found.full_name.casefold() == asked.casefold()
    cure = (
        "" if is_its_name else f"It is {found.full_name} now: put that into github.repository in config.yaml."
    )
    yield Finding(what=f"GitHub repository {asked}", well=is_its_name, cure=cure)
    yield Finding(
        what=f"GitHub issues of {found.full_name}",
        well=found.has_issues,
        cure="" if found.has_issues else f"Switch issues on in the settings of {found.full_name}.",
    )
    may_label = found.permissions is None or found.permissions.triage or found.permissions.push
    yield Finding(
        what=f"GitHub labels of {found.full_name}",
        well=may_label,
        cure="" if may_label else f"Give the token's owner the role Triage, or more, in {found.full_name}.",
    )


def _troubles(trouble: GithubException | RequestException, repository: str) -> Iterator[Finding]:
    if not isinstance(trouble, GithubException):
        cure = f"GitHub did not answer: {reason(trouble)}. Is GITHUB_API_URL right, and the network open?"
        yield Finding(what=_TOKEN, well=False, cure=cure)
    elif trouble.status == HTTPStatus.UNAUTHORIZED:
        yield Finding(
            what=_TOKEN, well=False, cure="GitHub refuses the token. Put a valid one in GITHUB_TOKEN."
        )
    elif trouble.status == HTTPStatus.NOT_FOUND:
        yield Finding(what=_TOKEN, well=True)
        cure = f"Correct github.repository in config.yaml, or let the token read and write issues of {repository}."
        yield Finding(what=f"GitHub repository {repository}", well=False, cure=cure)
    else:
        cure = f"GitHub answered {trouble.status}: {trouble.message or 'no reason given'}. Try again later."
        yield Finding(what=f"GitHub repository {repository}", well=False, cure=cure)
