"""The web as a caller sees it: what goes through the served, what is refused, health and figures."""

import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from bot.domain.durations import Durations
from bot.ports import Unavailable
from bot.web import CannotListen, Check, Handler, Server, Shown, WebAnswer, build_web, everyone, listen, serve
from bot.web.calls import LARGEST_BODY
from bot.web.connection import ConnectionLimits
from bot.web.metrics import Metrics
from bot.web.metrics import registry as metrics_registry


def echo(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
    return WebAnswer(
        headers={"x-seen": headers["x-slack-signature"], "content-type": "text/plain"}, body=body
    )


def faulty(_body: bytes, _headers: Mapping[str, str]) -> WebAnswer:
    raise RuntimeError("the wheel came off")


@contextmanager
def opened(
    *,
    slack: Handler | None = None,
    pagerduty: Handler | None = None,
    readiness: Mapping[str, Check] = MappingProxyType({}),
    metrics: CollectorRegistry | None = None,
    notes: Mapping[str, Check] = MappingProxyType({}),
    patience: float = 2.0,
    limits: ConnectionLimits | None = None,
) -> Iterator[httpx.Client]:
    """Serve on a free port, and give a client that speaks to it."""
    handlers = {"/slack/events": slack, "/webhooks/pagerduty": pagerduty}
    app = build_web(
        to_all=Shown(),
        with_token=Shown(metrics=metrics or CollectorRegistry()),
        sees_all=everyone,
        readiness=readiness,
        notes=notes,
        handlers={path: it for path, it in handlers.items() if it},
        patience=patience,
    )
    server = serve(app, listen("127.0.0.1", 0), limits)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", limits=httpx.Limits()) as client:
            yield client
    finally:
        server.stop()


def test_a_request_goes_through_byte_for_byte_with_its_signature():
    with opened(slack=echo) as web:
        answer = web.post("/slack/events", content=b"a=%20\x00b", headers={"X-Slack-Signature": "v0=abc"})

    assert (answer.status_code, answer.content) == (200, b"a=%20\x00b")
    assert answer.headers["x-seen"] == "v0=abc"


def test_what_the_door_answers_is_what_the_caller_gets():
    def refusing(_body: bytes, _headers: Mapping[str, str]) -> WebAnswer:
        return WebAnswer(status=401, body="no")

    with opened(pagerduty=refusing) as web:
        answer = web.post("/webhooks/pagerduty")

    assert (answer.status_code, answer.text) == (401, "no")


def test_a_door_that_is_not_there_is_not_found():
    with opened() as web:
        assert web.post("/slack/events").status_code == 404


def test_a_wrong_method_is_refused():
    with opened(slack=echo) as web:
        assert web.get("/slack/events").status_code == 405


def test_a_body_that_is_too_large_is_refused():
    with opened(slack=echo) as web:
        assert web.post("/slack/events", content=b"x" * (LARGEST_BODY + 1)).status_code == 413


def test_a_body_in_pieces_is_refused_when_they_grow_too_large():
    def pieces() -> Iterator[bytes]:
        yield from [b"x" * LARGEST_BODY, b"x"]

    with opened(slack=echo) as web:
        assert web.post("/slack/events", content=pieces()).status_code == 413


def test_a_fault_behind_the_door_shows_a_number_and_no_trace():
    with opened(slack=faulty) as web:
        answer = web.post("/slack/events")

    assert answer.status_code == 500
    assert "logged as" in answer.text
    assert "wheel" not in answer.text


def test_fifty_requests_are_served_side_by_side():
    together = threading.Barrier(50, timeout=10)

    def waiting(_body: bytes, _headers: Mapping[str, str]) -> WebAnswer:
        together.wait()
        return WebAnswer()

    with opened(slack=waiting) as web, ThreadPoolExecutor(50) as callers:
        answers = list(callers.map(lambda _: web.post("/slack/events"), range(50)))

    assert [answer.status_code for answer in answers] == [200] * 50


def test_it_is_ready_when_every_part_is():
    with opened(readiness={"database": lambda: "", "slack": lambda: ""}) as web:
        answer = web.get("/readyz")

    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "checks": {"database": "ok", "slack": "ok"}},
    )


def test_what_is_odd_is_a_note_and_it_is_ready_nevertheless():
    notes = {"clock": lambda: "the clocks differ", "disk": lambda: ""}
    with opened(readiness={"database": lambda: ""}, notes=notes) as web:
        answer = web.get("/readyz")

    assert (answer.status_code, answer.json()["notes"]) == (200, {"clock": "the clocks differ"})


def test_it_is_alive_but_not_ready_while_a_part_is_not():
    def hushed() -> str:
        raise RuntimeError("password=hush")

    with opened(readiness={"database": hushed, "socket": lambda: "no link yet", "slack": lambda: ""}) as web:
        answer, alive = web.get("/readyz"), web.get("/healthz")

    assert (answer.status_code, alive.status_code) == (503, 200)
    assert answer.json() == {
        "ready": False,
        "checks": {"database": "failed with RuntimeError", "socket": "no link yet", "slack": "ok"},
    }


def test_a_part_that_hangs_is_said_to():
    released = threading.Event()

    def hung() -> str:
        released.wait(10)
        return ""

    with opened(readiness={"database": hung, "slack": lambda: ""}, patience=0.05) as web:
        answer = web.get("/readyz")
        released.set()

    assert answer.json()["checks"] == {"database": "no answer in 0.05 s", "slack": "ok"}


def test_figures_are_prometheus_text():
    registry = CollectorRegistry()
    Counter("spy_asks", "What was asked", registry=registry).inc(3)

    with opened(metrics=registry) as web:
        answer = web.get("/metrics")

    assert "spy_asks_total 3.0" in answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")


def counted(**given: Any) -> CollectorRegistry:
    """The metrics of a bot to which nothing has happened but this."""
    nothing: dict[str, Any] = dict.fromkeys(("tally", "waiting", "stuck", "parts"), dict)
    numbers: dict[str, Any] = {it: lambda: 0 for it in ("opened", "overdue", "lost")}
    times = {it: Durations() for it in ("answer_times", "delays")}
    return metrics_registry(Metrics(**(nothing | numbers | times | given)))


def test_figures_are_told_while_the_database_is_away():
    def away() -> dict[str, int]:
        raise Unavailable("the server is gone")

    metrics = counted(tally=lambda: {("Post", "delivered"): 3}, waiting=away)

    with opened(metrics=metrics) as web:
        answer = web.get("/metrics")

    assert 'spy_effects_total{kind="Post",outcome="delivered"} 3.0' in answer.text
    assert "spy_database_up 0.0" in answer.text


def test_lanes_that_stand_still_are_counted_by_kind():
    metrics = counted(stuck=lambda: {"SendPage": 2})

    with opened(metrics=metrics) as web:
        assert 'spy_outbox_lanes_standing{kind="SendPage"} 2.0' in web.get("/metrics").text


def test_the_porch_says_who_lives_here():
    with opened() as web:
        assert "Spy is here" in web.get("/").text


# --- the server -------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    running = serve(
        build_web(to_all=Shown(), with_token=Shown(), sees_all=everyone, readiness={}), listen("127.0.0.1", 0)
    )
    yield running
    running.stop()


def test_it_answers_as_soon_as_it_is_served_and_stops_when_told(server: Server):
    address = f"http://127.0.0.1:{server.port}/healthz"

    answer = httpx.get(address)
    server.stop()

    assert answer.text == "alive\n"
    assert not server.is_alive
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_a_port_that_is_taken_is_told_with_the_cure(server: Server):
    with pytest.raises(CannotListen, match=rf"web\.port: {server.port} is taken .* set web\.port"):
        listen("127.0.0.1", server.port)


def test_a_host_that_is_not_here_is_told():
    with pytest.raises(CannotListen, match=r"web\.host: 192\.0\.2\.1"):
        listen("192.0.2.1", 0)


# --- connections that say nothing -------------------------------------------------------------------------


@contextmanager
def silent(web: httpx.Client, count: int, words: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open connections that send these words and then nothing."""
    with ExitStack() as opened:
        connections = []
        for _ in range(count):
            connection = opened.enter_context(
                socket.create_connection(("127.0.0.1", web.base_url.port or 0), timeout=10)
            )
            connection.sendall(words)
            connections.append(connection)
        yield connections


def is_closed(connection: socket.socket) -> bool:
    """Wait until the server closes the connection."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("words", [b"", b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"])
def test_500_silent_connections_are_closed_and_keep_nobody_else_waiting(words: bytes):
    with opened(limits=ConnectionLimits(headers=1.0)) as web, silent(web, 500, words) as connections:
        assert web.get("/healthz").status_code == 200
        assert all(is_closed(it) for it in connections)


def test_of_too_many_connections_the_one_that_is_silent_longest_is_closed():
    with opened(limits=ConnectionLimits(headers=60, most=100)) as web:
        assert web.get("/healthz").status_code == 200
        with silent(web, 500) as connections:
            assert all(is_closed(it) for it in connections[:400])
            assert web.get("/healthz").status_code == 200


def test_a_half_request_after_a_whole_one_is_closed_too():
    with opened(limits=ConnectionLimits(headers=0.5)) as web, silent(web, 1) as [connection]:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.sendall(b"GET /healthz HT")

        while connection.recv(1024):
            pass


def test_a_slow_answer_is_not_cut_off():
    waits = threading.Event()

    def slow(_body: bytes, _headers: Mapping[str, str]) -> WebAnswer:
        waits.wait(0.6)
        return WebAnswer(body="done")

    with opened(slack=slow, limits=ConnectionLimits(headers=0.2)) as web:
        assert web.post("/slack/events").text == "done"
