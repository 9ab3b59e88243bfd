"""PagerDuty's objects with something missing, null or of another kind: each costs nothing but itself."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.pagerduty.check import results
from bot.adapters.pagerduty.client import PagerDuty
from bot.adapters.pagerduty.webhook import news
from bot.config.vendors import PagerIds
from bot.ports import Rejected, Unreachable
from tests.adapters.conftest import StandIn
from tests.adapters.test_pagerduty_webhook import SECRET, signed, webhook
from tests.fakes.pager import NOON

DAY = timedelta(days=1)
RAJ = {"id": "PURAJ", "type": "user_reference", "summary": "Raj Patel"}
ENTRY = {"id": "e", "start": "2026-11-23T12:00:00Z", "end": "2026-11-23T20:00:00Z", "user": RAJ}
ON_CALL = {
    "escalation_policy": {"id": "PPOL1"},
    "escalation_level": 1,
    "user": RAJ,
    "start": None,
    "end": None,
}
INCIDENT = {"id": "Q1", "status": "triggered", "html_url": "https://x.pagerduty.com/incidents/Q1"}
ODD_USERS: list[Any] = [None, {}, {"id": None}, {"id": ""}, "PURAJ", 7, [], {"summary": "Raj Patel"}]


def connected(stand_in: StandIn, **said: Any) -> PagerDuty:
    """Answer every path with these parts; there is no user of any id."""

    def answer(_method: str, path: str, _body: Any) -> tuple[int, dict[str, str], Any]:
        return (
            (404, {}, {"error": {"message": "Not Found"}}) if path.startswith("/users/") else (200, {}, said)
        )

    return PagerDuty("t", from_email="spy@example.com", url=stand_in(answer))


@pytest.mark.parametrize(
    "odd",
    [
        *({**ENTRY, "user": user} for user in ODD_USERS),
        *({**ENTRY, "start": at} for at in (None, "soon", "2026-11-23T12:00:00", {})),
        {**ENTRY, "end": None},
        None,
        "entry",
        {},
    ],
)
def test_one_odd_entry_does_not_hide_a_schedule(stand_in: StandIn, odd: Any):
    entries = {"rendered_schedule_entries": [odd, ENTRY]}
    pager = connected(stand_in, schedule={"id": "PSCH1", "final_schedule": entries})

    turns = pager.shifts(["PSCH1"], since=NOON, until=NOON + DAY)

    assert [(turn.user, turn.name, turn.email) for turn in turns] == [("PURAJ", "Raj Patel", None)]


@pytest.mark.parametrize(
    "odd",
    [
        *({**ON_CALL, "user": user} for user in ODD_USERS),
        {**ON_CALL, "escalation_policy": None},
        {**ON_CALL, "escalation_level": None},
        None,
        {},
    ],
)
def test_one_odd_on_call_does_not_hide_the_others(stand_in: StandIn, odd: Any):
    on_calls = connected(stand_in, oncalls=[odd, ON_CALL], more=False).on_calls(["PPOL1"])

    assert [(on_call.policy, on_call.level, on_call.name) for on_call in on_calls] == [
        ("PPOL1", 1, "Raj Patel")
    ]


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"id": "PU", "name": None, "summary": "Zoe"}, "Zoe"),
        ({"id": "PU", "name": 3, "email": "zoe@example.com"}, "zoe@example.com"),
        ({"id": "PU", "name": " \n\u0007", "email": None}, "PagerDuty user PU"),
        ({"id": "PU", "name": "Zoe \ud83d\u0000"}, "Zoe \ufffd\ufffd"),
        ({"id": "PU", "name": "Zoe\nPark"}, "Zoe Park"),
    ],
)
def test_who_has_no_name_is_called_by_what_there_is(stand_in: StandIn, user: Any, name: str):
    [on_call] = connected(stand_in, oncalls=[{**ON_CALL, "user": user}]).on_calls(["PPOL1"])

    assert on_call.name == name


@pytest.mark.parametrize(
    "odd",
    [
        {"assignments": [None, {"assignee": None}, {"at": "x"}, {"assignee": RAJ}]},
        {"assignments": [{"assignee": RAJ}], "acknowledgements": None, "last_status_change_by": None},
        {"assignments": [{"assignee": RAJ}], "last_status_change_at": "soon", "html_url": None},
        {"assignments": [{"assignee": RAJ}], "acknowledgements": [None, {}], "resolve_reason": "none"},
        {"assignments": [{"assignee": RAJ}], "incident_key": 7, "resolve_reason": {"type": "merge"}},
    ],
)
def test_an_incident_with_odd_parts_is_read_without_them(stand_in: StandIn, odd: Any):
    page = connected(stand_in, incident={**INCIDENT, **odd}).look("Q1")

    assert (page.id, page.status, page.assigned) == ("Q1", "triggered", "Raj Patel")


@pytest.mark.parametrize("said", [{}, {"incident": None}, {"incident": {"id": "Q1"}}, {"incident": []}])
def test_an_answer_that_is_none_of_pagerdutys_leaves_the_outcome_unknown(stand_in: StandIn, said: Any):
    with pytest.raises(Unreachable, match="PagerDuty's answer"):
        connected(stand_in, **said).look("Q1")


def test_a_user_without_an_e_mail_hides_no_other(stand_in: StandIn):
    users = [
        None,
        {"id": "P1", "email": None},
        {"id": "P2", "name": "x"},
        {"id": "P3", "email": "spy@example.com"},
    ]
    pager = connected(stand_in, users=users, more=False)

    assert all(it.well for it in results(pager, PagerIds()))


@pytest.mark.parametrize(
    "outcome", [[{"status": 400, "errors": None}], [{"status": 400, "errors": ["User not found"]}]]
)
def test_an_override_that_was_not_made_is_refused(stand_in: StandIn, outcome: Any):
    def answer(method: str, path: str, _body: Any) -> tuple[int, dict[str, str], Any]:
        if path.startswith("/users"):
            return 200, {}, {"users": [{"id": "PURAJ", "email": "raj@example.com"}]}
        return (201, {}, outcome) if method == "POST" else (200, {}, {"overrides": [None, {}]})

    pager = PagerDuty("t", from_email="spy@example.com", url=stand_in(answer))

    with pytest.raises(Rejected, match="made no override"):
        pager.override("PSCH1", email="raj@example.com", start=NOON, end=NOON + DAY)


@pytest.mark.parametrize(
    ("odd", "who", "assigned"),
    [
        ({"agent": {"id": "PX", "summary": None}}, "PagerDuty user PX", "Raj Patel"),
        ({"agent": {"summary": "Bo"}}, "Bo", "Raj Patel"),
        ({"agent": "Raj"}, None, "Raj Patel"),
        ({"agent": None}, None, "Raj Patel"),
        ({"assignees": None}, "Raj Patel", None),
        ({"assignees": [None, {"id": "PX", "summary": None}]}, "Raj Patel", "PagerDuty user PX"),
        ({"html_url": None, "incident_key": {}}, "Raj Patel", "Raj Patel"),
    ],
)
def test_a_webhook_with_odd_parts_is_read_without_them(odd: Any, who: str | None, assigned: str | None):
    event = json.loads(webhook())["event"]
    event |= {name: it for name, it in odd.items() if name == "agent"}
    event["data"] |= {name: it for name, it in odd.items() if name != "agent"}
    body = json.dumps({"event": event}).encode()

    found = news(body, signed(body), [SECRET])

    assert found is not None
    assert (found.kind, found.page.who, found.page.assigned) == ("acknowledged", who, assigned)
