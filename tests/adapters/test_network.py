"""A service that can't be reached is told in one short sentence, whichever service and whatever the trouble."""

import errno
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import requests
import urllib3
from urllib3.exceptions import NameResolutionError, NewConnectionError

from bot.adapters.github.check import results as github_checks
from bot.adapters.github.tracker import GitHub
from bot.adapters.network.reasons import reason
from bot.adapters.pagerduty.client import PagerDuty
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.check import results as slack_checks
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.socket import _why as why_no_link
from bot.domain.message import Message
from bot.ports import IssueDraft, Unreachable
from tests.fakes.chat import WallClock

HALF_A_SECOND = timedelta(seconds=0.5)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def refusing() -> str:
    return "http://127.0.0.1:9"


@pytest.fixture
def breaking() -> Iterator[str]:
    """Take a request, and hang up in the middle of the answer."""
    with serving(lambda caller: caller.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{")) as url:
        yield url


@pytest.fixture
def silent() -> Iterator[str]:
    ended = threading.Event()
    with serving(lambda _: ended.wait(10)) as url:
        yield url
        ended.set()


class serving:  # noqa: N801  used as a function is
    def __init__(self, answer: Callable[[socket.socket], object]) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> str:
        threading.Thread(target=self._serve, daemon=True).start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(caller,), daemon=True).start()

    def _one(self, caller: socket.socket) -> None:
        with caller:
            caller.recv(65_536)
            self._answer(caller)


def pagerduty(url: str) -> str:
    with closing(PagerDuty("t", from_email="spy@example.com", url=url, timeout=HALF_A_SECOND)) as pager:
        return told(lambda: pager.look("Q1"))


def slack(url: str) -> str:
    with closing(SlackChat(PooledWebClient("t", base_url=f"{url}/", read_timeout=0.5), WallClock())) as chat:
        return told(chat.identify)


def slack_answer(url: str) -> str:
    with closing(SlackChat(PooledWebClient("t", base_url=f"{url}/", read_timeout=0.5), WallClock())) as chat:
        return told(lambda: chat.respond(f"{url}/commands/1", Message(text="hello")))


def slack_check(url: str) -> str:
    with closing(PooledWebClient("t", base_url=f"{url}/", read_timeout=0.5)) as web:
        return next(iter(slack_checks(web, app_token=None, channels={}))).cure


def github(url: str) -> str:
    with closing(GitHub("t", url=url, timeout=timedelta(seconds=1))) as tracker:
        return told(lambda: tracker.open_issue("acme/x", IssueDraft(title="x", body="")))


def github_check(url: str) -> str:
    return next(iter(github_checks("t", "acme/x", url, timeout=timedelta(seconds=1)))).cure


def told(call: Callable[[], object]) -> str:
    with pytest.raises(Unreachable) as trouble:
        call()
    return str(trouble.value)


@pytest.mark.parametrize("call", [pagerduty, slack, slack_answer, slack_check, github, github_check])
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("refusing", "the connection was refused"),
        ("breaking", "the connection broke off"),
        ("silent", "no answer in time"),
    ],
)
def test_each_trouble_of_each_service_is_one_short_sentence(
    request: pytest.FixtureRequest, call: Callable[[str], str], place: str, why: str
):
    sentence = call(request.getfixturevalue(place))

    assert f"did not answer: {why}" in sentence or f"did not answer auth.test: {why}" in sentence
    assert len(sentence.partition(". ")[0]) < 80


NOBODY = urllib3.connectionpool.HTTPSConnectionPool("api.example.com")


def wrapped(cause: BaseException) -> requests.ConnectionError:
    """As requests wraps what urllib3 wraps."""
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(NOBODY, "/", cause))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (
            wrapped(NameResolutionError("api.example.com", NOBODY, socket.gaierror(-2, "unknown"))),  # type: ignore[arg-type]
            "its name is not known (DNS)",
        ),
        (wrapped(urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("x"))), "its certificate is not trusted"),
        (wrapped(urllib3.exceptions.SSLError(ssl.SSLError("x"))), "no secure connection could be made (TLS)"),
        (wrapped(urllib3.exceptions.ProxyError("x", OSError())), "the proxy does not answer, or refuses"),
        (requests.exceptions.InvalidURL("http://[::1"), "its address is not valid"),
        (OSError(errno.ENETUNREACH, "x"), "there is no route to it"),
        (OSError(errno.EHOSTUNREACH, "x"), "there is no route to it"),
        (TimeoutError(), "no answer in time"),
        (ConnectionResetError(), "the connection broke off"),
        (urllib3.exceptions.ProtocolError("x", ConnectionResetError()), "the connection broke off"),
    ],
    ids=str,
)  # fmt: skip
def test_a_trouble_is_told_in_a_few_words(trouble: Exception, why: str):
    assert reason(trouble) == why


def test_no_route_is_no_route_though_urllib3_calls_it_a_time_out():
    unreachable = NewConnectionError(NOBODY, "x")  # type: ignore[arg-type]
    unreachable.__cause__ = OSError(errno.ENETUNREACH, "x")

    assert reason(wrapped(unreachable)) == "there is no route to it"


def test_a_link_that_does_not_open_is_told_in_the_same_words():
    assert why_no_link(ConnectionRefusedError()) == "Slack's link did not open: the connection was refused"
