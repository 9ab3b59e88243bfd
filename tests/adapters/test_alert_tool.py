"""The least form of an alert: read with sentences for what is wrong, and harmless whatever is in it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.alert.tool import news
from bot.domain.alert.report import AlertReport, AlertState
from bot.ports import Rejected

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEAST = {"title": "error rate 12 %"}


def read(told: Any) -> AlertReport:
    return news(json.dumps(told).encode(), heard_at=NOW).reports[0]


def test_a_title_is_enough():
    report = read(LEAST)

    assert (report.title, report.state, report.service) == ("error rate 12 %", AlertState.FIRING, None)
    assert (report.heard_at, report.began_at) == (NOW, None)


def test_what_a_tool_may_add():
    report = read(
        LEAST
        | {
            "service": "Checkout API",
            "key": "checkout-errors",
            "severity": "critical",
            "url": "https://grafana.example.com/d/7",
            "at": "2026-11-23T11:58:00+00:00",
        }
    )

    assert report == AlertReport(
        key="tool:checkout-errors",
        source="tool",
        title="error rate 12 %",
        state=AlertState.FIRING,
        service="checkout-api",
        heard_at=NOW,
        began_at=NOW - timedelta(minutes=2),
        severity="critical",
        url="https://grafana.example.com/d/7",
    )


def test_without_a_key_service_and_title_make_one():
    assert read(LEAST).key == read({**LEAST, "severity": "low", "status": "resolved"}).key
    assert read(LEAST).key != read({**LEAST, "service": "checkout"}).key


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ([], "The body is no JSON object such as"),
        ({}, "The field title"),
        ({"title": ""}, "The field title"),
        ({"title": "\u200b\u2060"}, "The field title"),
        ({"title": 7}, "The field title"),
        (LEAST | {"status": "pending"}, "The field status"),
        (LEAST | {"key": "é"}, "The field key"),
        (LEAST | {"key": "k" * 201}, "The field key"),
        (LEAST | {"service": "s" * 201}, "The field service"),
        (LEAST | {"at": "2026-11-23T11:58:00"}, "The field at"),
        (LEAST | {"at": "0001-01-01T00:00:00Z"}, "The field at"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(told: Any, sentence: str):
    with pytest.raises(Rejected, match=sentence) as rejected:
        read(told)

    assert rejected.value.code == "malformed"


def test_texts_are_harmless():
    report = read(
        {
            "title": "<!channel> <@U0ANA> https://evil.example ```x```\n" + "y" * 9_999,
            "severity": "<!here>" * 99,
            "url": "javascript:alert(1)",
        }
    )

    assert "<!channel>" not in report.title
    assert len(report.title) <= 350
    assert "<!here>" not in (report.severity or "")
    assert report.url is None
