"""Open PyGithub's client without its own retries and pauses: the callers decide when to ask again."""

from datetime import timedelta

from github import Auth, Github


def client(token: str, *, url: str, timeout: timedelta, is_lazy: bool = False) -> Github:
    """Return a client. `timeout` limits the wait for one answer.

    With `is_lazy`, naming a repository makes no request.
    """
    return Github(
        auth=Auth.Token(token),
        base_url=url.rstrip("/"),
        timeout=max(1, int(timeout.total_seconds())),
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
        per_page=100,
        lazy=is_lazy,
    )
