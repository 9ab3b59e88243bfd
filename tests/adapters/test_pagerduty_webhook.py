"""PagerDuty's webhooks: believed when signed, and read without stumbling."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.pagerduty.webhook import news
from bot.domain.oncall.ring import RingKind, RingNews
from bot.ports import PagerNews, Rejected, Ringing
from bot.sandbox.box import Box

SECRET = "whisper"


def signed(body: bytes, secret: str = SECRET) -> str:
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def webhook(event_type: str = "incident.acknowledged", **more: Any) -> bytes:
    incident = {
        "id": "Q1",
        "type": "incident",
        "html_url": "https://acme.pagerduty.com/incidents/Q1",
        "status": "acknowledged",
        "incident_key": "inc-1",
        "assignees": [{"id": "PURAJ", "type": "user_reference", "summary": "Raj Patel"}],
    }
    event = {
        "id": "01EVENT",
        "event_type": event_type,
        "resource_type": "incident",
        "occurred_at": "2026-11-23T12:00:00.500Z",
        "agent": {"id": "PURAJ", "type": "user_reference", "summary": "Raj Patel"},
        "data": incident,
    }
    return json.dumps({"event": event | more}).encode()


def test_an_acknowledgement_says_by_whom_and_when() -> None:
    body = webhook()

    assert news(body, signed(body), [SECRET]) == PagerNews(
        id="01EVENT",
        kind="acknowledged",
        page=Ringing(
            id="Q1",
            url="https://acme.pagerduty.com/incidents/Q1",
            status="acknowledged",
            key="inc-1",
            who="Raj Patel",
            at=datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC),
            assigned="Raj Patel",
        ),
        ring=RingNews(
            incident="Q1",
            kind=RingKind.ACKNOWLEDGED,
            at=datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC),
            users=("PURAJ",),
        ),
    )


@pytest.mark.parametrize(
    ("event_type", "kind", "users"),
    [
        ("incident.triggered", RingKind.ASSIGNED, ("PURAJ",)),
        ("incident.unacknowledged", RingKind.ASSIGNED, ("PURAJ",)),
        ("incident.reopened", RingKind.ASSIGNED, ("PURAJ",)),
        ("incident.escalated", RingKind.ASSIGNED, ("PURAJ",)),
        ("incident.reassigned", RingKind.ASSIGNED, ("PURAJ",)),
        ("incident.delegated", RingKind.ASSIGNED, ("PURAJ",)),
        ("incident.resolved", RingKind.RESOLVED, ()),
    ],
)
def test_what_rings_says_whom(event_type: str, kind: RingKind, users: tuple[str, ...]) -> None:
    body = webhook(event_type, agent=None)

    found = news(body, signed(body), [SECRET])

    assert found is not None
    assert found.ring is not None
    assert (found.ring.kind, found.ring.users) == (kind, users)


@pytest.mark.parametrize("event_type", ["incident.priority_updated", "incident.acknowledged"])
def test_a_new_priority_or_an_answer_by_no_person_rings_nobody(event_type: str) -> None:
    body = webhook(event_type, agent={"id": "PSVC1", "type": "service_reference", "summary": "x"})

    found = news(body, signed(body), [SECRET])

    assert found is not None
    assert found.ring is None


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("incident.unacknowledged", "unacknowledged"),
        ("incident.reopened", "unacknowledged"),
        ("incident.resolved", "resolved"),
        ("incident.escalated", "escalated"),
        ("incident.reassigned", "escalated"),
        ("incident.delegated", "escalated"),
        ("incident.triggered", "other"),
        ("incident.priority_updated", "other"),
    ],
)
def test_what_happened_is_one_of_five_kinds(event_type: str, kind: str) -> None:
    body = webhook(event_type, agent=None)

    found = news(body, signed(body), [SECRET])

    assert found is not None
    assert (found.kind, found.page.who) == (kind, None)


@pytest.mark.parametrize(
    "body",
    [
        webhook("pagey.ping", data={"type": "ping", "message": "Hello!"}),
        webhook("incident.annotated", data={"type": "incident_note", "content": "x"}),
        webhook("service.updated", data={"type": "service", "id": "P1"}),
    ],
)
def test_what_is_about_no_page_is_no_news(body: bytes) -> None:
    assert news(body, signed(body), [SECRET]) is None


def test_secrets_can_be_changed_without_a_gap() -> None:
    body = webhook()
    header = f"{signed(body, 'new')}, {signed(body, 'old')}"

    assert news(body, header, ["old"])
    assert news(body, signed(body, "new"), ["old", "new"])


@pytest.mark.parametrize(
    ("header", "secrets"),
    [
        ("", [SECRET]),
        (signed(webhook(), "other"), [SECRET]),
        (signed(webhook()).removeprefix("v1="), [SECRET]),
        (signed(webhook()).upper(), [SECRET]),
        ("v1=é", [SECRET]),
        (signed(webhook()), []),
        (signed(webhook(), ""), [""]),
    ],
)
def test_an_unsigned_webhook_is_not_believed(header: str, secrets: list[str]) -> None:
    with pytest.raises(Rejected) as rejected:
        news(webhook(), header, secrets)

    assert rejected.value.code == "signature"


@given(
    st.binary()
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_signed_nonsense_is_malformed(body: bytes) -> None:
    with pytest.raises(Rejected) as rejected:
        news(body, signed(body), [SECRET])

    assert rejected.value.code == "malformed"


@pytest.mark.parametrize("missing", ["id", "event_type", "occurred_at", "data"])
def test_an_event_without_its_facts_is_malformed(missing: str) -> None:
    event = json.loads(webhook())["event"]
    del event[missing]
    body = json.dumps({"event": event}).encode()

    with pytest.raises(Rejected) as rejected:
        news(body, signed(body), [SECRET])

    assert rejected.value.code == "malformed"


def test_what_the_sandbox_sends_is_understood() -> None:
    with Box() as box:
        box.bot_url = box.url
        box.pagerduty.webhooks = True
        incidents, account = box.pagerduty.incidents, box.pagerduty.account
        incidents.open("slow", account.services["PSVC1"], by="PUSPY", key="inc-1")
        box.pagerduty.acknowledge("raj")
        box.wait_for(lambda: any(each.method == "incident.acknowledged" for each in box.exchanges))
        box.pagerduty.close()
        [sent] = [each for each in box.exchanges if each.method == "incident.acknowledged"][:1]

        found = news(
            sent.body, sent.headers["X-PagerDuty-Signature"], [box.environment()["PAGERDUTY_WEBHOOK_SECRET"]]
        )

    assert found is not None
    assert (found.kind, found.page.who, found.page.key) == ("acknowledged", "Raj Patel", "inc-1")
