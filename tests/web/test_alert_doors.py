"""The webhooks for alerts as their senders see them: who is believed, what is kept, and what is answered."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.alert.alert import Alert
from bot.services.audit import AuditLog
from bot.services.transaction import Transaction
from tests.support import samples
from tests.web.served import SECRET, ServedBot, opened

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
