"""Requests of a failover, to a small real server: made once, judged exactly, and unknown only where that is true."""

import json
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any

import pytest

from bot.adapters.actions.answer import LONGEST_ANSWER
from bot.adapters.actions.http import HttpCaller
from bot.adapters.actions.output import KEPT
from bot.adapters.actions.variables import Variables
from bot.domain.failover.plan import Bound, End, Expect, HttpCall, Outcome

SECRET = "s3same/open"
LONG = timedelta(seconds=10)


@dataclass
class Site:
    """Answers every path with what it was given.

    `asked` is what came: method, path, headers, body. `names` are the names of all headers, the repeated ones too.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    breaks: bool = False
    lets_wait: Event | None = None
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in call.headers.items()}
        self.names += (name.lower() for name in call.headers)
        body = call.rfile.read(int(headers.get("content-length", 0)))
        self.asked.append((call.command, call.path, headers, body))
        if self.lets_wait:
            self.lets_wait.wait(10)
        if self.breaks or self.lets_wait:
            call.close_connection = True
            return
        is_first = len(self.asked) == 1
        call.send_response(self.status if is_first or "location" not in self.headers else 200)
        for name, value in self.headers.items() if is_first else ():
            call.send_header(name, value)
        call.send_header("content-length", str(len(self.body)))
        call.end_headers()
        call.wfile.write(self.body)


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self)

        do_POST = do_PUT = do_DELETE = do_CONNECT = do_GET  # noqa: N815  as above

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        if site.lets_wait:
            site.lets_wait.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        yield site


def call(request: HttpCall, timeout: timedelta = LONG, stopped: Event | None = None) -> Outcome:
    variables = Variables({"TOKEN": f" {SECRET}\n", "BASE": "http://127.0.0.1:1/x"}, own=["xoxb-own"])
    return HttpCaller(variables).ask(request, timeout=timeout, hear=len, stopped=stopped or Event())


def judged(site: Site, body: Any, **bounds: Bound) -> tuple[End, str]:
    site.body = body if isinstance(body, bytes) else json.dumps(body).encode()
    outcome = call(
        HttpCall(url=site.url, expect=Expect(json={k.replace("__", "."): v for k, v in bounds.items()}))
    )
    return outcome.end, outcome.says


# --- what is asked ----------------------------------------------------------------------------------------


def test_a_request_is_made_once_with_what_its_plan_says(site: Site):
    request = HttpCall(
        url=f"{site.url}/a%2Fb?c=d", method="POST", json={"percent": 5}, headers={"X-Pod": "7"}
    )

    outcome = call(request)

    [(method, path, headers, body)] = site.asked
    assert (outcome.end, outcome.says, outcome.output) == (End.OK, "HTTP 200", "{}")
    assert (method, path, headers["x-pod"], json.loads(body)) == ("POST", "/a%2Fb?c=d", "7", {"percent": 5})


def test_variables_are_filled_in_and_never_shown(site: Site):
    site.body = f"you sent {SECRET} or s3same%2Fopen".encode()
    request = HttpCall(
        url=f"{site.url}/?t={{{{ env.TOKEN }}}}",
        method="PUT",
        json={"list": ["{{ env.TOKEN }}"]},
        headers={"Authorization": "Bearer {{ env.TOKEN }}"},
    )

    outcome = call(request)

    [(_, path, headers, body)] = site.asked
    assert (path, headers["authorization"]) == ("/?t=s3same%2Fopen", f"Bearer {SECRET}")
    assert json.loads(body) == {"list": [SECRET]}
    assert outcome.output == "you sent *** or ***"


def test_an_address_may_begin_with_a_variable():
    outcome = call(HttpCall(url="{{ env.BASE }}/lag"))

    assert (outcome.end, outcome.says) == (End.RED, "cannot be reached: connection refused")


def test_a_variable_that_is_not_set_is_told_and_nothing_is_asked(site: Site):
    outcome = call(HttpCall(url=site.url, headers={"X": "{{ env.NOWHERE }}"}))

    assert outcome.end is End.RED
    assert outcome.says.startswith("NOWHERE is not set in Spy's environment")
    assert site.asked == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "127.0.0.1", "http://", "http://[half", ""])
def test_an_address_that_is_none_is_red(url: str):
    outcome = call(HttpCall(url=url))

    assert outcome.end is End.RED
    assert "not valid" in outcome.says or "cannot be reached" in outcome.says


def test_no_proxy_comes_between_a_site_on_this_machine(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert call(HttpCall(url=site.url)).end is End.OK


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without a proxy, and without sites that are called around one."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_a_proxy_gets_its_password_and_the_site_only_its_own(site: Site, environment: pytest.MonkeyPatch):
    environment.setenv("http_proxy", site.url.replace("//", "//u:p%40ss@"))

    outcome = call(HttpCall(url="http://me:mine@spy.example.com/x", headers={"host": "b.example.com"}))

    [(_, path, headers, _)] = site.asked
    assert (outcome.end, path) == (End.OK, "http://spy.example.com/x")
    assert headers["proxy-authorization"] == f"Basic {b64encode(b'u:p@ss').decode()}"
    assert headers["authorization"] == f"Basic {b64encode(b'me:mine').decode()}"
    assert site.names.count("host") == 1


def test_a_proxy_gets_its_password_before_an_encrypted_request(site: Site, environment: pytest.MonkeyPatch):
    site.status = 407
    environment.setenv("https_proxy", site.url.replace("//", "//u:p@"))

    outcome = call(HttpCall(url="https://spy.example.com/x"))

    [(method, path, headers, _)] = site.asked
    assert (outcome.end, method, path) == (End.RED, "CONNECT", "spy.example.com:443")
    assert headers["proxy-authorization"] == f"Basic {b64encode(b'u:p').decode()}"


def test_a_proxy_without_a_scheme_is_asked_by_http(site: Site, environment: pytest.MonkeyPatch):
    environment.setenv("http_proxy", site.url.removeprefix("http://"))

    assert call(HttpCall(url="http://spy.example.com/x")).end is End.OK
    assert [path for _, path, _, _ in site.asked] == ["http://spy.example.com/x"]


def test_a_header_of_the_plan_replaces_ours_however_it_is_spelt(site: Site):
    url = site.url.replace("//", "//u:p@")
    own = {"user-agent": "me", "authorization": "Bearer x", "content-type": "text/json"}

    outcome = call(HttpCall(url=url, method="POST", json={}, headers=own))

    [(_, _, headers, _)] = site.asked
    assert outcome.end is End.OK
    assert {name: headers[name] for name in own} == own
    assert len(site.names) == len(set(site.names))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), date(2026, 1, 2)])
def test_what_json_does_not_have_is_not_sent(site: Site, value: Any):
    outcome = call(HttpCall(url=site.url, method="POST", json={"a": value}))

    assert outcome.end is End.RED
    assert outcome.says.startswith("cannot be asked: its json holds a value that JSON does not have")
    assert site.asked == []


def test_spaces_around_an_address_are_ignored(site: Site):
    assert call(HttpCall(url=f" {site.url}/x ")).end is End.OK
    assert [path for _, path, _, _ in site.asked] == ["/x"]


# --- what may have happened -------------------------------------------------------------------------------


def test_a_refused_connection_is_red_since_nothing_left():
    outcome = call(HttpCall(url="http://127.0.0.1:1", method="POST"))

    assert (outcome.end, outcome.says) == (End.RED, "cannot be reached: connection refused")


def test_a_connection_that_breaks_leaves_it_unknown_and_is_not_tried_again(site: Site):
    site.breaks = True

    outcome = call(HttpCall(url=site.url, method="POST"))

    assert (outcome.end, outcome.says) == (End.UNKNOWN, "the connection broke before the answer was whole")
    assert len(site.asked) == 1


def test_an_answer_that_breaks_off_leaves_it_unknown():
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def half() -> None:
            link, _ = server.accept()
            with link:
                link.recv(65536)
                link.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")

        threading.Thread(target=half).start()
        outcome = call(HttpCall(url=f"http://127.0.0.1:{server.getsockname()[1]}", method="POST"))

    assert (outcome.end, outcome.says) == (End.UNKNOWN, "the connection broke before the answer was whole")


def test_silence_leaves_it_unknown_when_its_time_is_up(site: Site):
    site.lets_wait = Event()

    outcome = call(HttpCall(url=site.url, method="POST"), timeout=timedelta(seconds=0.2))

    assert (outcome.end, outcome.says) == (End.UNKNOWN, "no answer after 0 s")


def test_an_abort_does_not_wait_for_the_answer(site: Site):
    site.lets_wait, stopped = Event(), Event()
    threading.Timer(0.1, stopped.set).start()

    outcome = call(HttpCall(url=site.url, method="POST"), stopped=stopped)

    assert (outcome.end, outcome.says) == (End.UNKNOWN, "stopped before an answer came")


def test_what_was_aborted_before_it_began_is_not_asked(site: Site):
    stopped = Event()
    stopped.set()

    outcome = call(HttpCall(url=site.url, method="POST"), stopped=stopped)

    assert (outcome.end, outcome.says, site.asked) == (End.RED, "stopped", [])


# --- redirects --------------------------------------------------------------------------------------------


def test_a_look_follows_a_redirect_within_its_host(site: Site):
    site.status, site.headers = 302, {"location": "/there"}

    assert call(HttpCall(url=f"{site.url}/here")).end is End.OK
    assert [path for _, path, _, _ in site.asked] == ["/here", "/there"]


@pytest.mark.parametrize(("method", "to"), [("POST", "/there"), ("GET", "http://localhost:1/there")])
def test_nothing_else_is_followed(site: Site, method: str, to: str):
    site.status, site.headers = 307, {"location": to}

    outcome = call(HttpCall(url=site.url, method=method, headers={"X-Key": "{{ env.TOKEN }}"}))

    assert (outcome.end, len(site.asked)) == (End.RED, 1)
    assert outcome.says.startswith("HTTP 307, to http")


@pytest.mark.parametrize("to", ["http://x:abc/", "http://[::1/", "http://[@{host}/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_what_is_no_address_is_not_followed(site: Site, method: str, to: str):
    site.status, site.headers = 302, {"location": to.format(host=site.url.removeprefix("http://"))}
    wanted = HttpCall(url=site.url, method=method, expect=Expect(status=(302,)))

    outcome = call(wanted)

    assert (outcome.end, outcome.says, len(site.asked)) == (End.OK, "HTTP 302", 1)


def test_a_redirect_to_what_is_no_address_is_told(site: Site):
    site.status, site.headers = 302, {"location": "http://x:abc/"}

    outcome = call(HttpCall(url=site.url, method="POST"))

    assert (outcome.end, outcome.says) == (End.RED, "HTTP 302, to http://x:abc/")


def test_a_redirect_to_another_port_is_not_followed(site: Site):
    with serving(Site()) as other:
        site.status, site.headers = 302, {"location": f"{other.url}/there"}

        outcome = call(HttpCall(url=site.url, headers={"X-Key": "{{ env.TOKEN }}"}))

        assert outcome.says.startswith("HTTP 302, to http")
        assert other.asked == []


def test_a_redirect_in_a_circle_ends(site: Site):
    site.status, site.headers = 302, {"location": "/"}
    site.asked = _AlwaysEmpty()

    assert call(HttpCall(url=site.url)).says.startswith("HTTP 302, to ")


class _AlwaysEmpty(list[Any]):
    """Lets the site answer each request as its first."""

    def __len__(self) -> int:
        return 1


# --- whether it is as expected ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "wanted", "end"),
    [(204, (), End.OK), (503, (), End.RED), (404, (404, 410), End.OK), (200, (404, 410), End.RED)],
)
def test_a_status_is_any_of_success_or_what_its_plan_wants(
    site: Site, status: int, wanted: tuple[int, ...], end: End
):
    site.status, site.body = status, b""

    outcome = call(HttpCall(url=site.url, expect=Expect(status=wanted)))

    assert (outcome.end, outcome.says) == (end, f"HTTP {status}")


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (Bound(max=5), "lag_s is 12 (allows at most 5)"),
        (Bound(min=20), "lag_s is 12 (needs at least 20)"),
        (Bound(equals="12"), 'lag_s is 12 (needs "12")'),
    ],
)
def test_a_value_beyond_its_bounds_is_told(site: Site, bound: Bound, words: str):
    assert judged(site, {"lag_s": 12}, lag_s=bound) == (End.RED, words)


def test_a_value_within_its_bounds_is_told_too(site: Site):
    assert judged(site, {"lag_s": 2.5}, lag_s=Bound(min=0, max=5)) == (End.OK, "lag_s is 2.5")


def test_a_value_is_found_by_its_path_lists_included(site: Site):
    body = {"sites": [{"name": "east"}, {"name": "west", "up": True}]}

    assert judged(site, body, sites__1__up=Bound(equals=True))[0] is End.OK
    assert judged(site, body, sites__2__up=Bound(equals=True)) == (End.RED, "sites.2.up is missing")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"lag_s": NaN}', "its answer is not JSON"),
        (b"<html>", "its answer is not JSON"),
        (b"[" * 100_000, "its answer is not JSON"),
        (b'{"lag_s": true}', "lag_s is true (not a number)"),
        (b'{"lag_s": "0"}', 'lag_s is "0" (not a number)'),
        (b'{"lag_s": null}', "lag_s is null (not a number)"),
        (b"[]", "lag_s is missing"),
    ],
)
def test_what_is_no_number_is_within_no_bounds(site: Site, body: bytes, says: str):
    assert judged(site, body, lag_s=Bound(max=5)) == (End.RED, says)


def test_half_a_character_can_be_kept_and_sent_on(site: Site):
    _, says = judged(site, b'{"state": "\\ud800"}', state=Bound(equals="ok"))

    assert says.encode() == 'state is "\ufffd" (needs "ok")'.encode()


def test_true_is_not_one(site: Site):
    assert judged(site, {"up": 1}, up=Bound(equals=True)) == (End.RED, "up is 1 (needs true)")


def test_a_text_is_looked_for(site: Site):
    site.body = "all is wéll".encode()

    assert call(HttpCall(url=site.url, expect=Expect(text="wéll"))).end is End.OK
    assert call(HttpCall(url=site.url, expect=Expect(text="ill"))).says == "“ill” is not in its answer"


def test_of_a_long_answer_the_last_of_its_first_megabyte_is_kept(site: Site):
    site.body = b"y" * (LONGEST_ANSWER + 10)

    outcome = call(HttpCall(url=site.url))

    assert (outcome.end, len(outcome.output), outcome.dropped) == (End.OK, KEPT, LONGEST_ANSWER - KEPT)
    assert call(HttpCall(url=site.url, expect=Expect(text="z"))).says == "its answer is longer than 1 MB"


def test_a_secret_in_a_value_is_masked_and_a_long_value_is_cut(site: Site):
    end, says = judged(site, {"state": f"xoxb-own\n\x1b[31m{'z' * 100}"}, state=Bound(equals="ok"))

    assert end is End.RED
    assert says.startswith('state is "***')
    assert says.endswith('… (needs "ok")')
