"""The MCP server over real HTTP, with the SDK's own client: it reads, proposes, is approved, and is refused."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from prometheus_client import CollectorRegistry
from slack_sdk.signature import SignatureVerifier

from bot.adapters.rendering.mrkdwn import plain
from bot.commands.request import Request, Response
from bot.commands.tool import tools
from bot.domain.proposal import ProposalState
from bot.testing import SpyKit
from bot.web import Shown, build_web, everyone, listen, serve
from bot.web.mcp import Callers, McpCaller, McpSite
from bot.web.mcp.endpoint import PATH, McpEndpoint
from bot.web.mcp.stdio import server_of
from bot.web.pace import TokenPace
from tests.proposal.test_proposals import carry_out, press, proposal

TOKENS = {
    "spy_agent": McpCaller(person="U0ANA", name="Claude", may_propose=True),
    "spy_read": McpCaller(person="U0ANA", name="Reader", may_propose=False),
    "spy_raj": McpCaller(person="U0RAJ", name="Raj's", may_propose=True),
}
SECRET, TEAM = "whisper", "T0ACME"
VERIFIER = SignatureVerifier(SECRET)


@dataclass(frozen=True, kw_only=True)
class Served:
    url: str
    spy: SpyKit

    @asynccontextmanager
    async def client(
        self, token: str = "spy_agent", auth: httpx2.Auth | None = None, mode: str = "auto"
    ) -> AsyncIterator[Client]:
        headers = {} if auth else {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, auth=auth) as http,
            Client(streamable_http_client(self.url, http_client=http), mode=mode) as client,
        ):
            yield client

    def status(self, **headers: str) -> int:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        usual = {"accept": "application/json, text/event-stream", "authorization": "Bearer spy_agent"}
        return httpx2.post(self.url, json=body, headers={**usual, **headers}).status_code


class SlackSigns(httpx2.Auth):
    """Signs each request as Slack signs those of its own client."""

    requires_request_body = True

    def __init__(self, secret: str = SECRET) -> None:
        self._secret = secret

    def auth_flow(self, request: httpx2.Request) -> Iterator[httpx2.Request]:
        at = str(int(time.time()))
        signed = hmac.new(self._secret.encode(), f"v0:{at}:".encode() + request.content, hashlib.sha256)
        request.headers["x-slack-request-timestamp"] = at
        request.headers["x-slack-signature"] = f"v0={signed.hexdigest()}"
        yield request


@pytest.fixture(scope="module")
def port() -> Iterator[tuple[str, list[SpyKit]]]:
    """One server for all tests of this file: it serves whichever Spy is the current one."""
    current = list[SpyKit]()

    def answer(request: Request) -> Response:
        return current[0].request(request)

    site = McpSite(
        answer=answer,
        registry=lambda: current[0].registry,
        plain=lambda it: plain(it.text),
        hosts=("spy.example.com",),
    )
    callers = Callers(of_token=_of_token, is_signed=_is_signed, workspace=lambda: TEAM)
    shown = Shown(metrics=CollectorRegistry())
    app = build_web(
        to_all=shown, with_token=shown, sees_all=everyone, readiness={}, agents=McpEndpoint(site, callers)
    )
    server = serve(app, listen("127.0.0.1", 0))
    yield f"http://127.0.0.1:{server.port}{PATH}", current
    server.stop()


@pytest.fixture
def served(port: tuple[str, list[SpyKit]], spy: SpyKit, channel: str) -> Served:
    url, current = port
    current[:] = [spy]
    return Served(url=url, spy=spy)


def _of_token(headers: Mapping[str, str]) -> McpCaller | None:
    return TOKENS.get(headers.get("authorization", "").removeprefix("Bearer "))


def _is_signed(body: bytes, headers: Mapping[str, str]) -> bool:
    return VERIFIER.is_valid(body, headers["x-slack-request-timestamp"], headers["x-slack-signature"])


def words(result: Any) -> str:
    return str(result.content[0].text)


def outcome(result: Any) -> str:
    return str(result.structured_content["outcome"])


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_agent_plays_an_incident(served: Served, mode: str):
    async def play() -> None:
        async with served.client(mode=mode) as agent:
            read = await agent.call_tool("incident_tldr", {"incident": 1})
            assert (outcome(read), read.is_error) == ("done", False)
            assert "checkout is down" in words(read)

            asked = await agent.call_tool("incident_update", {"incident": 1, "message": 'we "roll" back'})
            assert outcome(asked) == "proposed"
            assert "inc-1 incident update \"we 'roll' back\"" in words(asked)
            assert served.spy.incident(1).update is None

            press(served.spy, "Approve", by="U0RAJ")
            carry_out(served.spy)
            became = await agent.call_tool("proposal", {"number": "1"})
            assert "Done. Approved by Raj Patel" in words(became)
            assert served.spy.incident(1).update == "we 'roll' back"

            refused = await agent.call_tool("incident_sev", {"incident": 1, "severity": "sev9"})
            assert refused.is_error
            assert "sev9" in words(refused)
            unseen = await agent.call_tool("incident_tldr", {"incident": 99})
            assert unseen.is_error
            assert "There is no INC-99" in words(unseen)

    asyncio.run(play())
    assert proposal(served.spy).state is ProposalState.DONE


def test_each_command_is_a_tool_that_says_whether_it_only_reads(served: Served):
    async def listed() -> Any:
        async with served.client() as agent:
            resources = await agent.list_resources()
            shown = await agent.read_resource(str(resources.resources[0].uri))
            one = await agent.read_resource("spy://incidents/1")
            return (await agent.list_tools()).tools, shown.contents[0].text, one.contents[0].text

    found, open_now, tldr = asyncio.run(listed())

    known = tools(served.spy.registry)
    assert {it.name: it.annotations.read_only_hint for it in found} == {
        n: it.reads for n, it in known.items()
    }
    assert {it.annotations.destructive_hint for it in found} == {False}
    assert not {"proposal_approve", "proposal_decline", "web"} & {it.name for it in found}
    assert "INC-1" in open_now
    assert "checkout is down" in tldr


def test_a_key_that_reads_proposes_nothing_and_two_people_see_their_own(served: Served):
    served.spy.say('incident me "payroll was stolen" private', by="U0ANA")

    async def asked() -> tuple[Any, Any, Any]:
        note = {"incident": 1, "text": "x"}
        async with served.client("spy_read") as reader, served.client("spy_raj") as other:
            return (
                await reader.call_tool("incident_note", note),
                await reader.call_tool("incident_list", {}),
                await other.call_tool("incident_list", {}),
            )

    refused, mine, theirs = asyncio.run(asked())

    assert refused.is_error
    assert "this key only reads" in words(refused)
    assert "payroll" in words(mine)
    assert "payroll" not in words(theirs)


def test_slackbot_asks_in_the_name_that_slack_has_signed(served: Served):
    async def asked(secret: str = SECRET, **slack: str) -> Any:
        async with served.client(auth=SlackSigns(secret)) as bot:
            return await bot.call_tool(
                "incident_note", {"incident": 1, "text": "x"}, meta={"slack": slack} if slack else None
            )

    assert outcome(asyncio.run(asked(user_id="U0RAJ", team_id=TEAM))) == "proposed"
    assert (proposal(served.spy).person, proposal(served.spy).agent) == ("U0RAJ", "Slackbot")
    assert "Slack did not say it" in words(asyncio.run(asked()))
    for wrong in ({"user_id": "U0RAJ", "team_id": "T0OTHER"}, {"user_id": "C0ROOM", "team_id": TEAM}):
        with pytest.raises(Exception):  # noqa: B017, PT011  the SDK's own, of several kinds
            asyncio.run(asked(**wrong))
    with pytest.raises(Exception):  # noqa: B017, PT011  as above
        asyncio.run(asked("guessed", user_id="U0RAJ", team_id=TEAM))


def test_an_agent_on_a_terminal_stops_when_its_token_is_revoked(spy: SpyKit, channel: str):
    site = McpSite(answer=spy.request, registry=lambda: spy.registry, plain=lambda it: plain(it.text))
    known = dict(TOKENS)

    async def played() -> tuple[str, str, str]:
        async with Client(server_of(site, lambda: known.get("spy_agent"))) as agent:
            before = await agent.call_tool("incident_tldr", {"incident": 1})
            known.clear()
            after = await agent.call_tool("incident_tldr", {"incident": 1})
            read = await agent.read_resource("spy://incidents/1")
            return words(before), words(after), str(read.contents[0])

    before, after, read = asyncio.run(played())

    assert "checkout is down" in before
    assert "the token was revoked" in after
    assert "checkout is down" not in read


def test_who_is_not_known_and_who_comes_by_another_site_is_turned_away(served: Served):
    assert served.status() == 200
    assert served.status(authorization="Bearer spy_guessed") == 401
    assert served.status(authorization="") == 401
    assert served.status(origin="https://evil.example") == 403
    assert served.status(host="evil.example") == 421
    assert served.status(host="spy.example.com", origin="https://spy.example.com") == 200
    assert httpx2.post(served.url, content=b"x" * 2_000_000).status_code == 413


def test_an_agent_in_a_loop_is_told_to_wait(spy: SpyKit):
    site = McpSite(answer=spy.request, registry=lambda: spy.registry, plain=lambda it: plain(it.text))
    callers = Callers(
        of_token=lambda _headers: TOKENS["spy_agent"], is_signed=_is_signed, workspace=lambda: TEAM
    )
    endpoint = McpEndpoint(site, callers, TokenPace(most=0))

    async def asked() -> httpx2.Response:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(endpoint), base_url="http://spy"
        ) as client:
            return await client.post("/mcp", content=b"{}")

    answer = asyncio.run(asked())

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60


def test_what_a_tool_does_not_take_is_refused_in_a_sentence(served: Served):
    async def asked(name: str, arguments: Mapping[str, Any]) -> Any:
        async with served.client() as agent:
            return await agent.call_tool(name, dict(arguments))

    for name, arguments, why in (
        ("incident_tldr", {"incident": 1, "loud": True}, "incident_tldr takes no loud"),
        ("incident_tldr", {"incident": "one"}, "incident is not of the type integer"),
        ("incident_me", {"name": "a", "drill": "yes"}, "drill is not of the type boolean"),
        ("incident_frobnicate", {}, "There is no tool incident_frobnicate"),
        ("incident_note", {"incident": 1, "text": "a\u202eb"}, "U+202E"),
        ("incident_note", {"incident": 1, "text": ""}, "Usage"),
    ):
        result = asyncio.run(asked(name, arguments))
        assert result.is_error, name
        assert why in words(result), words(result)


def test_a_swap_of_plugins_is_told_to_who_listens(served: Served):
    async def listened() -> tuple[str, set[str]]:
        async with served.client() as agent, agent.listen(tools_list_changed=True) as news:
            kept = [it for it in served.spy.registry.commands if it.words != "incident tldr"]
            served.spy.registry = replace(served.spy.registry, commands=tuple(kept))
            async with asyncio.timeout(10):
                async for it in news:
                    return type(it).__name__, {tool.name for tool in (await agent.list_tools()).tools}
        raise AssertionError("it was not told")

    kind, names = asyncio.run(listened())

    assert kind == "ToolsListChanged"
    assert "incident_tldr" not in names
