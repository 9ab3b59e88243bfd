"""The Web API of the stand-in, called by Slack's own client."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox import Box

Refusal = Callable[..., str]
SHORT = {"type": "section", "text": {"type": "mrkdwn", "text": "short"}}


def a_channel(slack: WebClient, name: str = "inc-1-checkout", **more: bool) -> str:
    return str(slack.conversations_create(name=name, **more)["channel"]["id"])


def test_auth_test_tells_who_the_bot_is(slack: WebClient) -> None:
    answer = slack.auth_test()

    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0SPY", "B0SPY", "T0SPY")


def test_a_post_is_seen_and_answered_with_its_message(box: Box, slack: WebClient) -> None:
    answer = slack.chat_postMessage(channel="C0GENERAL", text="all calm, <@U0ANA> &amp; friends")

    (message,) = box.slack.messages("#general")
    assert answer["ts"] == message.ts
    assert answer["message"]["bot_id"] == "B0SPY"
    assert box.slack.text_of(message) == "all calm, @ana & friends"


def test_a_post_by_name_or_to_a_person_answers_with_the_channels_id(slack: WebClient) -> None:
    assert slack.chat_postMessage(channel="#general", text="x")["channel"] == "C0GENERAL"
    assert slack.chat_postMessage(channel="general", text="x")["channel"] == "C0GENERAL"
    assert slack.chat_postMessage(channel="U0ANA", text="x")["channel"] == "D0ANA"


def test_an_answer_in_a_thread_is_not_in_the_channels_history(box: Box, slack: WebClient) -> None:
    root = slack.chat_postMessage(channel="C0GENERAL", text="root")["ts"]
    reply = slack.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=root)["ts"]

    history = slack.conversations_history(channel="C0GENERAL")["messages"]
    replies = slack.conversations_replies(channel="C0GENERAL", ts=root)["messages"]
    assert [m["ts"] for m in history] == [root]
    assert history[0]["reply_count"] == 1
    assert [m["ts"] for m in replies] == [root, reply]
    link = slack.chat_getPermalink(channel="C0GENERAL", message_ts=reply)["permalink"]
    assert link.endswith(f"/p{reply.replace('.', '')}?thread_ts={root}&cid=C0GENERAL")


def test_metadata_comes_back_only_when_asked_for(slack: WebClient) -> None:
    mark = {"event_type": "spy", "event_payload": {"key": "announce:1"}}
    slack.chat_postMessage(channel="C0GENERAL", text="x", metadata=mark)

    plain = slack.conversations_history(channel="C0GENERAL")["messages"]
    marked = slack.conversations_history(channel="C0GENERAL", include_all_metadata=True)["messages"]
    assert "metadata" not in plain[0]
    assert marked[0]["metadata"] == mark


def test_an_update_replaces_text_and_blocks_and_says_edited(box: Box, slack: WebClient) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "before"}}
    ts = slack.chat_postMessage(channel="C0GENERAL", text="before", blocks=[block])["ts"]

    slack.chat_update(channel="C0GENERAL", ts=ts, text="after")

    message = box.slack.message("general", ts)
    assert (message.text, message.blocks) == ("after", [])
    assert message.edited


def test_a_new_channel_has_the_bot_in_it_and_takes_guests(box: Box, slack: WebClient) -> None:
    channel = a_channel(slack)

    slack.conversations_invite(channel=channel, users="U0ANA,U0ZOE")
    slack.conversations_setTopic(channel=channel, topic="SEV1")

    assert box.slack.members("inc-1-checkout") == ["spy", "ana", "zoe"]
    subtypes = [m.subtype for m in box.slack.messages(channel)]
    assert subtypes == ["channel_join", "channel_join", "channel_topic"]
    assert slack.conversations_info(channel=channel)["channel"]["topic"]["value"] == "SEV1"


def test_an_invitation_with_one_bad_guest_invites_nobody_unless_forced(box: Box, slack: WebClient) -> None:
    channel = a_channel(slack)

    with pytest.raises(SlackApiError) as caught:
        slack.conversations_invite(channel=channel, users="U0ANA,U0NOBODY")

    assert caught.value.response["errors"] == [{"user": "U0NOBODY", "ok": False, "error": "user_not_found"}]
    assert box.slack.members(channel) == ["spy"]
    slack.conversations_invite(channel=channel, users="U0ANA,U0NOBODY", force=True)
    assert box.slack.members(channel) == ["spy", "ana"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("Upper", "invalid_name_specials"),
        ("with space", "invalid_name_specials"),
        ("dots.not", "invalid_name_specials"),
        ("---", "invalid_name_punctuation"),
        ("general", "name_taken"),
    ],
)
def test_a_channels_name_must_follow_slacks_rules(
    slack: WebClient, refusal: Refusal, name: str, error: str
) -> None:
    assert refusal(slack.conversations_create, name=name) == error


def test_an_archived_channel_keeps_its_name_and_takes_nothing(slack: WebClient, refusal: Refusal) -> None:
    channel = a_channel(slack)
    slack.conversations_archive(channel=channel)

    assert refusal(slack.conversations_create, name="inc-1-checkout") == "name_taken"
    assert refusal(slack.chat_postMessage, channel=channel, text="x") == "is_archived"
    assert refusal(slack.conversations_invite, channel=channel, users="U0ANA") == "is_archived"
    assert refusal(slack.conversations_archive, channel=channel) == "already_archived"


def test_what_the_bot_is_not_in_is_closed_or_hidden(box: Box, slack: WebClient, refusal: Refusal) -> None:
    box.slack.remove_bot("payments")

    assert refusal(slack.chat_postMessage, channel="C0PAY", text="x") == "not_in_channel"
    assert refusal(slack.conversations_history, channel="C0PAY") == "not_in_channel"
    assert slack.conversations_info(channel="C0PAY")["channel"]["is_member"] is False
    assert refusal(slack.conversations_info, channel="C0SECRET") == "channel_not_found"
    assert refusal(slack.chat_postMessage, channel="C0SECRET", text="x") == "channel_not_found"
    slack.conversations_join(channel="C0PAY")
    assert slack.chat_postMessage(channel="C0PAY", text="x")["ok"]


def test_messages_are_refused_in_slacks_words(slack: WebClient, refusal: Refusal) -> None:
    post = slack.chat_postMessage

    assert refusal(post, channel="C0NOWHERE", text="x") == "channel_not_found"
    assert refusal(slack.api_call, api_method="chat.postMessage", json={"channel": "C0GENERAL"}) == "no_text"
    assert refusal(post, channel="C0GENERAL", text="x" * 40_001) == "msg_too_long"
    assert refusal(post, channel="C0GENERAL", text="x", blocks="{") == "invalid_blocks_format"
    assert refusal(post, channel="C0GENERAL", text="x", thread_ts="1.2") == "thread_not_found"
    assert (
        refusal(post, channel="C0GENERAL", text="x", metadata={"event_type": "y"})
        == "invalid_metadata_format"
    )


def test_only_its_own_messages_can_be_edited_or_deleted(box: Box, slack: WebClient, refusal: Refusal) -> None:
    ts = box.slack.say("ana", "general", "mine")

    assert refusal(slack.chat_update, channel="C0GENERAL", ts=ts, text="x") == "cant_update_message"
    assert refusal(slack.chat_delete, channel="C0GENERAL", ts=ts) == "cant_delete_message"
    assert refusal(slack.chat_update, channel="C0GENERAL", ts="1.2", text="x") == "message_not_found"


def test_an_ephemeral_message_is_seen_by_one_member_and_left_out_of_history(
    box: Box, slack: WebClient, refusal: Refusal
) -> None:
    slack.chat_postEphemeral(channel="C0GENERAL", user="U0ANA", text="psst")

    assert [m.text for m in box.slack.ephemerals("ana")] == ["psst"]
    assert not box.slack.ephemerals("raj")
    assert slack.conversations_history(channel="C0GENERAL")["messages"] == []
    assert refusal(slack.chat_postEphemeral, channel="C0PAY", user="U0ZOE", text="x") == "user_not_in_channel"


def test_people_are_found_by_id_and_address(slack: WebClient, refusal: Refusal) -> None:
    assert slack.users_info(user="U0RAJ")["user"]["tz"] == "Asia/Kolkata"
    assert slack.users_lookupByEmail(email="ana@example.com")["user"]["id"] == "U0ANA"
    assert slack.usergroups_users_list(usergroup="S0SRE")["users"] == ["U0ANA", "U0RAJ"]
    assert refusal(slack.users_info, user="U0NOBODY") == "user_not_found"
    assert refusal(slack.users_lookupByEmail, email="x@example.com") == "users_not_found"


def test_reactions_pins_and_bookmarks_are_added_and_removed_once(
    box: Box, slack: WebClient, refusal: Refusal
) -> None:
    ts = slack.chat_postMessage(channel="C0GENERAL", text="x")["ts"]
    mark = {"channel": "C0GENERAL", "timestamp": ts}

    slack.reactions_add(**mark, name="memo")
    slack.pins_add(**mark)
    bookmark = slack.bookmarks_add(
        channel_id="C0GENERAL", title="Card", type="link", link="https://x.example"
    )

    assert refusal(slack.reactions_add, **mark, name="memo") == "already_reacted"
    assert refusal(slack.pins_add, **mark) == "already_pinned"
    assert [m.ts for m in box.slack.pins("general")] == [ts]
    assert [b["id"] for b in box.slack.bookmarks("general")] == [bookmark["bookmark"]["id"]]
    slack.reactions_remove(**mark, name="memo")
    assert refusal(slack.reactions_remove, **mark, name="memo") == "no_reaction"


@pytest.mark.parametrize(
    "fits",
    [
        "x" * 4_000,
        "é" * 2_000,
        "\N{FIRE}" * 1_000,
        "&amp;" * 800,
        "&" * 800,
        "<" * 1_000,
        "<https://x.example/?a=1&amp;b=2|x>" + "x" * 3_966,
    ],
)
@pytest.mark.parametrize("blocks", [None, [SHORT]])
def test_an_edit_takes_4000_bytes_as_slack_keeps_them_whatever_the_blocks_hold(
    slack: WebClient, refusal: Refusal, fits: str, blocks: Any
) -> None:
    ts = slack.chat_postMessage(channel="C0GENERAL", text="x")["ts"]
    edit: dict[str, Any] = {"channel": "C0GENERAL", "ts": ts, "blocks": blocks}

    slack.chat_update(**edit, text=fits)

    assert refusal(slack.chat_update, **edit, text=fits + "x") == "msg_too_long"


def test_a_long_text_without_blocks_is_posted_in_several_messages(box: Box, slack: WebClient) -> None:
    slack.chat_postMessage(channel="C0GENERAL", text="x" * 9_000, blocks=[SHORT])
    slack.chat_postMessage(channel="C0GENERAL", text="x" * 9_000)

    assert [len(it.text) for it in box.slack.messages("general")] == [9_000, 4_000, 4_000, 1_000]


def test_a_home_tab_keeps_its_id_and_refuses_an_old_hash(
    box: Box, slack: WebClient, refusal: Refusal
) -> None:
    home = {"type": "home", "blocks": [SHORT]}

    first = slack.views_publish(user_id="U0ANA", view=home)["view"]
    second = slack.views_publish(user_id="U0ANA", view=home, hash=first["hash"])["view"]

    assert second["id"] == first["id"]
    assert second["hash"] != first["hash"]
    assert refusal(slack.views_publish, user_id="U0ANA", view=home, hash=first["hash"]) == "hash_conflict"
    assert refusal(slack.views_publish, user_id="U0RAJ", view=home, hash="1.2") == "hash_conflict"
    assert refusal(slack.views_publish, user_id="U0NOBODY", view=home) == "invalid_arguments"
    box.slack.install({"features": {"app_home": {"home_tab_enabled": False}}})
    assert refusal(slack.views_publish, user_id="U0ANA", view=home) == "not_enabled"


def test_a_view_has_a_largest_size(box: Box, slack: WebClient, refusal: Refusal) -> None:
    options = [
        {"text": {"type": "plain_text", "text": "x" * 75}, "value": f"{n}" + "x" * 140} for n in range(100)
    ]
    blocks = [
        {"type": "actions", "elements": [{"type": "static_select", "action_id": f"a{n}", "options": options}]}
        for n in range(12)
    ]

    view = {"type": "home", "blocks": blocks}

    assert refusal(slack.views_publish, user_id="U0ANA", view=view) == "view_too_large"


def test_a_scheduled_message_can_be_cancelled(box: Box, slack: WebClient, refusal: Refusal) -> None:
    soon = int(box.clock.now().timestamp()) + 60
    id_ = slack.chat_scheduleMessage(channel="C0GENERAL", text="x", post_at=soon)["scheduled_message_id"]
    off = {"channel": "C0GENERAL", "scheduled_message_id": id_}

    slack.chat_deleteScheduledMessage(**off)

    assert refusal(slack.chat_deleteScheduledMessage, **off) == "invalid_scheduled_message_id"
    assert refusal(slack.chat_scheduleMessage, channel="C0GENERAL", text="x", post_at=1) == "time_in_past"


def test_topics_have_a_limit(slack: WebClient, refusal: Refusal) -> None:
    assert refusal(slack.conversations_setTopic, channel="C0GENERAL", topic="x" * 251) == "too_long"


def test_a_call_needs_a_valid_token(box: Box, refusal: Refusal) -> None:
    url = box.environment()["SLACK_API_URL"]

    assert refusal(WebClient(base_url=url).auth_test) == "not_authed"
    assert refusal(WebClient(base_url=url, token="xoxb-other").auth_test) == "invalid_auth"
    assert (
        refusal(WebClient(base_url=url, token="xoxb-other").api_call, api_method="no.such")
        == "unknown_method"
    )


def test_a_missing_scope_is_named(box: Box, slack: WebClient) -> None:
    box.slack.scopes.remove("groups:write")

    a_channel(slack)
    with pytest.raises(SlackApiError) as caught:
        a_channel(slack, "inc-2-secret", is_private=True)

    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "groups:write"
    assert "channels:manage" in caught.value.response["provided"]


def test_lists_come_in_pages(slack: WebClient) -> None:
    first = slack.conversations_list(limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    second = slack.conversations_list(limit=3, cursor=cursor)

    assert (len(first["channels"]), len(second["channels"])) == (3, 1)
    assert second["response_metadata"]["next_cursor"] == ""
