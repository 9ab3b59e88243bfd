"""An agent beside a running Spy: over HTTP in the name that Slack has signed, and over stdio from a terminal."""

import asyncio
import hashlib
import hmac
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from bot.sandbox import Box
from bot.sandbox.slack.world import SIGNING_SECRET, TEAM_ID
from tests.conftest import RunningBot
from tests.e2e.world import World


class SlackSigns(httpx2.Auth):
    """Signs each request as Slack signs those of its own client."""

    requires_request_body = True

    def auth_flow(self, request: httpx2.Request) -> Iterator[httpx2.Request]:
        at = str(int(time.time()))
        base = f"v0:{at}:".encode() + request.content
        signed = hmac.new(SIGNING_SECRET.encode(), base, hashlib.sha256)
        request.headers["x-slack-request-timestamp"] = at
        request.headers["x-slack-signature"] = f"v0={signed.hexdigest()}"
        yield request


@asynccontextmanager
async def connected(world: World, token: str) -> AsyncIterator[Client]:
    """Connect with a token, or else as Slackbot does."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, auth=None if token else SlackSigns()) as http,
        Client(streamable_http_client(f"{world.bot.url}/mcp", http_client=http)) as client,
    ):
        yield client


def called(world: World, tool: str, *, token: str = "", **arguments: Any) -> Any:
    async def call() -> Any:
        async with connected(world, token) as agent:
            slack = {"user_id": "U0ANA", "team_id": TEAM_ID}
            return await agent.call_tool(tool, arguments, meta=None if token else {"slack": slack})

    return asyncio.run(call())


def words(result: Any) -> str:
    return str(result.content[0].text)


def press(world: World, label: str, *, by: str, number: int, channel: str) -> None:
    """Press a button of a proposal in Slack."""
    key = f"proposal:{number}"
    world.box.wait_for(lambda: world.marks(channel)[key])
    world.box.slack.press(by, channel, world.marked(channel, key).ts, label)


def test_an_agent_reads_proposes_is_approved_is_killed_and_is_refused(
    box: Box, database_url: str, running_bot: RunningBot
):
    world = World(box=box, bot=running_bot(box, database_url))
    incident = world.declare('me "checkout is down" sev1')
    world.settle()
    channel = world.channel(incident).id
    box.slack.invite("ana", channel, "raj")

    answer = box.slack.slash("ana", "general", "/spy", 'token new "Claude on my laptop" agent')
    [token] = set(re.findall(r"spy_[\w-]+", str(answer.body)))
    assert "checkout is down" in words(called(world, "incident_tldr", incident=incident))

    asked = called(world, "incident_update", token=token, incident=incident, message="rolling back")
    assert "Not done yet. Proposal 1 waits for a person" in words(asked)
    press(world, "Approve", by="raj", number=1, channel=channel)
    world.box.wait_for(
        lambda: any("*Update* from" in it and "rolling back" in it for it in world.texts(channel))
    )
    line = next(it for it in world.texts(channel) if "*Update* from" in it)
    assert line.startswith("Agent for ana, approved by raj · ")

    called(world, "incident_note", incident=incident, text="seen once")
    press(world, "Approve", by="raj", number=2, channel=channel)
    world.bot.kill()
    world.outlast_leases()
    world.bot.restart()
    world.settle()
    became = called(world, "proposal", number="2")
    timeline = words(called(world, "incident_timeline", incident=incident))
    assert "Done. Approved by" in words(became)
    assert timeline.count("seen once") == 1

    box.slack.slash("ana", "general", "/spy", 'token revoke "Claude on my laptop"')
    with pytest.raises(Exception):  # noqa: B017, PT011  the SDK's own, of several kinds
        called(world, "incident_list", token=token)
    called(world, "incident_sev", incident=incident, severity="sev2")
    press(world, "Decline", by="raj", number=3, channel=channel)
    world.settle()
    assert "Declined by" in words(called(world, "proposal", number="3"))
    assert called(world, "incident_sev", incident=incident, severity="sev9").is_error


def test_an_agent_on_a_terminal_proposes_and_the_running_bot_shows_it(world: World, tmp_path: Path):
    incident = world.declare('me "checkout is down" sev1')
    world.settle()
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "bot", "mcp", "--as", "ana", "--name", "Claude", "--config", str(world.bot.config)],
        env=dict(world.bot.environment),
        cwd=tmp_path,
    )

    async def play() -> tuple[str, str]:
        async with Client(stdio_client(server)) as agent:
            tldr = await agent.call_tool("incident_tldr", {"incident": incident})
            asked = await agent.call_tool("incident_note", {"incident": incident, "text": "by hand"})
            return words(tldr), words(asked)

    tldr, asked = asyncio.run(play())

    assert "checkout is down" in tldr
    assert "Not done yet. Proposal 1" in asked
    channel = world.channel(incident).id
    world.box.wait_for(lambda: world.marks(channel)["proposal:1"])
    assert "*Claude*, an agent for ana, proposes:" in world.box.slack.text_of(
        world.marked(channel, "proposal:1")
    )
