"""How a call to the outside can fail: three failures of services, and two of the database.

Each has `logged`: its message as the log may show it. A service's own words are left out there, because they may quote
what people wrote.
"""

from datetime import datetime, timedelta


class _Failure(Exception):  # noqa: N818  named for what happened
    """`detail` is in a service's own words. People read it after the message."""

    def __init__(self, message: str = "", *, detail: str = "") -> None:
        super().__init__(message + detail)
        self.logged = message


class Unreachable(_Failure):
    """No answer, or a failure (5xx, reset, time-out). It is unknown whether the request was carried out.

    `steady_since` (UTC) is when the service came back after an outage: now, while it answers nobody. None: not known.
    """

    steady_since: datetime | None = None


class Throttled(_Failure):
    """Not carried out. Retry after `retry_after`."""

    def __init__(self, why: str, *, retry_after: timedelta) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Rejected(_Failure):
    """Not carried out, and a retry will not help. `code` is the service's word, the message is a sentence."""

    def __init__(self, code: str, sentence: str = "", *, detail: str = "") -> None:
        super().__init__(sentence or code, detail=detail)
        self.code = code


class Conflict(_Failure):
    """The database rolled back this transaction because of a conflict with another. Retry at once."""


class ReadsOnly(Exception):  # noqa: N818  named for what was broken
    """Something was to be written by a command that says it only reads: a bug in that command."""


class Unavailable(_Failure):
    """The database does not answer or refuses writes. If `may_be_done`, the last transaction may be committed."""

    def __init__(self, message: str = "", *, may_be_done: bool = False) -> None:
        super().__init__(message)
        self.may_be_done = may_be_done
