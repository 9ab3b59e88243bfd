"""The stand-in for PagerDuty, called by the real client."""

import hashlib
import hmac
import json
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from bot.sandbox import Box
from bot.sandbox.pagerduty.account import schedules
from bot.sandbox.pagerduty.pagerduty import NobodyThereError, SandboxPagerDuty

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pdpyras tells of its successor when it is imported
    import pdpyras

DUPLICATE = "Open incident with matching dedup key already exists on this service"


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


@pytest.fixture
def client(box: Box) -> Iterator[Any]:
    with session(box) as client:
        yield client


def session(box: Box, sender: str | None = "spy@example.com", token: str | None = None) -> Any:
    client = pdpyras.APISession(token or box.environment()["PAGERDUTY_API_TOKEN"], default_from=sender)
    client.url = f"{box.url}/pagerduty"
    return client


def page(client: Any, key: str = "", **more: Any) -> Any:
    service = {"id": "PSVC1", "type": "service_reference"}
    body = {"type": "incident", "title": "Checkout is down", "service": service, "incident_key": key, **more}
    return client.rpost("incidents", json=body)


def error_of(failure: pytest.ExceptionInfo[Any]) -> tuple[int, Any]:
    response = failure.value.response
    return response.status_code, response.json()["error"]


def test_a_page_rings_the_phone_of_the_person_on_call(box: Box, client: Any):
    incident = page(client, "inc-1")

    [ring] = box.pagerduty.phones["raj"]
    assert (ring.incident_id, ring.title, ring.service) == (incident["id"], "Checkout is down", "imoc")
    assert box.pagerduty.phones["ana"] == []


def test_a_page_for_certain_people_rings_only_theirs(box: Box, client: Any):
    page(client, assignments=[{"assignee": {"id": "PUKIM", "type": "user_reference"}}])

    assert [person for person, rings in box.pagerduty.phones.items() if rings] == ["kim"]


def test_an_acknowledged_page_stops_ringing_and_names_who_acknowledged(box: Box, client: Any):
    incident = page(client)

    box.pagerduty.acknowledge("raj")

    shown = client.rget(incident)
    assert box.pagerduty.phones["raj"] == []
    assert shown["status"] == "acknowledged"
    assert [a["acknowledger"]["id"] for a in shown["acknowledgements"]] == ["PURAJ"]


def test_the_same_key_on_an_open_incident_is_refused_and_found(client: Any):
    incident = page(client, "inc-1")

    with pytest.raises(pdpyras.PDClientError) as failure:
        page(client, "inc-1")

    assert error_of(failure) == (400, {"message": DUPLICATE, "code": 2002})
    assert [i["id"] for i in client.iter_all("incidents", params={"incident_key": "inc-1"})] == [
        incident["id"]
    ]


def test_the_same_key_opens_a_new_incident_after_the_first_is_resolved(box: Box, client: Any):
    first = page(client, "inc-1")
    box.pagerduty.resolve("raj")

    second = page(client, "inc-1")

    assert second["id"] != first["id"]


@pytest.mark.parametrize("sender", [None, "stranger@example.com"])
def test_a_page_from_an_unknown_person_is_refused(box: Box, sender: str | None):
    with session(box, sender) as client, pytest.raises(pdpyras.PDClientError) as failure:
        page(client)

    assert error_of(failure)[0] == 400


def test_a_wrong_token_is_refused(box: Box):
    with session(box, token="stolen") as client, pytest.raises(pdpyras.PDClientError) as failure:
        client.rget("users")

    assert failure.value.response.status_code == 401


def test_what_does_not_exist_is_not_found(client: Any):
    with pytest.raises(pdpyras.PDClientError) as failure:
        client.rget("incidents/QNONE")

    assert error_of(failure) == (404, {"message": "Not Found", "code": 2100})


@pytest.mark.parametrize("missing", ["title", "service"])
def test_a_page_without_its_parts_is_refused(client: Any, missing: str):
    with pytest.raises(pdpyras.PDClientError) as failure:
        page(client, **{missing: None})

    status, error = error_of(failure)
    assert (status, error["code"]) == (400, 2001)
    assert error["errors"] == [f"{missing.capitalize()} cannot be empty."]


def test_a_bulk_update_acknowledges_and_resolves(client: Any):
    incident = page(client)
    change = {"id": incident["id"], "type": "incident_reference", "status": "acknowledged"}

    [acknowledged] = client.rput("incidents", json=[change])
    resolved = client.rput(
        incident, json={"type": "incident", "status": "resolved", "resolution": "rolled back"}
    )

    assert acknowledged["status"] == "acknowledged"
    assert resolved["status"] == "resolved"
    assert resolved["assignments"] == []
    assert [note["content"] for note in client.rget(f"incidents/{incident['id']}/notes")] == [
        "Resolution Note: rolled back"
    ]


def test_nothing_is_resolved_twice(box: Box, client: Any):
    incident = page(client)
    box.pagerduty.resolve("raj")

    with pytest.raises(pdpyras.PDClientError) as failure:
        client.rput(incident, json={"type": "incident", "status": "resolved"})

    assert error_of(failure) == (400, {"message": "Incident Already Resolved", "code": 1001})


def test_the_log_tells_who_was_notified_and_who_answered(box: Box, client: Any):
    incident = page(client)
    box.pagerduty.escalate("raj")
    box.pagerduty.acknowledge("ana")

    entries = client.list_all(f"incidents/{incident['id']}/log_entries")

    assert [entry["type"].removesuffix("_log_entry") for entry in reversed(entries)] == [
        "trigger",
        "assign",
        "notify",
        "escalate",
        "notify",
        "acknowledge",
    ]
    assert entries[0]["agent"]["summary"] == "Ana Lima"
    assert entries[1]["user"]["summary"] == "Ana Lima"


def test_lists_come_in_pages(box: Box, client: Any):
    for number in range(5):
        page(client, f"inc-{number}")

    found = list(client.iter_all("incidents", page_size=2))

    assert [incident["incident_key"] for incident in found] == [f"inc-{n}" for n in range(5)]
    assert box.calls("pagerduty").count("GET /incidents") == 3


def test_on_calls_say_level_and_shift(box: Box, client: Any):
    params = {"escalation_policy_ids[]": ["PPOL1", "PPOL2"], "include[]": "users", "earliest": "true"}

    on_calls = client.list_all("oncalls", params=params)

    assert [(o["escalation_policy"]["id"], o["escalation_level"], o["user"]["email"]) for o in on_calls] == [
        ("PPOL1", 1, "raj@example.com"),
        ("PPOL1", 2, "ana@example.com"),
        ("PPOL2", 1, "kim@example.com"),
        ("PPOL2", 2, "raj@example.com"),
    ]
    start, end = (datetime.fromisoformat(on_calls[0][at]) for at in ("start", "end"))
    assert start <= box.clock.now() < end == start + timedelta(weeks=1)
    assert on_calls[3]["schedule"] is on_calls[3]["start"] is on_calls[3]["end"] is None


def test_an_override_replaces_the_shift_under_it(box: Box, client: Any):
    now = box.clock.now().replace(microsecond=0)
    cover = {"start": now.isoformat(), "end": (now + timedelta(hours=2)).isoformat()}

    client.post("schedules/PSCH1/overrides", json={"overrides": [{**cover, "user": {"id": "PUKIM"}}]})
    page(client)

    until = (now + timedelta(hours=3)).isoformat()
    schedule = client.rget("schedules/PSCH1", params={"since": cover["start"], "until": until})
    entries = schedule["final_schedule"]["rendered_schedule_entries"]
    assert entries[0]["user"]["summary"] == "Kim Park"
    assert entries[0]["end"] == (now + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert entries[1]["user"]["summary"] != "Kim Park"
    assert len(box.pagerduty.phones["kim"]) == 1


def test_people_put_on_call_are_paged_level_by_level(box: Box, client: Any):
    box.pagerduty.put_on_call("imoc", "kim", "raj")

    page(client)
    box.pagerduty.escalate("kim")

    assert [person for person, rings in box.pagerduty.phones.items() if rings] == ["raj"]
    assert [len(it.overrides) for it in box.pagerduty.account.schedules.values()] == [1, 0, 1]


@pytest.mark.parametrize("asked", [("imoc", "raj"), ("imoc", "raj", "ana"), ("payments", "kim", "raj")])
def test_a_person_whose_shift_lasts_long_enough_needs_no_override(box: Box, asked: tuple[str, ...]):
    box.pagerduty.put_on_call(*asked)

    assert not any(schedule.overrides for schedule in box.pagerduty.account.schedules.values())


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("imok", "raj"), "no policy imok; there is imoc, payments"),
        (("imoc", "zoe"), "zoe has no phone"),
        (("imoc", "raj", "ana", "kim"), "imoc has only 2 levels"),
        (("payments", "kim", "ana"), "raj is always on call there"),
    ],
)
def test_the_error_names_who_cannot_be_put_on_call(box: Box, asked: tuple[str, ...], why: str):
    with pytest.raises(LookupError, match=why):
        box.pagerduty.put_on_call(*asked)


@pytest.mark.parametrize("hours", range(0, 168, 7))
def test_no_shift_ends_soon_after_a_box_is_opened(hours: int):
    opened = datetime(2026, 11, 23, 8, 59, 59, tzinfo=UTC) + timedelta(hours=hours)

    for schedule in schedules(opened).values():
        assert schedule.has(schedule.users[0], opened, opened + timedelta(days=5))


def test_a_person_has_a_telephone_number(client: Any):
    user = client.find("users", "raj@example.com", attribute="email")

    methods = client.rget(f"users/{user['id']}/contact_methods")

    assert {"email_contact_method", "phone_contact_method"} <= {method["type"] for method in methods}


def test_the_error_names_a_person_without_a_phone(box: Box):
    with pytest.raises(NobodyThereError):
        box.pagerduty.acknowledge("zoe")


def test_a_page_without_an_answer_escalates(box: Box):
    clock = ManualClock()
    pager = SandboxPagerDuty(box, clock=clock)
    service = pager.account.services["PSVC1"]
    pager.incidents.open("Checkout is down", service, by="PUSPY")

    clock.now += timedelta(minutes=5)

    assert [person for person, rings in pager.phones.items() if rings] == ["ana"]


def test_a_page_rings_again_after_its_acknowledgement_times_out(box: Box):
    clock = ManualClock()
    pager = SandboxPagerDuty(box, clock=clock)
    pager.incidents.open("Checkout is down", pager.account.services["PSVC1"], by="PUSPY")
    pager.acknowledge("raj")

    clock.now += timedelta(minutes=30)

    assert [person for person, rings in pager.phones.items() if rings] == ["raj"]


def test_a_webhook_is_signed_and_says_what_happened(box: Box, client: Any, listener: "Listener"):
    incident = page(client)

    box.pagerduty.acknowledge("raj")

    listener.wait_for(2)
    body, header = listener.requests[1]
    event = json.loads(body)["event"]
    secret = box.environment()["PAGERDUTY_WEBHOOK_SECRET"].encode()
    assert header == "v1=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    assert event["event_type"] == "incident.acknowledged"
    assert event["agent"]["id"] == "PURAJ"
    assert (event["data"]["id"], event["data"]["status"]) == (incident["id"], "acknowledged")


def test_a_webhook_that_fails_comes_again(client: Any, listener: "Listener"):
    listener.answers = [500, 503, 202]

    page(client)

    listener.wait_for(3)
    assert len({body for body, _ in listener.requests}) == 1


def test_a_webhook_comes_twice_on_demand(box: Box, client: Any, listener: "Listener"):
    page(client)
    listener.wait_for(1)

    box.pagerduty.redeliver()

    listener.wait_for(2)
    assert listener.requests[0] == listener.requests[1]


def test_each_signing_secret_signs(box: Box, client: Any, listener: "Listener"):
    box.pagerduty.secrets = ["new", "old"]

    page(client)

    listener.wait_for(1)
    body, header = listener.requests[0]
    assert header.split(",") == [
        "v1=" + hmac.new(secret, body, hashlib.sha256).hexdigest() for secret in (b"new", b"old")
    ]


class ManualClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 3, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Listener:
    """A bot that only receives webhooks. `answers` are its next HTTP statuses."""

    def __init__(self) -> None:
        self.requests: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        self._arrived = threading.Condition()
        self.server = HTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def wait_for(self, count: int) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, 5)

    def hear(self, body: bytes, signature: str) -> int:
        with self._arrived:
            self.requests.append((body, signature))
            self._arrived.notify_all()
            return self.answers.pop(0) if self.answers else 200

    def _handler(listener) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(listener.hear(body, self.headers["x-pagerduty-signature"]))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        return Handler


@pytest.fixture
def listener(box: Box) -> Iterator[Listener]:
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever, args=(0.01,))
    thread.start()
    box.bot_url, box.pagerduty.webhooks = listener.url, True
    yield listener
    listener.server.shutdown()
    thread.join()
    listener.server.server_close()
