"""People type commands and messages, press buttons and fill in forms; a real Bolt app receives it."""

import json
from typing import Any

import pytest
import urllib3
from slack_bolt import Ack
from slack_sdk import WebClient

MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "update",
    "private_metadata": "inc-1",
    "title": {"type": "plain_text", "text": "Update"},
    "submit": {"type": "plain_text", "text": "Post"},
    "blocks": [
        {
            "type": "input",
            "block_id": "message",
            "label": {"type": "plain_text", "text": "Message"},
            "element": {"type": "plain_text_input", "action_id": "it"},
        },
        {
            "type": "input",
            "block_id": "next",
            "optional": True,
            "label": {"type": "plain_text", "text": "Next"},
            "element": {
                "type": "static_select",
                "action_id": "it",
                "options": [{"text": {"type": "plain_text", "text": "In 15 min"}, "value": "15m"}],
            },
        },
    ],
}
CARD: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Checkout* is down, <@U0ANA> leads"}},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "open",
                "value": "1",
                "text": {"type": "plain_text", "text": "Update"},
            }
        ],
    },
]


def on_open_show_modal(bot: Any) -> None:
    @bot.app.action("open")
    def open_modal(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        ack()


def a_card(bot: Any) -> str:
    return str(bot.client.chat_postMessage(channel="C0GENERAL", text="down", blocks=CARD)["ts"])


# -------------------------------------------------------------------- commands


def test_a_command_arrives_escaped_and_its_answer_is_shown_to_the_asker_alone(either: Any) -> None:
    got: list[dict[str, str]] = []

    @either.app.command("/incident")
    def incident(ack: Ack, body: dict[str, str]) -> None:
        got.append(body)
        ack("Noted: " + body["text"])

    answer = either.box.slack.slash("ana", "#general", "/incident", 'hand @raj #imoc @nobody "a < b & c"')

    text = 'hand <@U0RAJ|raj> <#C0IMOC|imoc> @nobody "a &lt; b &amp; c"'
    assert answer.ok
    assert [(b["text"], b["user_id"], b["channel_name"]) for b in got] == [(text, "U0ANA", "general")]
    (shown,) = either.box.slack.ephemerals("ana")
    assert either.box.slack.text_of(shown) == 'Noted: hand @raj #imoc @nobody "a < b & c"'
    assert not either.box.slack.messages("general")


def test_an_answer_in_channel_is_seen_by_all_and_comes_back_as_an_event(bot: Any) -> None:
    bot.app.command("/incident")(lambda ack: ack(text="opened", response_type="in_channel"))

    bot.box.slack.slash("ana", "general", "/incident", 'me "x"')

    assert [m.text for m in bot.box.slack.messages("general")] == ["opened"]
    bot.box.wait_for(lambda: "event:message" in [e.method for e in bot.box.exchanges])  # Bolt drops its own


def test_a_command_without_an_answer_shows_an_error_to_the_person(either: Any) -> None:
    either.box.slack.sender.patience = 0.2
    either.app.command("/incident")(lambda: None)
    seen: list[str] = []
    either.box.on(lambda event: seen.append(event.text))

    answer = either.box.slack.slash("ana", "general", "/incident")

    either.box.feed.flush()
    assert (
        answer.status == "timeout" or answer.code == 404
    )  # Bolt says 404 over HTTP, and nothing over a socket
    assert any("/incident failed with the error" in text for text in seen)


def test_a_response_url_adds_five_answers_and_replaces_no_command(bot: Any) -> None:
    urls: list[str] = []

    @bot.app.command("/incident")
    def incident(ack: Ack, body: dict[str, str]) -> None:
        urls.append(body["response_url"])
        ack("first")

    bot.box.slack.slash("ana", "general", "/incident")

    with urllib3.PoolManager() as http:
        body = json.dumps({"text": "more", "replace_original": True})
        answers = [http.request("POST", urls[0], body=body) for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [404]
    assert answers[5].json() == {"ok": False, "error": "used_url"}
    assert [m.text for m in bot.box.slack.ephemerals("ana")] == ["first", *["more"] * 5]


# -------------------------------------------------------------------- messages


def test_a_message_and_a_mention_are_heard(either: Any) -> None:
    either.box.slack.say("ana", "general", "@spy tldr <now>")

    assert either.kinds() == ["message", "app_mention"]
    assert {event["text"] for event in either.heard} == {"<@U0SPY> tldr &lt;now&gt;"}
    assert either.heard[0]["channel_type"] == "channel"


def test_a_direct_message_is_heard_as_such(bot: Any) -> None:
    bot.box.slack.dm("raj", "help")

    (event,) = bot.heard
    assert (event["channel"], event["channel_type"], event["user"]) == ("D0RAJ", "im", "U0RAJ")


def test_what_happens_to_a_message_is_heard_in_order(bot: Any) -> None:
    slack = bot.box.slack

    ts = slack.say("ana", "general", "it was the cache")
    slack.react("raj", "general", ts, ":memo:")
    slack.edit("ana", "general", ts, "it was the queue")
    slack.unreact("raj", "general", ts, "memo")
    slack.delete("ana", "general", ts)

    assert bot.kinds() == [
        "message",
        "reaction_added",
        "message:message_changed",
        "reaction_removed",
        "message:message_deleted",
    ]
    assert bot.heard[1]["item"] == {"type": "message", "channel": "C0GENERAL", "ts": ts}
    assert bot.heard[2]["previous_message"]["text"] == "it was the cache"
    assert bot.heard[2]["message"]["text"] == "it was the queue"


def test_the_bot_hears_nothing_of_channels_that_it_is_not_in(bot: Any) -> None:
    bot.box.slack.remove_bot("payments")
    bot.heard.clear()

    bot.box.slack.say("ana", "payments", "@spy are you there?")

    assert bot.heard == []


def test_the_bot_hears_the_people_it_invites_join(bot: Any) -> None:
    channel = bot.client.conversations_create(name="inc-1-x")["channel"]["id"]

    bot.client.conversations_invite(channel=channel, users="U0ANA")

    bot.box.wait_for(lambda: "message:channel_join" in bot.kinds())
    joined = next(event for event in bot.heard if event["type"] == "member_joined_channel")
    assert (joined["user"], joined["inviter"], joined["channel"]) == ("U0ANA", "U0SPY", channel)


def test_a_guest_can_come_only_when_invited(bot: Any) -> None:
    with pytest.raises(LookupError, match="zoe can't join"):
        bot.box.slack.join("zoe", "payments")

    bot.box.slack.invite("ana", "payments", "zoe")

    assert "zoe" in bot.box.slack.members("payments")


# -------------------------------------------------------------------- buttons and modals


def test_a_button_is_pressed_by_its_label_and_a_modal_filled_in_by_its(either: Any) -> None:
    got: list[dict[str, Any]] = []
    on_open_show_modal(either)

    @either.app.view("update")
    def submitted(ack: Ack, body: dict[str, Any]) -> None:
        got.append(body["view"])
        ack()

    pressed = either.box.slack.press("raj", "general", a_card(either), "Update")
    submitted_ = either.box.slack.submit("raj", None, {"Message": "all calm", "next": "In 15 min"})

    assert (pressed.ok, submitted_.ok) == (True, True)
    assert got[0]["private_metadata"] == "inc-1"
    values = got[0]["state"]["values"]
    assert values["message"]["it"]["value"] == "all calm"
    assert values["next"]["it"]["selected_option"]["value"] == "15m"
    assert either.box.slack.views("raj") == []


def test_a_field_left_empty_is_sent_back_without_asking_the_bot(bot: Any) -> None:
    on_open_show_modal(bot)
    bot.box.slack.press("raj", "general", a_card(bot), "Update")

    answer = bot.box.slack.submit("raj", None, {})

    assert answer.status == "errors"
    assert list(bot.box.slack.view("raj").errors) == ["message"]


def test_the_bots_errors_stay_on_the_modal(either: Any) -> None:
    on_open_show_modal(either)
    errors = {"message": "Say more than that."}
    either.app.view("update")(lambda ack: ack(response_action="errors", errors=errors))
    either.box.slack.press("raj", "general", a_card(either), "Update")

    answer = either.box.slack.submit("raj", None, {"Message": "x"})

    assert answer.status == "errors"
    assert either.box.slack.view("raj").errors == errors


def test_a_trigger_opens_one_modal_and_expires(bot: Any, refusal: Any) -> None:
    triggers: list[str] = []
    bot.app.action("open")(lambda ack, body: triggers.append(body["trigger_id"]) or ack())
    ts = a_card(bot)
    bot.box.slack.press("raj", "general", ts, "open")
    bot.box.slack.press("raj", "general", ts, "open")

    bot.client.views_open(trigger_id=triggers[0], view=MODAL)
    bot.box.slack.triggers.expire()

    view = {"view": MODAL}
    assert refusal(bot.client.views_open, trigger_id=triggers[0], **view) == "exchanged_trigger_id"
    assert refusal(bot.client.views_open, trigger_id=triggers[1], **view) == "trigger_expired"
    assert refusal(bot.client.views_open, trigger_id="1.2.3", **view) == "invalid_trigger_id"


def test_the_error_for_an_unknown_button_lists_the_known_ones(bot: Any) -> None:
    with pytest.raises(LookupError, match=r"nothing here is called 'Stop'; there is 'Update'"):
        bot.box.slack.press("raj", "general", a_card(bot), "Stop")


def test_an_ephemeral_message_is_replaced_through_its_button(bot: Any) -> None:
    @bot.app.action("open")
    def replace(ack: Ack, respond: Any) -> None:
        ack()
        respond("done", replace_original=True)

    bot.client.chat_postEphemeral(channel="C0GENERAL", user="U0ANA", text="down", blocks=CARD)
    (ephemeral,) = bot.box.slack.ephemerals("ana")

    bot.box.slack.press("ana", "general", ephemeral.ts, "Update")

    bot.box.wait_for(lambda: [m.text for m in bot.box.slack.ephemerals("ana")] == ["done"])
