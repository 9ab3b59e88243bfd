"""Translate PyGithub's errors: for the outbox into port errors, for a workflow into WorkflowTrouble."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from github import BadAttributeException, GithubException, IncompletableObject, RateLimitExceededException
from requests import RequestException
from urllib3.exceptions import NewConnectionError

from bot.adapters.network.reasons import reason
from bot.adapters.rendering.mrkdwn import span
from bot.domain.foreign import inert
from bot.ports import Rejected, Throttled, Unreachable

NOT_UNDERSTOOD = (
    BadAttributeException,
    IncompletableObject,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What PyGithub raises for an answer that is not GitHub's: a login page, nothing, or incomplete JSON.

Catch these before GithubException: IncompletableObject is a subclass of it, but GitHub refused nothing."""
SHORTEST, UNNAMED = timedelta(seconds=1), timedelta(minutes=1)
"""The shortest wait, and the wait if GitHub gives no time."""
MARK = "spy"
"""The workflow input that gets the attempt's mark, if the workflow declares it. Its `run-name` should show it."""
_UNDECLARED = f'Unexpected inputs provided: ["{MARK}"]'
"""GitHub's error text if the mark is the only wrong input."""


@contextmanager
def port_errors() -> Iterator[None]:
    """Raise each error of PyGithub as a port error."""
    try:
        yield
    except RateLimitExceededException as limited:
        raise Throttled("GitHub asks to wait", retry_after=_wait(limited)) from limited
    except RequestException as trouble:
        raise Unreachable(f"GitHub did not answer: {reason(trouble)}") from trouble
    except NOT_UNDERSTOOD as odd:
        raise Unreachable("GitHub's answer was not understood") from odd
    except GithubException as trouble:
        raise _port_error(trouble) from trouble


def _wait(limited: GithubException) -> timedelta:
    return asked_pause(limited.headers or {}) or UNNAMED


def _port_error(trouble: GithubException) -> Exception:
    detail = inert(trouble.message or "no reason given")
    if trouble.status >= HTTPStatus.INTERNAL_SERVER_ERROR or trouble.status == HTTPStatus.REQUEST_TIMEOUT:
        return Unreachable(f"GitHub answered {trouble.status}", detail=f": {detail}")
    if trouble.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled("GitHub asks to wait", retry_after=_wait(trouble))
    if trouble.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Rejected("gone", "GitHub has no such repository or issue, or the token may not see it")
    if trouble.status == HTTPStatus.UNAUTHORIZED:
        return Rejected("token", "GitHub refuses the token in GITHUB_TOKEN")
    if trouble.status < HTTPStatus.BAD_REQUEST:
        return Unreachable(f"GitHub's answer was not understood ({trouble.status})")
    details = trouble.data.get("errors") if isinstance(trouble.data, dict) else None
    several = details if isinstance(details, list) else []
    more = inert(
        "; ".join(str(it.get("message") or it.get("field")) for it in several if isinstance(it, dict))
    )
    reasons = f": {detail} ({more})" if more else f": {detail}"
    return Rejected("refused", f"GitHub answered {trouble.status}", detail=reasons)


class WorkflowTrouble(Exception):  # noqa: N818  named for what happened
    """A request to GitHub failed. The message says why; `pause` is the wait in seconds that GitHub asks for.

    `is_undone`: GitHub refused or was never reached, so nothing was done. Otherwise it may have been done.
    `is_of_the_mark`: GitHub refused only because the workflow does not declare the mark's input.
    """

    def __init__(
        self, why: str, *, pause: float = 0, is_undone: bool = False, is_of_the_mark: bool = False
    ) -> None:
        super().__init__(why)
        self.pause = pause
        self.is_undone = is_undone
        self.is_of_the_mark = is_of_the_mark


@contextmanager
def asking() -> Iterator[None]:
    """Translate PyGithub's errors into WorkflowTrouble."""
    try:
        yield
    except RequestException as broken:
        reason = getattr(broken.args[0] if broken.args else None, "reason", None)
        is_undone = isinstance(reason, NewConnectionError)
        raise WorkflowTrouble("GitHub does not answer", is_undone=is_undone) from broken
    except NOT_UNDERSTOOD as odd:
        raise WorkflowTrouble("GitHub's answer was not understood") from odd
    except GithubException as refused:
        raise _refusal(refused) from refused


def _refusal(refused: GithubException) -> WorkflowTrouble:
    detail = refused.message or "no reason given"
    pause = asked_pause(refused.headers or {})
    if pause:
        why = f"GitHub asks for a pause of {span(pause)}"
    elif refused.status == HTTPStatus.UNAUTHORIZED:
        why = "GitHub refuses the token: put a valid one in GITHUB_TOKEN"
    elif refused.status == HTTPStatus.NOT_FOUND:
        why = "GitHub has no such repository or workflow, or the token may not see it"
    else:
        why = f"GitHub answered {refused.status}: {detail}"
    return WorkflowTrouble(
        why,
        pause=pause.total_seconds() if pause else 0,
        is_undone=HTTPStatus.BAD_REQUEST <= refused.status < HTTPStatus.INTERNAL_SERVER_ERROR,
        is_of_the_mark=refused.status == HTTPStatus.UNPROCESSABLE_ENTITY and _UNDECLARED in detail,
    )


def asked_pause(headers: Mapping[str, object]) -> timedelta | None:
    """Return the wait in the headers of a refusal; None if they ask for none."""
    fields = {name.lower(): str(value) for name, value in headers.items()}
    if (after := fields.get("retry-after", "")).isdigit():
        return timedelta(seconds=int(after))
    reset = fields.get("x-ratelimit-reset", "")
    if fields.get("x-ratelimit-remaining") != "0" or not reset.isdigit():
        return None
    now = _moment(fields.get("date", ""))
    return max(datetime.fromtimestamp(int(reset), UTC) - now, SHORTEST) if now else UNNAMED


def _moment(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return None
