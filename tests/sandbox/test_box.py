"""The box itself: its record, its endpoints, its events, its start and its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest
import urllib3
import yaml
from slack_sdk import WebClient

from bot.sandbox import Box
from bot.sandbox.feed import BoxEvent


def test_every_call_is_kept_with_its_answer(box: Box, slack: WebClient) -> None:
    slack.chat_postMessage(channel="C0GENERAL", text="hello")

    call = next(e for e in box.exchanges if e.direction == "from_bot")
    assert (call.service, call.method, call.status) == ("slack", "chat.postMessage", 200)
    assert b"hello" in call.body
    assert json.loads(call.answer or b"")["ok"]
    assert call.finished is not None
    assert call.finished >= call.started


def test_kept_and_new_connections_are_counted(box: Box, slack: WebClient) -> None:
    with urllib3.PoolManager() as pool:
        for _ in range(3):
            pool.request("POST", box.environment()["SLACK_API_URL"] + "api.test")
    assert box.connections("slack") == 1

    slack.auth_test()
    slack.auth_test()

    assert box.connections("slack") == 3  # Slack's own client opens one a call


def test_payloads_to_the_bot_are_kept_too(box: Box) -> None:
    box.slack.slash("ana", "general", "/incident", "list")

    (payload,) = [e for e in box.exchanges if e.direction == "to_bot"]
    assert (payload.method, payload.status) == ("/incident", None)


def test_listeners_hear_what_can_be_seen_in_order(box: Box, slack: WebClient) -> None:
    heard: list[BoxEvent] = []
    box.on(heard.append)

    slack.conversations_create(name="inc-1")
    slack.chat_postMessage(channel="#inc-1", text="<@U0ANA> leads")

    box.feed.flush()
    assert [(h.kind, h.person, h.text) for h in heard] == [
        ("created", "spy", "inc-1"),
        ("posted", "spy", "@ana leads"),
    ]


def test_a_wait_that_fails_shows_the_last_events(box: Box) -> None:
    box.slack.say("ana", "general", "nothing to see")

    with pytest.raises(AssertionError, match="nothing to see"):
        box.wait_for(lambda: False, seconds=0.05)


def test_a_wait_ends_as_soon_as_its_condition_holds(box: Box) -> None:
    speaker = threading.Timer(0.05, box.slack.say, ("ana", "general", "now"))
    speaker.start()

    box.wait_for(lambda: box.slack.messages("general"))

    speaker.join()


def test_a_guest_sees_the_channels_they_are_in_and_no_more(box: Box) -> None:
    box.slack.say("ana", "general", "for all")
    box.slack.say("ana", "payments", "for staff")
    box.slack.say("raj", "security", "for raj")

    texts = {name: [m.text for m in box.slack.visible(name)] for name in ("zoe", "kim", "raj")}

    assert texts == {
        "zoe": ["for all"],
        "kim": ["for all", "for staff"],
        "raj": ["for all", "for staff", "for raj"],
    }


def test_the_configuration_fits_the_world(box: Box) -> None:
    config = yaml.safe_load(box.config_yaml())

    assert config["slack"] == {"mode": "socket", "announce": box.slack.channel("incidents").id}
    assert {box.slack.channel(team["channel"]).name for team in config["teams"].values()} == {
        "imoc",
        "payments",
    }


def test_another_process_can_read_and_reset_the_record(box: Box, slack: WebClient) -> None:
    slack.chat_postMessage(channel="C0GENERAL", text="hello")

    with urllib3.PoolManager() as pool:
        kept = pool.request("GET", box.url + "/box/exchanges").json()
        messages = pool.request("GET", box.url + "/box/messages").json()
        pool.request("POST", box.url + "/box/reset")
        left = pool.request("GET", box.url + "/box/exchanges").json()

    assert [(e["method"], e["channel"]) for e in kept if e["direction"] == "from_bot"] == [
        ("chat.postMessage", "C0GENERAL")
    ]
    assert [m["text"] for m in messages] == ["hello"]
    assert [e for e in left if e["direction"] == "from_bot"] == []


def test_a_request_that_is_not_http_is_refused_and_the_box_goes_on(box: Box) -> None:
    with socket.create_connection(("127.0.0.1", int(box.url.rpartition(":")[2]))) as caller:
        caller.sendall(b"hello\r\n\r\n")
        assert caller.recv(100).startswith(b"HTTP/1.0 400")

    with urllib3.PoolManager() as pool:
        assert pool.request("POST", box.environment()["SLACK_API_URL"] + "api.test").json()["ok"]


def test_a_box_closes_on_a_bot_that_is_still_calling() -> None:
    with Box(latency=30) as box, urllib3.PoolManager() as pool:
        url = box.environment()["SLACK_API_URL"] + "api.test"
        caller = threading.Thread(target=_call_and_fail, args=(pool, url))
        caller.start()
        box.wait_for(lambda: box.calls("slack"))

    caller.join(timeout=5)
    assert not caller.is_alive()


def _call_and_fail(pool: urllib3.PoolManager, url: str) -> None:
    with pytest.raises(urllib3.exceptions.HTTPError):
        pool.request("POST", url, retries=False)


def test_a_box_can_run_by_itself() -> None:
    command = [sys.executable, "-m", "bot.sandbox", "--latency", "0.01", "--delivery", "http"]
    env: dict[str, Any] = {**os.environ, "PYTHONPATH": os.getcwd()}  # noqa: PTH109 - as the tests are run

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as child:
        assert child.stdout is not None
        ready = json.loads(child.stdout.readline())
        with urllib3.PoolManager() as pool:
            answer = pool.request("POST", ready["environment"]["SLACK_API_URL"] + "api.test").json()
        child.send_signal(signal.SIGTERM)
        code = child.wait(timeout=10)

    assert answer["ok"]
    assert code == 0
