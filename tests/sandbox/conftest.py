"""A box for each test, Slack's own client for it, and a small bot on the real Bolt, over Socket Mode and HTTP."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.request import BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox import Box


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def client_of(box: Box) -> WebClient:
    """Return a client that does not retry, so that a test sees the first answer."""
    env = box.environment()
    return WebClient(token=env["SLACK_BOT_TOKEN"], base_url=env["SLACK_API_URL"], retry_handlers=[])


@pytest.fixture
def slack(box: Box) -> WebClient:
    return client_of(box)


@pytest.fixture
def refusal() -> Callable[..., str]:
    """Return Slack's error code of a refused call."""

    def ask(call: Callable[..., object], **args: Any) -> str:
        with pytest.raises(SlackApiError) as caught:
            call(**args)
        return str(caught.value.response["error"])

    return ask


@dataclass
class Bot:
    """A small bot that keeps each event. Tests add listeners to `app`."""

    app: App
    box: Box
    client: WebClient
    heard: list[dict[str, Any]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [":".join(filter(None, (event["type"], event.get("subtype")))) for event in list(self.heard)]


def bolt(box: Box) -> Bot:
    client = client_of(box)
    app = App(
        client=client,
        signing_secret=box.environment()["SLACK_SIGNING_SECRET"],
        token_verification_enabled=False,
    )
    bot = Bot(app=app, box=box, client=client)

    @app.middleware
    def hear(body: dict[str, Any], next: Callable[[], object]) -> None:  # noqa: A002 - Bolt's own name
        if body.get("type") == "event_callback":
            bot.heard.append(body["event"])
        next()

    for kind in ("message", "app_mention", "reaction_added", "reaction_removed", "member_joined_channel"):
        app.event(kind)(lambda ack: ack())
    for kind in (
        "channel_created",
        "channel_archive",
        "group_archive",
        "channel_unarchive",
        "group_unarchive",
        "channel_deleted",
        "group_deleted",
        "channel_id_changed",
        "channel_left",
        "group_left",
        "member_left_channel",
        "channel_rename",
        "app_home_opened",
    ):
        app.event(kind)(lambda ack: ack())
    return bot


@pytest.fixture
def bot() -> Iterator[Bot]:
    """The bot over HTTP, which stops faster than Slack's websocket client."""
    with Box(delivery="http") as box:
        bot = bolt(box)
        with by_http(bot):
            yield bot


@pytest.fixture(params=["socket", "http"])
def either(request: pytest.FixtureRequest) -> Iterator[Bot]:
    """The same bot over Socket Mode, then over HTTP."""
    with Box(delivery=request.param) as box:
        bot = bolt(box)
        start = by_socket if request.param == "socket" else by_http
        with start(bot):
            yield bot


class by_socket:  # noqa: N801 - reads as a verb in `with`
    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.handler = SocketModeHandler(bot.app, bot.box.environment()["SLACK_APP_TOKEN"])

    def __enter__(self) -> SocketModeHandler:
        self.handler.connect()
        assert self.bot.box.slack.links.wait_for(1, seconds=5)
        return self.handler

    def __exit__(self, *_: object) -> None:
        self.handler.client.auto_reconnect_enabled = False
        self.bot.box.slack.links.cut()  # the client would sit in its read for three seconds more,
        self.bot.box.wait_for(
            lambda: not self.handler.client.is_connected()
        )  # and closing races with hanging up
        self.handler.close()


class by_http:  # noqa: N801 - reads as a verb in `with`
    def __init__(self, bot: Bot) -> None:
        app = bot.app

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                answer = app.dispatch(BoltRequest(body=body, headers=dict(self.headers)))
                sent = (answer.body or "").encode()
                self.send_response(answer.status)
                for name, values in answer.headers.items():
                    self.send_header(name, values[0])
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        bot.box.bot_url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(0.02))

    def __enter__(self) -> ThreadingHTTPServer:
        self.thread.start()
        return self.server

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
