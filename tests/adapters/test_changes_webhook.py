"""Spy's own webhook for changes: signed with a moment, read with sentences for what is wrong."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.changes.webhook import news
from bot.adapters.network.signatures import ToolSecret
from bot.domain.changes.change import Change
from bot.ports import Rejected
from tests.support.samples import signed_by_tool

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECRET = "whisper"
LEAST = {"service": "checkout", "title": "deploy 4f2a1c"}


def read(told: Any, signature: str = "v1=a") -> Change:
    return news(json.dumps(told).encode(), signature=signature, heard_at=NOW)


def believe(body: bytes, *, seconds_ago: int = 0, secret: str = SECRET, **other: str) -> None:
    headers = signed_by_tool(body, int(NOW.timestamp()) - seconds_ago, secret)
    ToolSecret(variable="CHANGES_WEBHOOK_SECRET", value=SECRET, page="docs/changes.md").check(
        body,
        timestamp=other.get("timestamp", headers["X-Spy-Timestamp"]),
        signature=other.get("signature", headers["X-Spy-Signature"]),
        now=NOW,
    )


@pytest.mark.parametrize("seconds_ago", [0, 299, -299])
def test_a_fresh_and_signed_request_is_believed(seconds_ago: int):
    believe(b"{}", seconds_ago=seconds_ago)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "other"},
        {"timestamp": ""},
        {"timestamp": str(int(NOW.timestamp()) + 1)},
        {"signature": ""},
        {"signature": "v1=é"},
    ],
)
def test_another_request_is_not(wrong: Any):
    with pytest.raises(Rejected, match="not signed") as rejected:
        believe(b"{}", **wrong)

    assert rejected.value.code == "signature"


@pytest.mark.parametrize("seconds_ago", [301, -301, 10**9])
def test_a_request_of_another_time_is_not_believed_though_signed(seconds_ago: int):
    with pytest.raises(Rejected, match="more than 5 min") as rejected:
        believe(b"{}", seconds_ago=seconds_ago)

    assert rejected.value.code == "signature"


def test_two_fields_are_enough():
    told = read(LEAST)

    assert (told.service, told.title, told.kind) == ("checkout", "deploy 4f2a1c", "deploy")
    assert told.happened_at == told.as_of == told.heard_at == NOW


def test_all_fields_are_kept_made_fit():
    told = read(
        {
            "service": "Checkout API",
            "title": "deploy\n4f2a1c\u0000",
            "kind": "config",
            "url": "https://ci.example.com/7",
            "author": "Ana",
            "at": "2026-11-23T11:30:00+01:00",
            "ref": "4f2a1c",
            "outcome": "success",
            "id": "deploy-7",
        }
    )

    assert (told.service, told.title, told.kind) == ("checkout-api", "deploy 4f2a1c", "config")
    assert told.happened_at == datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    assert (told.url, told.author, told.ref, told.outcome) == (
        "https://ci.example.com/7",
        "Ana",
        "4f2a1c",
        "success",
    )


def test_a_change_told_twice_is_one_by_its_id():
    begun, ended = (
        read({**LEAST, "id": "7", "at": f"2026-11-23T11:{minute}:00Z", "outcome": outcome}, f"v1={minute}")
        for minute, outcome in ((30, None), (50, "failure"))
    )

    both = begun.updated_by(ended)

    assert begun.key == ended.key
    assert (both.happened_at.minute, both.as_of.minute, both.outcome) == (30, 50, "failure")
    assert ended.updated_by(begun).outcome == "failure", "in whatever order they arrive"


def test_without_an_id_two_requests_are_two_changes():
    assert read(LEAST, "v1=a").key == read(LEAST, "v1=a").key
    assert read(LEAST, "v1=a").key != read(LEAST, "v1=b").key


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a b", "https://" + "x" * 500, "https://x\u0000"]
)
def test_an_address_that_is_none_is_left_out(url: str):
    assert read({**LEAST, "url": url}).url is None


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ([], "The body is no JSON object"),
        ({"service": "checkout"}, "The field title: field required."),
        ({**LEAST, "title": ""}, "The field title: string should have at least 1 character."),
        ({**LEAST, "service": "!!!"}, "The field service has no letter or digit in it."),
        ({**LEAST, "at": "2026-11-23T11:30:00"}, "The field at: input should have timezone info."),
        ({**LEAST, "at": "0001-01-01T00:00:00+14:00"}, "The field at: must be a moment of our time."),
        ({**LEAST, "kind": 7}, "The field kind: input should be a valid string."),
    ],
)
def test_what_is_wrong_is_said(told: Any, sentence: str):
    with pytest.raises(Rejected) as rejected:
        read(told)

    assert rejected.value.code == "malformed"
    assert str(rejected.value).startswith(sentence)
