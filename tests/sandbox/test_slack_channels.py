"""Changes of a channel, and the events of them: archived, unarchived, deleted, private, new id, left."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Refusal = Callable[..., str]
KINDS = pytest.mark.parametrize("kind", ["channel", "group"])


@pytest.fixture
def place(bot: Any, kind: str) -> str:
    """Create a public or private channel, with Ana in it."""
    made = bot.client.conversations_create(name="inc-1-x", is_private=kind == "group")["channel"]["id"]
    bot.client.conversations_invite(channel=made, users="U0ANA")
    bot.box.wait_for(lambda: f"message:{kind}_join" in bot.kinds())  # the last event of the two calls
    bot.heard.clear()
    return str(made)


@KINDS
def test_the_bot_hears_who_archives_and_unarchives_a_channel(bot: Any, kind: str, place: str):
    bot.box.slack.archive(place)
    bot.box.slack.unarchive(place, "raj")

    closed, opened = (it for it in bot.heard if it["type"] != "message")
    assert (closed["type"], closed["channel"], closed["user"]) == (f"{kind}_archive", place, "U0ANA")
    assert (opened["type"], opened["channel"], opened["user"]) == (f"{kind}_unarchive", place, "U0RAJ")
    assert [k for k in bot.kinds() if ":" in k] == [f"message:{kind}_archive", f"message:{kind}_unarchive"]


@KINDS
def test_a_deleted_channel_is_gone(bot: Any, kind: str, place: str, refusal: Refusal):
    ts = bot.client.chat_postMessage(channel=place, text="hello")["ts"]
    bot.box.slack.delete_channel(place)

    gone = bot.heard[-1]
    assert (gone["type"], gone["channel"], gone["actor_id"]) == (f"{kind}_deleted", place, "U0ANA")
    assert refusal(bot.client.chat_postMessage, channel=place, text="?") == "channel_not_found"
    assert refusal(bot.client.chat_update, channel=place, ts=ts, text="?") == "channel_not_found"
    assert refusal(bot.client.conversations_info, channel=place) == "channel_not_found"
    assert bot.client.conversations_create(name="inc-1-x")["channel"]["id"] != place


def test_a_channel_that_becomes_private_has_a_message_about_it(bot: Any):
    bot.box.slack.make_private("payments", "raj")

    assert [(it["type"], it["subtype"], it["user"], it["channel_type"]) for it in bot.heard] == [
        ("message", "channel_convert_to_private", "U0RAJ", "group")
    ]
    shape = bot.client.conversations_info(channel="C0PAY")["channel"]
    assert (shape["is_private"], shape["is_channel"], shape["id"]) == (True, False, "C0PAY")


def test_the_bot_does_not_see_a_private_channel_that_it_is_not_in(bot: Any, refusal: Refusal):
    bot.box.slack.remove_bot("payments")
    bot.heard.clear()
    bot.box.slack.make_private("payments")

    assert bot.heard == []
    assert refusal(bot.client.conversations_info, channel="C0PAY") == "channel_not_found"


def test_a_channel_is_made_public_again(bot: Any):
    bot.box.slack.make_private("payments")
    bot.box.slack.make_public("payments")

    assert (bot.heard[-1]["subtype"], bot.heard[-1]["channel_type"]) == (
        "channel_convert_to_public",
        "channel",
    )


@pytest.mark.parametrize("kind", ["group"])
def test_a_channel_with_a_new_id_is_not_found_by_the_old_one(bot: Any, place: str, refusal: Refusal):
    ts = bot.client.chat_postMessage(channel=place, text="hello")["ts"]
    new = bot.box.slack.change_id(place)

    moved = bot.heard[-1]
    assert (moved["type"], moved["old_channel_id"], moved["new_channel_id"]) == (
        "channel_id_changed",
        place,
        new,
    )
    assert refusal(bot.client.chat_postMessage, channel=place, text="?") == "channel_not_found"
    bot.client.chat_update(channel=new, ts=ts, text="hello again")
    assert bot.box.slack.message("inc-1-x", ts).channel == new


@KINDS
def test_the_members_who_stay_hear_who_was_removed(bot: Any, kind: str, place: str):
    bot.box.slack.remove(place, "ana", "raj")

    left, notice = bot.heard
    assert (left["type"], left["user"], left["channel"]) == ("member_left_channel", "U0ANA", place)
    assert notice["subtype"] == f"{kind}_leave"
    assert "ana" not in bot.box.slack.members(place)


@KINDS
def test_the_bot_hears_who_removed_it_and_nothing_later(bot: Any, kind: str, place: str):
    bot.box.slack.remove_bot(place, "ana")
    bot.box.slack.say("ana", place, "now we are alone")

    [out] = bot.heard
    assert (out["type"], out["channel"], out["actor_id"]) == (f"{kind}_left", place, "U0ANA")


def test_the_bot_hears_of_deleted_channels_it_is_not_in_only_if_public(bot: Any):
    for name, private in (("open", False), ("closed", True)):
        bot.box.slack.create("ana", name, private=private)
        bot.box.slack.delete_channel(name)

    assert bot.kinds() == ["channel_created", "channel_deleted"]


def test_the_answer_to_a_button_of_a_deleted_channel_is_refused(bot: Any):
    ts = bot.client.chat_postMessage(channel="C0PAY", text="press", blocks=[BUTTON])["ts"]
    urls: list[str] = []
    bot.app.action("go")(lambda ack, body: (urls.append(body["response_url"]), ack()))
    bot.box.slack.press("ana", "payments", ts, "Go")
    bot.box.slack.delete_channel("payments")

    answer = httpx.post(urls[0], json={"text": "done"})

    assert answer.json()["error"] == "channel_not_found"


BUTTON = {
    "type": "actions",
    "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
}
