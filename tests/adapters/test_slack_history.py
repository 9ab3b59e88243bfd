"""A page of a channel's history is checked once, where it comes in: whatever Slack, an app or an attacker sends."""

from typing import Any

import pytest

from bot.adapters.slack.history import history_page, thread_page
from bot.adapters.slack.identity import Identity
from bot.ports import HistoryPage

US = Identity(
    team="T0ACME",
    team_name="acme",
    url="https://acme.slack.com/",
    user="U0SPY",
    bot="B0SPY",
    name="spy",
    enterprise="",
)


def page(*messages: object, **more: Any) -> HistoryPage:
    answer = {"ok": True, "messages": list(messages), **more}
    return history_page(answer, after="1.000000", before="900.000000", us=US, link="https://x/{}".format)


def message(ts: object = "5.000001", **facts: Any) -> dict[str, Any]:
    return {"type": "message", "ts": ts, "user": "U0ANA", "text": "it is slow", **facts}


def test_an_edited_message_has_its_last_words():
    found = page(message(edited={"user": "U0ANA", "ts": "6.000000"}, text="it was slow"))

    assert [it.text for it in found.messages] == ["it was slow"]


def test_an_app_without_a_user_is_named_in_the_words():
    alert = message(subtype="bot_message", bot_id="B0MON", username="Monitor", user=None, text="p99 is high")

    assert [(it.person, it.text) for it in page(alert).messages] == [(None, "Monitor: p99 is high")]


def test_an_alert_that_has_only_attachments_is_read():
    alert = message(text="", bot_id="B0MON", user="U0MON", attachments=[{"title": "p99 is high"}])

    assert [(it.person, it.text) for it in page(alert).messages] == [("U0MON", "p99 is high")]


@pytest.mark.parametrize(
    "facts",
    [
        {"user": "U0SPY"},
        {"user": None, "bot_id": "B0SPY"},
        {"text": "<@U0SPY> incident update fixed"},
        {"subtype": "channel_join", "text": "<@U0ANA> has joined the channel"},
        {"subtype": "tombstone", "text": "This message was deleted."},
        {"subtype": ["odd"]},
        {"text": ""},
        {"text": None},
        {"text": 7},
        {"hidden": True},
    ],
)
def test_what_nobody_said_is_left_out(facts: dict[str, Any]):
    found = page(message(**facts))

    assert found.messages == []
    assert found.read == 1


@pytest.mark.parametrize(
    "ts",
    [None, "", "nan", "inf", "-5.0", 5.5, "5", "1e2", "5.1.2", "0.500000", "901.000000", "\u0665.000001"],
)
def test_an_odd_time_is_not_believed(ts: object):
    assert page(message(ts)) == HistoryPage(messages=[])


@pytest.mark.parametrize("odd", [None, "x", 7, [], {}])
def test_an_odd_message_is_left_out(odd: object):
    assert [it.ts for it in page(odd, message()).messages] == ["5.000001"]


def test_the_next_page_ends_where_this_one_begins():
    found = page(message("7.000000"), message("6.000000", user="U0SPY"), has_more=True)

    assert found.before == "6.000000"


def test_an_answer_without_messages_does_not_go_on_for_ever():
    assert page(has_more=True).before is None


def test_threads_are_named():
    found = page(
        message(reply_count=3), message("6.000000", reply_count="x"), message("7.000000", reply_count=0)
    )

    assert found.threads == ("5.000001",)


def thread(*messages: object, **more: Any) -> HistoryPage:
    answer = {"ok": True, "messages": list(messages), **more}
    return thread_page(
        answer, "5.000001", after="1.000000", before="900.000000", us=US, link="https://x/{}".format
    )


def test_a_page_of_a_thread_leaves_out_its_first_message():
    found = thread(message(reply_count=2), message("7.000000"), message("6.000000"))

    assert [it.ts for it in found.messages] == ["6.000000", "7.000000"]
    assert (found.read, found.cursor, found.threads) == (2, None, ())


@pytest.mark.parametrize(
    ("metadata", "cursor"),
    [({"next_cursor": "abc="}, "abc="), ({"next_cursor": ""}, None), ({}, None), (None, None), ("x", None)],
)
def test_a_thread_goes_on_at_its_cursor(metadata: object, cursor: str | None):
    assert thread(message("6.000000"), response_metadata=metadata).cursor == cursor
