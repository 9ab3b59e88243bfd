"""The webhooks for alerts as their senders see them: who is believed, what is kept, and what is answered."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.alert.alert import Alert
from bot.services.audit import AuditLog
from bot.services.transaction import Transaction
from tests.support import samples
from tests.support.folders import ROOT
from tests.web.served import SECRET, ServedBot, opened

PAYLOADS = ROOT / "tests" / "alert" / "payloads"
LEAST = {"title": "error rate 12 %", "service": "greeter", "key": "greeter-errors"}


@pytest.fixture
def served(tmp_path: Path, sqlite_url: str) -> Iterator[ServedBot]:
    with opened(tmp_path, sqlite_url) as served:
        yield served


def seconds(served: ServedBot) -> int:
    return int(served.bot.clock.now().timestamp())


def tool(served: ServedBot, told: Any, at: int | None = None, secret: str = SECRET) -> httpx.Response:
    body = samples.body(told)
    headers: Mapping[str, str] = samples.signed_by_tool(body, at or seconds(served), secret)
    return served.web.post("/webhooks/alerts", body, headers)


def recorded(name: str, **first: Any) -> Any:
    """Return a recording, with other values in its first alert."""
    told = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    told["alerts"][0] |= first
    return told


def alertmanager(served: ServedBot, told: Any, authorization: str = f"Bearer {SECRET}") -> httpx.Response:
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    return served.web.post("/webhooks/alertmanager", samples.body(told), headers)


def grafana(served: ServedBot, told: Any, *, at: int | None = None, secret: str = SECRET) -> httpx.Response:
    body = samples.body(told)
    signed = body if at is None else b"%d:%s" % (at, body)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    headers = {"X-Grafana-Alerting-Signature": signature}
    timestamp = {} if at is None else {"X-Grafana-Alerting-Timestamp": str(at)}
    return served.web.post("/webhooks/grafana", body, headers | timestamp)


def kept(served: ServedBot) -> Sequence[Alert]:
    since = served.bot.clock.now() - timedelta(days=9)
    with served.bot.database.read() as session:
        return sorted(session.alerts.recent(None, since=since, limit=99), key=lambda it: it.number)


def audited(served: ServedBot) -> list[str]:
    with served.bot.database.read() as session:
        tx = Transaction(session=session, now=served.bot.clock.now(), policy=served.bot.live.policy())
        return [line.command for _, line in AuditLog(tx).find()]


# --- any tool ---------------------------------------------------------------------------------------------


def test_a_tool_tells_of_an_alert_and_of_its_end(served: ServedBot):
    answers = [tool(served, LEAST), tool(served, LEAST | {"status": "resolved"}, seconds(served) + 1)]

    assert [(it.status_code, it.text) for it in answers] == [
        (202, "Kept as alert 1.\n"),
        (202, "Changed: 1.\n"),
    ]
    assert [it.is_resolved for it in kept(served)] == [True]


def test_the_same_request_twice_is_acted_on_once(served: ServedBot):
    now = seconds(served)

    assert [tool(served, LEAST, now).text for _ in range(2)] == ["Kept as alert 1.\n", "Known already.\n"]


def test_the_same_alert_told_again_is_one_alert(served: ServedBot):
    now = seconds(served)

    assert [tool(served, LEAST, now + it).text for it in range(2)] == [
        "Kept as alert 1.\n",
        "Nothing in it that Spy keeps.\n",
    ]


@pytest.mark.parametrize(("secret", "late"), [("wrong", 0), ("", 0), (SECRET, 301), (SECRET, -301)])
def test_what_is_not_signed_or_not_of_now_is_refused(served: ServedBot, secret: str, late: int):
    answer = tool(served, LEAST, seconds(served) + late, secret)

    assert answer.status_code == 401
    assert kept(served) == []


def test_what_can_not_be_read_is_said_by_its_field(served: ServedBot):
    answer = tool(served, {"service": "greeter"})

    assert (answer.status_code, answer.text) == (400, "The field title: field required.\n")


def test_the_audit_log_says_that_alerts_came_and_none_of_their_words(served: ServedBot):
    tool(served, LEAST)

    assert audited(served) == ["alerts of tool: 1"]


# --- Alertmanager -----------------------------------------------------------------------------------------


def test_alertmanager_tells_of_an_alert_and_of_its_end(served: ServedBot):
    answers = [
        alertmanager(served, recorded("alertmanager")).text,
        alertmanager(served, recorded("alertmanager", status="resolved")).text,
    ]

    assert answers == ["Kept as alert 1.\n", "Changed: 1.\n"]
    [alert] = kept(served)
    assert alert.title == "BlackBox Probe Failure: https\u200b://server.example.org"
    assert (alert.service, alert.severity, alert.is_resolved) == ("http_checks", "critical", True)
    assert alert.began_at == datetime(2023, 2, 6, 13, 8, 45, 828_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {SECRET}", 202),
        (f"bearer  {SECRET}", 202),
        ("Basic " + base64.b64encode(f"alertmanager:{SECRET}".encode()).decode(), 202),
        ("", 401),
        ("Bearer", 401),
        ("Bearer wrong", 401),
        ("Basic " + base64.b64encode(SECRET.encode()).decode(), 401),
        ("Basic %%%", 401),
        (SECRET, 401),
    ],
)
def test_alertmanager_is_believed_by_its_token(served: ServedBot, authorization: str, status: int):
    assert alertmanager(served, recorded("alertmanager"), authorization).status_code == status


def test_a_repeated_notification_is_known(served: ServedBot):
    answers = [alertmanager(served, recorded("alertmanager")).text for _ in range(2)]

    assert answers == ["Kept as alert 1.\n", "Known already.\n"]


def test_odd_alerts_of_a_group_cost_no_other_one_and_are_counted(served: ServedBot):
    told = recorded("alertmanager")
    odd = ({}, 7, None, {"status": "pending", "labels": {}}, {"status": "firing"})
    told |= {"alerts": [*odd, *told["alerts"]], "truncatedAlerts": 3}

    answer = alertmanager(served, told).text

    assert answer == "Kept as alert 1. Left out, because they can't be read or are too many: 8.\n"


def test_an_alert_with_little_in_it_is_kept(served: ServedBot):
    bare = {
        "status": "firing",
        "labels": {"alertname": "Down", "job": 7},
        "startsAt": "soon",
        "generatorURL": 1,
    }

    alertmanager(served, {"alerts": [bare]})

    [alert] = kept(served)
    assert (alert.title, alert.service, alert.url) == ("Down", None, None)


def test_a_group_of_very_many_alerts_is_bounded(served: ServedBot):
    many = [
        {"status": "firing", "labels": {"alertname": f"a{it}", "service": "greeter"}} for it in range(250)
    ]

    answer = alertmanager(served, {"alerts": many}).text

    assert answer.endswith("too many: 50.\n")


@pytest.mark.parametrize("told", [[], {}, {"alerts": 7}, "x"])
def test_what_is_no_group_is_refused(served: ServedBot, told: Any):
    assert alertmanager(served, told).status_code == 400


# --- Grafana ----------------------------------------------------------------------------------------------


def test_grafana_tells_of_two_alerts(served: ServedBot):
    assert grafana(served, recorded("grafana")).text == "Kept as alert 1, 2.\n"
    assert [it.title for it in kept(served)] == [
        "This alert was triggered for zone us-1",
        "This alert was triggered for zone eu-1",
    ]
    assert kept(served)[0].url == "https://play.grafana.org/alerting/1afz29v7z/edit"


def test_grafana_is_believed_by_its_signature_with_and_without_a_time(served: ServedBot):
    now = seconds(served)

    answers = [
        grafana(served, recorded("grafana"), at=now),
        grafana(served, recorded("grafana", status="resolved")),
        grafana(served, recorded("grafana"), at=now - 301),
        grafana(served, recorded("grafana"), secret="other"),
        grafana(served, recorded("grafana"), at=now, secret="other"),
    ]

    assert [it.status_code for it in answers] == [202, 202, 401, 401, 401]


def test_grafana_may_send_a_token_instead(served: ServedBot):
    body = samples.body(recorded("grafana"))

    answers = [
        served.web.post("/webhooks/grafana", body, {"Authorization": f"Bearer {token}"}).status_code
        for token in (SECRET, "other")
    ]

    assert answers == [202, 401]


def test_a_wrong_signature_is_not_made_good_by_a_token(served: ServedBot):
    headers = {"Authorization": f"Bearer {SECRET}", "X-Grafana-Alerting-Signature": "0" * 64}

    assert served.web.post("/webhooks/grafana", b"{}", headers).status_code == 401
