"""Socket Mode against the box: heard and answered, through refreshes, deafness and a Slack that is down."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

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


@dataclass(frozen=True, kw_only=True)
class Load:
    """People who speak all the time, and how each command ended: when, and whether it was heard."""

    ends: list[tuple[float, bool]] = field(default_factory=list)
    is_over: Event = field(default_factory=Event)

    def speak(self, linked: "Linked") -> None:
        while not self.is_over.wait(0.02):
            self.ends.append((time.monotonic(), heard(linked, "oncall")))

    def heard_since(self, at: float) -> list[bool]:
        return [is_heard for ended, is_heard in self.ends if ended > at]


@pytest.mark.parametrize("deaf", [1, 2])
def test_of_two_links_under_load_the_deaf_ones_are_replaced_and_all_is_heard_again(deaf: int):
    load = Load()
    with Box(delivery="socket") as box, ThreadPoolExecutor(4) as crowd:
        box.slack.sender.patience = 0.5
        both = [Linked(box), Linked(box)]
        for it in both:
            it.link = it.made(renew_after=1.0)
            it.link.start()
        assert box.slack.links.wait_for(2, 8.0)
        assert until(lambda: all(it.link.is_alive() for it in both))
        for _ in range(4):
            crowd.submit(load.speak, both[0])
        assert until(lambda: len(load.ends) > 20)

        box.slack.links.deafen(deaf)
        assert until(lambda: not all(load.heard_since(0)))  # some commands are lost in it
        assert until(lambda: box.slack.links.hears and box.slack.links.count == 2)
        replaced_at = time.monotonic()
        assert until(lambda: len(load.heard_since(replaced_at + 0.5)) > 40)
        load.is_over.set()
        asked = both[0].links_asked_for()
        for it in both:
            it.close()

    assert all(load.heard_since(replaced_at + 0.5))
    assert asked == 2 + deaf, "a link that hears is not replaced"


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
