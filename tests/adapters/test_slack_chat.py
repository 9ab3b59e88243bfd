"""What only shows against a Slack that misbehaves: failures in three kinds, and nothing done twice."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.check import results
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.failures import failure
from bot.adapters.slack.manifest import EVENTS, SCOPES, SlashCommand, manifest
from bot.adapters.slack.payloads import PRIVATE, READERS
from bot.domain.message import DataTable, Message
from bot.ports import Posted, Rejected, Throttled, Unreachable
from bot.sandbox import Box
from bot.sandbox.faults import Fault, error, http, rate_limited
from bot.testing import FrozenClock
from tests.adapters.conftest import StandIn
from tests.fakes.chat import WallClock

HELLO = Message(text="hello")
RESET_BEFORE, RESET_AFTER = Fault(kind="reset_before"), Fault(kind="reset_after")


@pytest.fixture
def box() -> Iterator[Box]:
    with Box(delivery="http") as box:
        yield box


@pytest.fixture
def web(box: Box) -> Iterator[PooledWebClient]:
    keys = box.environment()
    web = PooledWebClient(keys["SLACK_BOT_TOKEN"], base_url=keys["SLACK_API_URL"])
    yield web
    web.close()


@pytest.fixture
def chat(box: Box, web: PooledWebClient) -> SlackChat:
    chat = SlackChat(web, box.clock)
    chat.identify()
    return chat


def recent(box: Box) -> datetime:
    return box.clock.now() - timedelta(seconds=5)


def texts(box: Box, channel: str) -> list[str]:
    return [message.text for message in box.slack.messages(channel) if message.bot]


# --- failures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        http(500),
        http(502),
        http(503),
        RESET_BEFORE,
        RESET_AFTER,
        error("internal_error"),
        error("fatal_error"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status} {fault.code}",
)
def test_trouble_leaves_the_outcome_unknown(box: Box, chat: SlackChat, fault: Fault):
    box.faults.inject("slack", "chat.postMessage", fault)

    with pytest.raises(Unreachable):
        chat.post("C0PAY", HELLO, key="k")

    assert chat.post("C0PAY", HELLO, key="k").ts


def test_nobody_there_leaves_the_outcome_unknown():
    web = PooledWebClient("xoxb-x", base_url="http://127.0.0.1:1/api/")

    with pytest.raises(Unreachable):
        SlackChat(web, WallClock()).post("C0PAY", HELLO, key="k")

    web.close()


def test_a_lost_answer_is_found_again_by_its_key(box: Box, chat: SlackChat):
    since = recent(box)
    box.faults.inject("slack", "chat.postMessage", RESET_AFTER)

    with pytest.raises(Unreachable):
        chat.post("C0PAY", HELLO, key="card:1")

    assert chat.find_post("C0PAY", key="card:1", since=since)
    assert texts(box, "payments") == ["hello"]


def test_a_long_message_that_was_begun_is_posted_to_its_end_and_once(box: Box, chat: SlackChat):
    words = Message(text=" ".join(f"word{at}" for at in range(4_000)))
    box.faults.inject("slack", "chat.postMessage", RESET_AFTER)

    with pytest.raises(Unreachable):
        chat.post("C0PAY", words, key="k")
    assert chat.find_post("C0PAY", key="k", since=recent(box)) is None
    posted = chat.post("C0PAY", words, key="k")

    said = [it for it in box.slack.messages("payments") if it.bot]
    assert " ".join(" ".join(box.slack.text_of(it) for it in said).split()) == words.text
    assert posted.ts == said[0].ts
    assert chat.find_post("C0PAY", key="k", since=recent(box)) == posted


def test_a_lost_channel_is_found_again_by_its_name_and_maker(box: Box, chat: SlackChat):
    since = recent(box)
    box.faults.inject("slack", "conversations.create", RESET_AFTER)

    with pytest.raises(Unreachable):
        chat.create_channel("inc-1-x", private=True)

    assert chat.find_channel("inc-1-x", private=True, since=since) == box.slack.channel("inc-1-x").id
    assert not {"conversations.list", "users.conversations", "users.list"} & set(box.calls("slack"))


def test_looking_for_a_channel_leaves_no_trace_in_it(box: Box, chat: SlackChat):
    chat.create_channel("inc-1-x", private=False)

    chat.find_channel("inc-1-x", private=False, since=recent(box))

    assert "chat.deleteScheduledMessage" in box.calls("slack")
    assert texts(box, "inc-1-x") == []


def test_a_channel_that_was_seen_needs_no_probe(box: Box, chat: SlackChat):
    channel = chat.create_channel("inc-1-x", private=False)
    chat.remember_channel(channel, "inc-1-x")

    assert chat.find_channel("inc-1-x", private=False, since=recent(box)) == channel
    assert "chat.scheduleMessage" not in box.calls("slack")


def test_a_refusal_says_what_to_do(box: Box, chat: SlackChat):
    box.slack.remove_bot("payments")

    with pytest.raises(Rejected, match="/invite @spy") as refusal:
        chat.post("C0PAY", HELLO, key="k")

    assert refusal.value.code == "not_in_channel"


def test_being_told_to_slow_down_closes_the_method(box: Box, chat: SlackChat):
    box.faults.inject("slack", "conversations.create", rate_limited(30))

    with pytest.raises(Throttled) as first:
        chat.create_channel("inc-1-x", private=False)
    with pytest.raises(Throttled):
        chat.create_channel("inc-2-x", private=False)

    assert first.value.retry_after == timedelta(seconds=30)
    assert box.calls("slack").count("conversations.create") == 1


def test_a_used_response_url_is_a_refusal(box: Box, chat: SlackChat):
    with pytest.raises(Rejected):
        chat.respond(f"{box.url}/response/nothing", HELLO)


# --- what is sent -----------------------------------------------------------------------------------------


def kinds(box: Box, posted: Posted) -> list[str]:
    return [it["type"] for it in box.slack.message("payments", posted.ts).blocks]


def test_a_workspace_without_tables_gets_their_words_and_is_asked_again_the_next_day(
    box: Box, web: PooledWebClient
):
    clock = FrozenClock()
    chat = SlackChat(web, clock)
    chat.identify()
    table = DataTable("Times", ("Time to", "Known"), (("detect", 2),), "• detect: Known 2")
    message = Message(text=table.text, parts=(table,))
    box.faults.inject("slack", "chat.postMessage", error("invalid_blocks"))

    refused, remembered = (chat.post("C0PAY", message, key=it) for it in ("first", "second"))
    clock.tick(days=1)
    again = chat.post("C0PAY", message, key="third")

    assert [kinds(box, it) for it in (refused, remembered, again)] == [
        ["section"],
        ["section"],
        ["data_table"],
    ]
    assert box.slack.message("payments", refused.ts).blocks[0]["text"]["text"] == "• detect: Known 2"
    assert box.calls("slack").count("chat.postMessage") == 4


def test_what_is_refused_without_tables_is_refused(box: Box, chat: SlackChat):
    box.faults.inject("slack", "chat.postMessage", error("invalid_blocks"))

    with pytest.raises(Rejected):
        chat.post("C0PAY", HELLO, key="k")


def test_a_response_url_refuses_blocks_for_good():
    """It answers so with 500, which means trouble otherwise."""
    assert isinstance(failure("response_url", 500, {"error": "invalid_blocks"}), Rejected)
    assert isinstance(failure("response_url", 500, {"error": "other"}), Unreachable)


def test_an_edit_takes_away_the_blocks_that_are_no_more(box: Box, chat: SlackChat):
    posted = chat.post("C0PAY", HELLO, key="k")

    chat.edit(posted, Message(text="bye"))

    assert box.slack.message("payments", posted.ts).text == "bye"
    assert box.slack.message("payments", posted.ts).blocks == []


def test_an_edited_message_is_still_found_by_its_key(box: Box, chat: SlackChat):
    since = recent(box)
    posted = chat.post("C0PAY", HELLO, key="k")

    chat.edit(posted, Message(text="bye"))

    assert chat.find_post("C0PAY", key="k", since=since) == posted


def test_an_address_is_given_before_slack_said_who_we_are(web: PooledWebClient):
    chat = SlackChat(web, WallClock())

    assert chat.permalink("C1") == "https://slack.com/app_redirect?channel=C1"
    assert chat.permalink("C1", "1.2") == "https://slack.com/app_redirect?channel=C1&message_ts=1.2"


def test_connections_are_kept(box: Box, chat: SlackChat):
    for number in range(20):
        chat.edit(Posted(channel="C0PAY", ts=chat.post("C0PAY", HELLO, key=str(number)).ts), HELLO)

    assert box.connections("slack") == 1


def test_warm_connections_serve_the_first_incident(box: Box, chat: SlackChat):
    box.faults.latency("slack", 0.2)  # so that no knock is over before the last has begun
    chat.warm(5)
    warm = box.connections("slack")
    threads = [
        threading.Thread(target=chat.post, args=("C0PAY", HELLO), kwargs={"key": str(n)}) for n in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert box.connections("slack") == warm


# --- set-up -----------------------------------------------------------------------------------------------


def test_a_workspace_that_is_set_up_needs_no_cure(box: Box, web: PooledWebClient):
    found = list(
        results(web, app_token=box.environment()["SLACK_APP_TOKEN"], channels={"announce": "C0INCIDENTS"})
    )

    assert [result.cure for result in found if not result.well] == []
    assert found[0].what == "Slack: acme, as @spy"
    assert found[-1].what == "Slack: announce #incidents"


def test_what_is_wrong_is_named_with_its_cure(box: Box, web: PooledWebClient):
    box.slack.remove_bot("payments")

    found = results(web, app_token="xapp-wrong", channels={"payments": "C0PAY", "imoc": "C0NOWHERE"})
    cures = {result.what: result.cure for result in found if not result.well}

    assert cures["Slack: payments #payments"] == "In #payments, say /invite @spy."
    assert "check its id" in cures["Slack: imoc C0NOWHERE"]
    assert "connections:write" in cures["Slack: SLACK_APP_TOKEN"]


def test_a_home_tab_that_is_off_is_named_with_its_cure(box: Box, web: PooledWebClient):
    on = [it.what for it in results(web, app_token=None, channels={}) if it.well]
    box.slack.modals.has_home = False

    [off] = [it for it in results(web, app_token=None, channels={}) if not it.well]

    assert "Slack: Home tab" in on
    assert off.what == "Slack: the Home tab is off"
    assert "App Home" in off.cure


def test_user_groups_are_looked_at_too(box: Box, web: PooledWebClient):
    readable, unknown = list(results(web, app_token=None, channels={}, user_groups=["S0SRE", "S0NOBODY"]))[
        -2:
    ]
    box.slack.scopes.remove("usergroups:read")
    forbidden = list(results(web, app_token=None, channels={}, user_groups=["S0SRE"]))[-1]

    assert (readable.what, readable.well) == ("Slack: user group S0SRE, 2 in it", True)
    assert "Look at its id" in unknown.cure
    assert "lacks Slack's permission usergroups:read" in forbidden.cure


def test_on_call_groups_are_looked_at_with_what_spy_does_to_them(box: Box, web: PooledWebClient):
    groups = {"payments": "S0PAYONCALL", "imoc": "S0NOBODY"}

    there, unknown = list(results(web, app_token=None, channels={}, oncall_groups=groups))[-2:]

    assert (there.what, there.well) == ("Slack: on-call user group S0PAYONCALL of :payments", True)
    assert there.notes == ("Spy replaces its members (1 now) with who is on call for :payments.",)
    assert "Look at its id" in unknown.cure


def test_a_scope_that_an_older_manifest_lacks_is_named_with_the_cure(stand_in: StandIn):
    granted = ",".join(set(SCOPES) - {"usergroups:write"})
    me = {"ok": True, "team": "acme", "user": "spy"}
    web = PooledWebClient("t", base_url=stand_in(lambda *_: (200, {"x-oauth-scopes": granted}, me)) + "/")

    [missing] = [it for it in results(web, app_token=None, channels={}) if not it.well]

    assert missing.what == "Slack: missing scope usergroups:write"
    assert "spy manifest" in missing.cure


def test_a_wrong_token_is_all_that_is_said(box: Box):
    web = PooledWebClient("xoxb-wrong", base_url=box.environment()["SLACK_API_URL"])

    [result] = results(web, app_token=None, channels={"announce": "C0INCIDENTS"})
    web.close()

    assert not result.well
    assert "SLACK_BOT_TOKEN" in result.cure


COMMANDS = [SlashCommand(name="incident", description="Run an incident", usage='me "name"')]


def test_the_manifest_lets_people_and_channels_arrive_as_ids():
    made = manifest(COMMANDS, mode="socket")

    [slash] = made["features"]["slash_commands"]
    assert slash == {
        "command": "/incident",
        "description": "Run an incident",
        "usage_hint": 'me "name"',
        "should_escape": True,
    }
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["oauth_config"]["scopes"]["bot"] == list(SCOPES)


def test_the_manifest_subscribes_to_what_is_read_and_to_nothing_else():
    sent = {"app_mention", "channel_created", "message.channels", "message.groups", "message.im"}

    assert set(EVENTS) == sent | (READERS.keys() - {"message", PRIVATE})  # these two come as messages


def test_a_manifest_for_http_says_where_spy_is():
    url = "https://spy.example.com/slack/events"

    made = manifest(COMMANDS, mode="http", request_url=url)

    assert made["features"]["slash_commands"][0]["url"] == url
    assert made["settings"]["interactivity"]["request_url"] == url
    assert made["settings"]["event_subscriptions"]["request_url"] == url
    with pytest.raises(ValueError, match="address"):
        manifest(COMMANDS, mode="http")
