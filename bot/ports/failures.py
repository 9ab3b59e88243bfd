"""How a call to the world can fail: three kinds of trouble outside, and two with the database."""

from datetime import timedelta


class Unreachable(Exception):  # noqa: N818  named for what happened
    """No answer, or an answer of trouble (5xx, reset, time-out): whether it was done is unknown."""


class Throttled(Exception):  # noqa: N818  named for what happened
    """Not done: asked to come back after `retry_after`."""

    def __init__(self, why: str, *, retry_after: timedelta) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Rejected(Exception):  # noqa: N818  named for what happened
    """Not done, and asking again will not help: `code` is the service's word, the message a sentence."""

    def __init__(self, code: str, sentence: str = "") -> None:
        super().__init__(sentence or code)
        self.code = code


class Conflict(Exception):  # noqa: N818  named for what happened
    """Two transactions waited for each other, and this one was undone: it may be done again at once."""


class Unavailable(Exception):  # noqa: N818  named for what happened
    """The database does not answer, or takes nothing; whether it kept the last transaction may be unknown."""
