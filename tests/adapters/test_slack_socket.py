"""Socket Mode against the box: heard and answered, through refreshes, deafness and a Slack that is down."""

import time
from collections.abc import Callable, Iterator

import pytest

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.inbound import build_app
from bot.adapters.slack.socket import SocketLink
from bot.commands.request import Notice, Request, Response
from bot.domain.message import Message
from bot.sandbox import Box
from tests.fakes.chat import WallClock


class Echo:
    """A router that answers with what it was asked."""

    def answer(self, request: Request) -> Response:
        return Response(message=Message(text=f"heard {request.text}"))

    def notice(self, notice: Notice) -> None:
        pass


class Linked:
    """The adapter, linked to a box."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.environment = box.environment()
        self.web = PooledWebClient(
            self.environment["SLACK_BOT_TOKEN"], base_url=self.environment["SLACK_API_URL"]
        )
        chat = SlackChat(self.web, WallClock())
        app = build_app(Echo(), chat, signing_secret="unused", api_url=self.environment["SLACK_API_URL"])
        self.app = app
        self.link = self.made()

    def made(self, *, renew_after: float = 60.0, hello_within: float = 60.0) -> SocketLink:
        return SocketLink(
            self.app,
            app_token=self.environment["SLACK_APP_TOKEN"],
            client=self.web,
            ping_every=0.2,
            pong_within=0.5,
            hello_within=hello_within,
            renew_after=renew_after,
        )

    def links_asked_for(self) -> int:
        return self.box.calls("slack").count("apps.connections.open")

    def close(self) -> None:
        self.link.stop()
        self.web.close()


@pytest.fixture
def linked() -> Iterator[Linked]:
    with Box(delivery="socket") as box:
        linked = Linked(box)
        yield linked
        linked.close()


def until(condition: Callable[[], bool], seconds: float = 8.0) -> bool:
    """Look again and again."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def heard(linked: Linked, words: str) -> bool:
    answer = linked.box.slack.slash("ana", "general", "/spy", words)
    return isinstance(answer.body, dict) and answer.body["text"] == f"heard {words}"


def test_a_command_is_heard_and_answered_over_the_link(linked: Linked):
    linked.link.start()

    assert until(linked.link.is_alive)
    assert heard(linked, "oncall")


def test_it_is_not_alive_before_it_is_started(linked: Linked):
    assert not linked.link.is_alive()


def test_a_refresh_leaves_no_gap(linked: Linked):
    linked.link.start()
    until(linked.link.is_alive)

    linked.box.slack.refresh_links()
    until(lambda: linked.box.slack.links.count == 2)
    started = time.monotonic()

    assert heard(linked, "oncall")
    assert time.monotonic() - started < 1.0


def test_a_link_without_pongs_is_made_again(linked: Linked):
    linked.link.start()
    until(linked.link.is_alive)

    linked.box.slack.links.freeze()

    assert until(lambda: linked.links_asked_for() >= 2)
    assert until(linked.link.is_alive)
    assert heard(linked, "oncall")


def test_a_link_that_brings_nothing_for_long_is_not_believed(linked: Linked):
    linked.link = linked.made(renew_after=0.3)
    linked.link.start()
    until(linked.link.is_alive)

    linked.box.slack.deafen()
    until(lambda: linked.links_asked_for() >= 3)  # the deaf one is let go before the third is asked for

    assert until(lambda: heard(linked, "oncall"))


def test_a_link_that_is_never_greeted_is_replaced_and_is_not_alive_meanwhile(linked: Linked):
    linked.box.slack.links.is_rude = True
    linked.link = linked.made(hello_within=0.2)
    linked.link.start()

    assert until(lambda: linked.links_asked_for() >= 2)
    assert not linked.link.is_alive()
    linked.box.slack.links.is_rude = False
    assert until(linked.link.is_alive)
    assert heard(linked, "oncall")


def test_it_connects_once_slack_is_back(linked: Linked):
    linked.box.faults.down("slack")
    linked.link.start()
    until(lambda: "apps.connections.open" in linked.box.calls("slack"))

    linked.box.faults.clear()

    assert until(linked.link.is_alive)


def test_it_stops_quickly(linked: Linked):
    linked.link.start()
    until(linked.link.is_alive)

    started = time.monotonic()
    linked.link.stop()

    assert time.monotonic() - started < 1.0
    assert not linked.link.is_alive()
