"""How a call to the outside can fail: three failures of services, and two of the database."""

from datetime import timedelta


class Unreachable(Exception):  # noqa: N818  named for what happened
    """No answer, or a failure (5xx, reset, time-out). It is unknown whether the request was carried out."""


class Throttled(Exception):  # noqa: N818  named for what happened
    """Not carried out. Retry after `retry_after`."""

    def __init__(self, why: str, *, retry_after: timedelta) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Rejected(Exception):  # noqa: N818  named for what happened
    """Not carried out, and a retry will not help. `code` is the service's word, the message is a sentence."""

    def __init__(self, code: str, sentence: str = "") -> None:
        super().__init__(sentence or code)
        self.code = code


class Conflict(Exception):  # noqa: N818  named for what happened
    """The database rolled back this transaction because of a conflict with another. Retry at once."""


class Unavailable(Exception):  # noqa: N818  named for what happened
    """The database does not answer or refuses writes. The last transaction may or may not have been committed."""
