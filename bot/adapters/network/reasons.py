"""Short reasons for network errors: the libraries' own messages are hundreds of characters long."""

import errno
import socket
import ssl
from collections.abc import Iterator

from urllib3.exceptions import LocationValueError, NameResolutionError, ProxyError
from urllib3.exceptions import TimeoutError as PoolTimeoutError

_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((ssl.SSLCertVerificationError,), "its certificate is not trusted"),
    ((ProxyError,), "the proxy does not answer, or refuses"),
    ((socket.gaierror, NameResolutionError), "its name is not known (DNS)"),
    ((ConnectionRefusedError,), "the connection was refused"),
    ((ssl.SSLError,), "no secure connection could be made (TLS)"),
    ((LocationValueError, ValueError), "its address is not valid"),
    ((TimeoutError, PoolTimeoutError), "no answer in time"),
)
"""Reasons by exception type. The first type that an error is, or wraps, gives the reason.

The errors of requests wrap those of urllib3, so that requests need not be loaded."""


def reason(error: BaseException) -> str:
    """Return why no answer came, as the end of a sentence: *Slack did not answer: the connection was refused*."""
    wrapped = list(causes(error))
    if any(isinstance(it, OSError) and it.errno in _NO_ROUTE for it in wrapped):
        return "there is no route to it"
    found = (words for kinds, words in _REASONS if any(isinstance(it, kinds) for it in wrapped))
    return next(found, "the connection broke off")


def causes(trouble: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all exceptions it wraps, also in urllib3's `args` and `reason`."""
    seen: list[BaseException] = []
    waiting = [trouble]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and not any(each is it for it in seen):
            seen.append(each)
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    yield from seen
