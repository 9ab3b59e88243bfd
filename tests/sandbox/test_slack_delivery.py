"""Payloads to the bot: signed, retried, in order, over changing links."""

import contextlib
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import WebClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from bot.sandbox import Box


class PayloadServer(BaseHTTPRequestHandler):
    """Keeps each payload, and answers with the next of `server.answers`, or 200."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def ear() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), PayloadServer)
    server.got, server.answers, server.daemon_threads = [], [], True
    thread = threading.Thread(target=lambda: server.serve_forever(0.02))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def posting(ear: Any) -> Iterator[Box]:
    with Box(delivery="http") as box:
        box.bot_url = f"http://127.0.0.1:{ear.server_port}"
        yield box


def link(box: Box, *, answers: bool = True) -> tuple[SocketModeClient, list[SocketModeRequest]]:
    """Connect Slack's own client. It keeps its payloads, and acknowledges them if asked to."""
    env = box.environment()
    web = WebClient(base_url=env["SLACK_API_URL"])
    client = SocketModeClient(app_token=env["SLACK_APP_TOKEN"], web_client=web, auto_reconnect_enabled=False)
    got: list[SocketModeRequest] = []

    def listen(client: SocketModeClient, request: SocketModeRequest) -> None:
        got.append(request)
        if answers:
            client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client.socket_mode_request_listeners.append(listen)
    before = box.slack.links.count
    client.connect()
    assert box.slack.links.wait_for(before + 1, seconds=5)
    return client, got


def hang_up(box: Box, *clients: SocketModeClient) -> None:
    box.slack.links.cut()
    for client in clients:
        with contextlib.suppress(
            AttributeError
        ):  # the SDK's own thread may have let go of the socket just now
            client.close()


# -------------------------------------------------------------------- over HTTP


def test_a_payload_is_signed(posting: Box, ear: Any) -> None:
    posting.slack.slash("ana", "general", "/incident", "list")

    ((headers, body),) = ear.got
    secret = posting.environment()["SLACK_SIGNING_SECRET"].encode()
    base = b"v0:" + headers["x-slack-request-timestamp"].encode() + b":" + body
    expected = "v0=" + hmac.new(secret, base, hashlib.sha256).hexdigest()
    assert headers["x-slack-signature"] == expected


def test_an_event_with_a_failed_answer_comes_again_with_the_same_id(posting: Box, ear: Any) -> None:
    ear.answers += [500, 503]

    posting.slack.say("ana", "general", "hello")

    posting.wait_for(lambda: len(ear.got) == 3)
    assert {json.loads(body)["event_id"] for _, body in ear.got} == {json.loads(ear.got[0][1])["event_id"]}
    assert [headers.get("x-slack-retry-num") for headers, _ in ear.got] == [None, "1", "2"]
    assert ear.got[1][0]["x-slack-retry-reason"] == "http_error"


def test_an_event_is_given_up_after_three_retries(posting: Box, ear: Any) -> None:
    ear.answers += [500] * 9

    posting.slack.say("ana", "general", "hello")
    posting.wait_for(lambda: len(ear.got) == 4)
    posting.slack.say("ana", "general", "next")

    texts = [json.loads(body)["event"]["text"] for _, body in ear.got]
    assert texts[:5] == ["hello"] * 4 + ["next"]


def test_a_command_is_never_tried_again(posting: Box, ear: Any) -> None:
    ear.answers += [500]

    answer = posting.slack.slash("ana", "general", "/incident")

    assert (answer.status, answer.code) == ("failed", 500)
    assert len(ear.got) == 1


def test_a_command_fails_without_a_bot(posting: Box) -> None:
    posting.bot_url = "http://127.0.0.1:9"

    assert posting.slack.slash("ana", "general", "/incident").status == "failed"


def test_the_same_payload_can_be_delivered_twice(posting: Box, ear: Any) -> None:
    posting.slack.slash("ana", "general", "/incident", "me x")

    (again,) = posting.slack.redeliver()

    assert again.ok
    assert ear.got[0][1] == ear.got[1][1]


def test_events_of_a_channel_keep_their_order(posting: Box, ear: Any) -> None:
    for number in range(30):
        posting.slack.say("ana", "general", str(number))

    assert [json.loads(body)["event"]["text"] for _, body in ear.got] == [str(n) for n in range(30)]


# -------------------------------------------------------------------- over Socket Mode


def test_without_a_link_a_command_fails(box: Box) -> None:
    assert box.slack.slash("ana", "general", "/incident").status == "failed"


def test_each_payload_goes_to_one_link(box: Box) -> None:
    first, to_first = link(box)
    second, to_second = link(box)

    for _ in range(4):
        box.slack.slash("ana", "general", "/incident")

    assert (len(to_first), len(to_second)) == (2, 2)
    hang_up(box, first, second)


def test_what_is_not_acknowledged_comes_again_over_another_link(box: Box) -> None:
    box.slack.sender.patience = 0.2
    silent, unheard = link(box, answers=False)
    other, heard = link(box)

    for _ in range(2):  # one of the two meets the silent link first
        box.slack.say("ana", "general", "hello")

    box.wait_for(lambda: len({request.payload["event_id"] for request in heard}) == 2)
    again = [request for request in heard if request.retry_attempt]
    assert [request.retry_reason for request in again] == ["timeout"]
    assert again[0].envelope_id == unheard[0].envelope_id
    hang_up(box, silent, other)


@pytest.mark.parametrize("harm", ["deafen", "freeze"])
def test_a_deaf_link_stays_open_and_carries_nothing(box: Box, harm: str) -> None:
    box.slack.sender.patience = 0.2
    client, got = link(box)

    getattr(box.slack.links, harm)()

    assert box.slack.slash("ana", "general", "/incident").status == "timeout"
    assert got == []
    assert client.is_connected()
    box.slack.links.thaw()
    hang_up(box, client)


def test_a_deaf_link_answers_pings_and_a_frozen_one_does_not(box: Box) -> None:
    web = WebClient(base_url=box.environment()["SLACK_API_URL"])
    address = web.apps_connections_open(app_token=box.environment()["SLACK_APP_TOKEN"])["url"]

    with connect(address, ping_interval=None, close_timeout=0.1) as socket:
        assert box.slack.links.wait_for(1, seconds=5)
        box.slack.links.deafen()
        assert socket.ping().wait(timeout=5)
        box.slack.links.freeze()
        assert not socket.ping().wait(timeout=0.2)


def test_a_refreshed_link_makes_way_for_a_new_one(box: Box) -> None:
    client, got = link(box)
    client.auto_reconnect_enabled = client.default_auto_reconnect_enabled = True

    box.slack.refresh_links()

    box.wait_for(lambda: box.calls("slack").count("apps.connections.open") == 2)
    box.wait_for(lambda: box.slack.slash("ana", "general", "/incident").ok)
    assert got
    client.auto_reconnect_enabled = client.default_auto_reconnect_enabled = False
    hang_up(box, client)


def test_the_eleventh_link_is_sent_away(box: Box) -> None:
    web = WebClient(base_url=box.environment()["SLACK_API_URL"])
    token = box.environment()["SLACK_APP_TOKEN"]
    with contextlib.ExitStack() as stack:
        addresses = [web.apps_connections_open(app_token=token)["url"] for _ in range(11)]
        links = [stack.enter_context(connect(address)) for address in addresses]

        words = [json.loads(link.recv(timeout=5))["type"] for link in links]

    assert words == ["hello"] * 10 + ["disconnect"]


def test_a_link_without_a_ticket_is_refused(box: Box) -> None:
    address = box.url.replace("http", "ws") + "/link?ticket=made-up"

    with connect(address) as stranger, pytest.raises(ConnectionClosed):
        stranger.recv(timeout=5)
