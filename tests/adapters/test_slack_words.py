"""What is read of a message that an alert or a workflow wrote, which often has no text of its own."""

from typing import Any

import pytest

from bot.adapters.slack.words import words

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*CPU* high"}}
FIELDS = {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Pod:* 7"}, None]}
HEADER = {"type": "header", "text": {"type": "plain_text", "text": "Alert"}}
CONTEXT = {
    "type": "context",
    "elements": [{"type": "image", "alt_text": "red"}, {"type": "mrkdwn", "text": "eu"}],
}
BUTTONS = {
    "type": "actions",
    "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Mute"}}],
}
PICTURE = {"type": "image", "title": {"type": "plain_text", "text": "Load"}, "alt_text": "a chart"}


def rich(*elements: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


RICH = rich(
    {"type": "text", "text": "a<b & "},
    {"type": "user", "user_id": "U0ANA"},
    {"type": "emoji", "name": "fire"},
    {"type": "link", "url": "https://x"},
)
ALERT = {
    "title": "Disk full",
    "text": "on db-1",
    "fallback": "Disk full on db-1",
    "fields": [{"title": "p", "value": "7"}],
}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"text": " db is down "}, "db is down"),
        ({"text": "db is down", "blocks": [SECTION], "attachments": [ALERT]}, "db is down"),
        ({"text": "", "blocks": [HEADER, SECTION, FIELDS, BUTTONS]}, "Alert\n*CPU* high\n*Pod:* 7"),
        ({"text": None, "blocks": [CONTEXT, PICTURE]}, "red eu\nLoad"),
        ({"blocks": [RICH]}, "a&lt;b &amp; <@U0ANA>:fire:https://x"),
        ({"text": "", "attachments": [ALERT]}, "Disk full\non db-1\np: 7"),
        ({"text": "", "attachments": [{"fallback": "Disk full"}, None]}, "Disk full"),
        ({"text": "", "attachments": [{"blocks": [SECTION]}]}, "*CPU* high"),
        ({"text": "", "blocks": [BUTTONS], "files": [{"title": "a.png"}]}, ""),
        ({"text": "  ", "blocks": None, "attachments": "x"}, ""),
        ({"blocks": [None, "x", 7, {"type": "section", "text": None, "fields": 7}]}, ""),
        ({"attachments": [None, "x", {"title": None, "fields": [None, {"title": None}]}]}, ""),
    ],
)
def test_the_words_are_the_text_or_the_blocks_or_the_attachments(message: dict[str, Any], said: str):
    assert words(message) == said


def test_blocks_without_end_are_read_to_a_depth():
    block: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(900):
        block = {"elements": [block]}

    assert words({"blocks": [block]}) == ""
