"""What went wrong on the way to a service, in a few words: the libraries' own run to hundreds of characters."""

import errno
import socket
import ssl
from collections.abc import Iterator

from requests.exceptions import ProxyError, Timeout
from urllib3.exceptions import LocationValueError, NameResolutionError
from urllib3.exceptions import ProxyError as PoolProxyError
from urllib3.exceptions import TimeoutError as PoolTimeoutError

_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((ssl.SSLCertVerificationError,), "its certificate is not trusted"),
    ((ProxyError, PoolProxyError), "the proxy does not answer, or refuses"),
    ((socket.gaierror, NameResolutionError), "its name is not known (DNS)"),
    ((ConnectionRefusedError,), "the connection was refused"),
    ((ssl.SSLError,), "no secure connection could be made (TLS)"),
    ((LocationValueError, ValueError), "its address is not valid"),
    ((TimeoutError, Timeout, PoolTimeoutError), "no answer in time"),
)
"""The first of these that an error is, or wraps, is what went wrong."""


def reason(error: BaseException) -> str:
    """Return why no answer came, as the end of a sentence: *Slack did not answer: the connection was refused*."""
    wrapped = list(causes(error))
    if any(isinstance(it, OSError) and it.errno in _NO_ROUTE for it in wrapped):
        return "there is no route to it"
    found = (words for kinds, words in _REASONS if any(isinstance(it, kinds) for it in wrapped))
    return next(found, "the connection broke off")


def causes(trouble: BaseException | None) -> Iterator[BaseException]:
    """Return an exception and all that it wraps: urllib3 keeps the cause in `args` or `reason`."""
    seen: list[BaseException] = []
    waiting = [trouble]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and not any(each is it for it in seen):
            seen.append(each)
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    yield from seen
