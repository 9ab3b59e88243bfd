"""Check GitHub for `spy check`: the token, the repository, and its issues and labels."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

from github import GithubException
from github.Repository import Repository
from requests import RequestException

from bot.adapters.github.client import client
from bot.adapters.github.errors import NOT_UNDERSTOOD
from bot.adapters.network.reasons import reason
from bot.ports import CheckResult

_TOKEN = "GitHub token"  # noqa: S105  a line's name, not a secret


def results(
    token: str, repository: str, url: str, *, timeout: timedelta = timedelta(seconds=10)
) -> Iterator[CheckResult]:
    """Yield the results of the checks, made with one request. A failed one says how to fix it.

    `repository` is owner/name. `timeout` limits the wait for the answer.
    """
    if not token:
        yield CheckResult(what=_TOKEN, well=False, cure="Put a GitHub token in GITHUB_TOKEN.")
        return
    github = client(token, url=url, timeout=timeout)
    try:
        yield from list(_facts(github.get_repo(repository), repository))
    except RequestException as trouble:
        yield from _silence(trouble)
    except NOT_UNDERSTOOD:
        cure = "What answered is not GitHub's API. Is GITHUB_API_URL right, and no proxy or login page before it?"
        yield CheckResult(what=f"GitHub repository {repository}", well=False, cure=cure)
    except GithubException as trouble:
        yield from _refusals(trouble, repository)
    finally:
        github.close()


def _facts(found: Repository, asked: str) -> Iterator[CheckResult]:
    name: str = found.raw_data["full_name"]  # PyGithub would take it from the request's URL
    yield CheckResult(what=_TOKEN, well=True)
    is_its_name = name.casefold() == asked.casefold()
    cure = "" if is_its_name else f"It is {name} now: put that into github.repository in config.yaml."
    yield CheckResult(what=f"GitHub repository {asked}", well=is_its_name, cure=cure)
    yield CheckResult(
        what=f"GitHub issues of {name}",
        well=found.has_issues,
        cure="" if found.has_issues else f"Switch issues on in the settings of {name}.",
    )
    may_label = found.permissions is None or found.permissions.triage or found.permissions.push
    yield CheckResult(
        what=f"GitHub labels of {name}",
        well=may_label,
        cure="" if may_label else f"Give the token's owner the role Triage, or more, in {name}.",
    )


def _silence(trouble: RequestException) -> Iterator[CheckResult]:
    cure = f"GitHub did not answer: {reason(trouble)}. Is GITHUB_API_URL right, and the network open?"
    yield CheckResult(what=_TOKEN, well=False, cure=cure)


def _refusals(trouble: GithubException, repository: str) -> Iterator[CheckResult]:
    if trouble.status == HTTPStatus.UNAUTHORIZED:
        yield CheckResult(
            what=_TOKEN, well=False, cure="GitHub refuses the token. Put a valid one in GITHUB_TOKEN."
        )
    elif trouble.status == HTTPStatus.NOT_FOUND:
        yield CheckResult(what=_TOKEN, well=True)
        cure = f"Correct github.repository in config.yaml, or let the token read and write issues of {repository}."
        yield CheckResult(what=f"GitHub repository {repository}", well=False, cure=cure)
    else:
        cure = f"GitHub answered {trouble.status}: {trouble.message or 'no reason given'}. Try again later."
        yield CheckResult(what=f"GitHub repository {repository}", well=False, cure=cure)
