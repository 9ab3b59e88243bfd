"""The same bot against other implementations of Slack and PagerDuty: nothing in it knows the sandbox."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import bot
from tests.e2e.bot_process import BotProcess
from tests.e2e.elsewhere import Elsewhere, incident, pagerduty_sends, slack_sends

CONFIG = """\
slack:     {mode: http, announce: CNEWS}
pagerduty: {from: boss@elsewhere.example}
teams:
  lead: {channel: CLEAD, pagerduty: {service: PXS, escalation_policy: PXE}}
command_team: lead
severities: {sev1: {update_every: 15m, page: [lead]}}
"""

ROOT = Path(bot.__file__).parent
MAY_KNOW = ("sandbox", "app/demo.py", "cli/demo.py")
"""The sandbox itself, and the one command that starts it."""

SLASH = {"team_id": "TX", "user_id": "UANN", "user_name": "ann", "channel_id": "CX", "command": "/incident"}


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere().open() as elsewhere:
        yield elsewhere


@pytest.fixture
def url(elsewhere: Elsewhere, database_url: str, serve: Callable[..., BotProcess]) -> str:
    """Where the bot listens."""
    return serve(CONFIG, {**elsewhere.environment(), "DATABASE_URL": database_url}).url


def said(url: str, text: str, *, by: str = "UANN", trigger: str) -> dict[str, Any]:
    answer = slack_sends(url, SLASH | {"text": text, "user_id": by, "trigger_id": trigger})
    assert answer.status_code == 200
    return dict(answer.json()) if answer.content else {}


def test_an_incident_is_opened_on_other_implementations(elsewhere: Elsewhere, url: str):
    answer = said(url, 'me "checkout is down" sev1', trigger="1.1")

    assert "INC-1" in answer["text"]
    assert elsewhere.await_call("conversations.create")["name"] == "inc-1-checkout-is-down"
    page = elsewhere.await_call("POST /incidents")["incident"]
    assert (page["service"]["id"], page["escalation_policy"]["id"]) == ("PXS", "PXE")
    elsewhere.await_call("conversations.invite", lambda it: (it["channel"], it["users"]) == ("CROOM", "UANN"))
    elsewhere.await_call("conversations.setTopic", lambda it: it["channel"] == "CROOM")
    elsewhere.await_call("bookmarks.add", lambda it: it["channel_id"] == "CROOM")
    elsewhere.await_call("chat.postMessage", lambda it: it["channel"] == "CROOM" and "INC-1" in it["text"])
    elsewhere.await_call("chat.postMessage", lambda it: it["channel"] == "CNEWS" and "INC-1" in it["text"])
    elsewhere.await_call("chat.update", lambda it: it["channel"] == "CNEWS" and "<#CROOM>" in it["text"])


def test_it_is_led_to_its_end_there(elsewhere: Elsewhere, url: str):
    said(url, 'me "checkout is down" sev1', trigger="1.1")
    key = elsewhere.await_call("POST /incidents")["incident"]["incident_key"]
    elsewhere.await_call("bookmarks.add")

    pagerduty_sends(
        url,
        {
            "id": "E1",
            "event_type": "incident.acknowledged",
            "occurred_at": datetime.now(UTC).isoformat(),
            "agent": {"summary": "Bo"},
            "data": {"type": "incident", **incident("acknowledged", key)},
        },
    )
    elsewhere.await_call("chat.update", lambda it: "acknowledged by Bo" in json.dumps(it))
    said(url, '1 tell :lead "hold your deploys"', trigger="1.2")
    elsewhere.await_call(
        "chat.postMessage", lambda it: it["channel"] == "CLEAD" and "hold your deploys" in json.dumps(it)
    )
    said(url, '1 update "it is getting better"', trigger="1.3")
    elsewhere.await_call("chat.postMessage", lambda it: "it is getting better" in json.dumps(it))
    said(url, "1 take", by="UBOB", trigger="1.4")
    said(url, '1 note "rolled back"', trigger="1.5")
    said(url, '1 stop "rolled back"', trigger="1.6")
    elsewhere.await_call("chat.update", lambda it: it["channel"] == "CNEWS" and "resolved" in json.dumps(it))
    elsewhere.await_call("PUT /incidents/PX1", lambda it: it["incident"]["status"] == "resolved")


def test_no_module_of_the_bot_knows_the_sandbox():
    modules = [
        path
        for path in ROOT.rglob("*.py")
        if not any(path.is_relative_to(ROOT / may_know) for may_know in MAY_KNOW)
    ]

    knowing = [
        str(path) for path in modules if "sandbox" in _without_jinjas(path.read_text(encoding="utf-8"))
    ]

    assert len(modules) > 50
    assert knowing == []


def _without_jinjas(code: str) -> str:
    """Leave out Jinja's sandbox, which is another one."""
    return code.replace("jinja2.sandbox", "").replace("SandboxedEnvironment", "").casefold()
