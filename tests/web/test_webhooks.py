"""The webhooks as their senders see them: what is kept, kept once, refused with a sentence, or not there."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.changes.change import Change, ChangeWindow
from bot.ports import Issue
from bot.services.audit import AuditLog
from bot.services.changes.changes import Changes
from bot.services.changes.locks import Locks
from bot.services.incident.incidents import Incidents
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.transaction import Transaction
from bot.web.webhooks.backend import OLDEST
from bot.workers.sync import REQUESTS_KEPT
from tests.adapters.test_pagerduty_webhook import signed, webhook
from tests.support import samples
from tests.web.served import SECRET, ServedBot, opened


@pytest.fixture
def served(tmp_path: Path, sqlite_url: str) -> Iterator[ServedBot]:
    with opened(tmp_path, sqlite_url) as served:
        yield served


def github(served: ServedBot, name: str, **more: str) -> httpx.Response:
    """Deliver a recording. The same name twice is the same delivery."""
    body = samples.body(samples.recent(name, served.opened_at - timedelta(minutes=1)))
    headers = {
        "X-GitHub-Event": samples.event(name),
        "X-Hub-Signature-256": samples.signed(body, SECRET),
    }
    return served.web.post("/webhooks/github", body, headers | more)


def seconds(served: ServedBot) -> int:
    return int(served.bot.clock.now().timestamp())


def tool(served: ServedBot, told: Any, at: int | None = None) -> httpx.Response:
    body = samples.body(told)
    headers = samples.signed_by_tool(body, at or seconds(served), SECRET)
    return served.web.post("/webhooks/changes", body, headers)


def kept(served: ServedBot) -> list[Change]:
    now = served.bot.clock.now()
    with served.bot.database.begin() as session:
        return list(
            session.changes.within(ChangeWindow(since=now - timedelta(days=9_999), until=now), limit=99)
        )


def transaction_facts(served: ServedBot) -> Mapping[str, Any]:
    return {"now": served.bot.clock.now(), "policy": served.bot.live.policy()}


def filed_as(served: ServedBot, repository: str, issue: int) -> int:
    """Return the number of a follow-up that is an issue of GitHub's."""
    with served.bot.database.begin() as session:
        tx = Transaction(session=session, **transaction_facts(served))
        incident = Incidents(tx).declare("checkout is down", by="U0ANA").incident
        number = FollowUps(tx).add(incident, "look at the canary", by="U0ANA").number
        address = f"https://github.com/{repository}/issues/{issue}"
        filed = Issue(repository=repository, number=issue, url=address, title="", body="")
        FollowUps(tx).filed(number, filed)
    return number


def test_each_recording_of_a_change_is_kept_under_its_service(served: ServedBot):
    answers = {name: github(served, name).text for name in samples.names()}

    changes = {it.kind: it for it in kept(served)}
    assert {name for name, answer in answers.items() if answer == "Kept.\n"} == {
        "deployment",
        "deployment_status",
        "deployment_status in progress",
        "push",
        "release published",
        "workflow_run completed",
    }
    assert changes.keys() == {"deploy", "push", "release", "workflow"}
    assert (changes["push"].service, changes["workflow"].service) == ("greeter", "octo-repo")


def test_a_delivery_that_comes_twice_is_acted_on_once(served: ServedBot):
    unnamed = [github(served, "release published").text, github(served, "release published").text]

    assert unnamed == ["Kept.\n", "Known already.\n"]
    assert len(kept(served)) == 1


def test_a_captured_delivery_under_another_id_or_event_is_not_acted_on_again(served: ServedBot):
    """GitHub signs the body only, not these headers."""
    body = samples.body(samples.recent("deployment_status", served.bot.clock.now()))
    signed = {"X-Hub-Signature-256": samples.signed(body, SECRET)}

    answers = [
        served.web.post(
            "/webhooks/github", body, signed | {"X-GitHub-Event": event, "X-GitHub-Delivery": delivery}
        ).text
        for event, delivery in (("deployment_status", "a"), ("deployment_status", "b"), ("deployment", "c"))
    ]

    assert answers == ["Kept.\n", "Known already.\n", "Known already.\n"]


@pytest.mark.parametrize("name", ["push", "deployment_status", "release published", "workflow_run completed"])
def test_a_delivery_that_is_older_than_what_spy_remembers_is_refused(served: ServedBot, name: str):
    body = samples.body(samples.recent(name, served.bot.clock.now() - OLDEST - timedelta(minutes=1)))
    headers = {"X-GitHub-Event": samples.event(name), "X-Hub-Signature-256": samples.signed(body, SECRET)}

    answer = served.web.post("/webhooks/github", body, headers)

    assert answer.status_code == 400
    assert answer.text.endswith("UTC, and too old. Nothing was kept.\n")
    assert kept(served) == []
    assert OLDEST < REQUESTS_KEPT


@pytest.mark.parametrize(("days", "status"), [(0, 202), (2, 202), (4, 400)])
def test_an_old_delivery_of_pagerduty_is_refused(served: ServedBot, days: int, status: int):
    at = served.bot.clock.now() - timedelta(days=days)
    body = webhook(occurred_at=at.isoformat())
    answers = [
        served.web.post("/webhooks/pagerduty", body, {"X-PagerDuty-Signature": signed(body, SECRET)})
        for _ in range(2)
    ]

    assert [it.status_code for it in answers] == [status, status]
    assert answers[1].text.startswith("Known already." if status == 202 else "This is of ")


def test_an_incident_that_spy_did_not_make_is_a_ring_of_whom_it_reached(served: ServedBot):
    at = served.bot.clock.now()
    for kind in ("incident.triggered", "incident.acknowledged", "incident.acknowledged", "incident.resolved"):
        body = webhook(kind, occurred_at=at.isoformat(), id=f"01{kind}")
        served.web.post("/webhooks/pagerduty", body, {"X-PagerDuty-Signature": signed(body, SECRET)})

    with served.bot.database.read() as session:
        [ring] = session.rings.of("Q1")
    assert (ring.user, ring.at, ring.acknowledged_at, ring.resolved_at) == ("PURAJ", at, at, at)


def test_a_deployment_and_its_statuses_stay_one_change(served: ServedBot):
    for name in ("deployment_status", "deployment"):
        github(served, name)

    [deploy] = [it for it in kept(served) if it.title == "master to production"]
    assert (deploy.number, deploy.outcome) == (1, "success")


def test_an_issue_that_is_closed_on_github_is_a_follow_up_that_is_done(served: ServedBot):
    """The recording of one that was reopened, bent: no recording is of one that was closed."""
    told = samples.recent("issues reopened", served.bot.clock.now())
    told["action"], told["issue"]["state_reason"] = "closed", "completed"
    number = filed_as(served, told["repository"]["full_name"], told["issue"]["number"])
    body = samples.body(told)
    headers = {"X-GitHub-Event": "issues", "X-Hub-Signature-256": samples.signed(body, SECRET)}

    answer = served.web.post("/webhooks/github", body, headers)

    assert answer.text == "Kept.\n"
    with served.bot.database.begin() as session:
        follow_up = session.follow_ups.get(number)
    assert follow_up
    assert not follow_up.is_open


def test_github_is_told_what_content_type_to_send(served: ServedBot):
    body = b"payload=%7B%7D"
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": samples.signed(body, SECRET)}

    answer = served.web.post("/webhooks/github", body, headers)

    assert answer.status_code == 400
    assert "Is its content type application/json?" in answer.text


def test_a_tool_is_told_what_became_of_its_change(served: ServedBot):
    told, now = {"service": "checkout", "title": "deploy 4f2a1c", "id": "7"}, seconds(served)

    answers = [tool(served, told, at) for at in (now, now, now - 1)]

    assert [it.text for it in answers] == [
        "Kept as change 1 of checkout.\n",
        "Known already.\n",
        "Kept as change 1 of checkout.\n",
    ]
    assert tool(served, {"service": "checkout"}).text == "The field title: field required.\n"
    assert tool(served, told, now - 600).status_code == 401


def test_changes_are_forgotten_after_thirty_days(served: ServedBot):
    tool(served, {"service": "checkout", "title": "deploy 4f2a1c"})

    for days, left in ((29, 1), (31, 0)):
        later = served.bot.clock.now() + timedelta(days=days)
        with served.bot.database.begin() as session:
            Changes(Transaction(session=session, **{**transaction_facts(served), "now": later})).forget_old(
                limit=9
            )
        assert len(kept(served)) == left


def test_a_lock_is_answered_with_423_and_who_has_it(served: ServedBot):
    with served.bot.database.begin() as session:
        Locks(Transaction(session=session, **transaction_facts(served))).lock(
            "checkout", "moving", by=None, holder="failover:12"
        )

    locked, free = (served.web.get(f"/locks/{name}", token=SECRET) for name in ("Checkout", "orders"))

    assert locked.status_code == 423
    assert locked.json() | {"since": "x"} == {
        "service": "checkout",
        "locked": True,
        "by": "failover 12",
        "since": "x",
        "why": "moving",
    }
    assert (free.status_code, free.json()) == (
        200,
        {"service": "orders", "locked": False, "by": None, "since": None, "why": None},
    )
    assert served.web.get("/locks/!").status_code == 400


def test_a_deploy_tool_that_misspells_a_service_is_never_told_that_it_is_free(served: ServedBot):
    answers = [served.web.get("/locks/chekout", token=token) for token in (SECRET, "")]

    assert [(it.status_code, it.text) for it in answers] == [
        (404, "There is no service chekout. Did you mean checkout?\n"),
        (404, "There is no service chekout.\n"),
    ]
    assert served.web.get("/locks/CHECK-OUT").status_code == 200


def test_a_tool_is_told_of_a_service_that_is_not_listed(served: ServedBot):
    answers = [tool(served, {"service": it, "title": "deploy"}).text for it in ("till", "Check_Out")]

    assert answers == [
        "Kept as change 1 of till. But there is no service till. Did you mean checkout?\n",
        "Kept as change 2 of checkout.\n",
    ]


def test_a_door_without_a_secret_is_not_there(tmp_path: Path, sqlite_url: str):
    with opened(tmp_path, sqlite_url, secrets=("SLACK_SIGNING_SECRET",)) as served:
        paths = ("/webhooks/github", "/webhooks/changes", "/webhooks/pagerduty")

        assert [served.web.post(path, b"{}", {}).status_code for path in paths] == [404] * 3


@pytest.mark.parametrize("told_by", ["github", "a tool"])
def test_while_the_database_takes_nothing_what_is_told_is_to_be_sent_again(
    served: ServedBot, sqlite_url: str, told_by: str
):
    def notice() -> httpx.Response:
        if told_by == "github":
            return github(served, "deployment_status")
        return tool(served, {"service": "checkout", "title": "deploy 4f2a1c", "id": "7"})

    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = notice()
        other.rollback()

    assert refused.status_code == 503
    assert refused.text == "Spy's database does not answer. Nothing was kept; send it again.\n"
    assert notice().status_code == 202
    assert len(kept(served)) == 1


# --- the audit log ----------------------------------------------------------------------------------------


def test_a_delivery_that_is_kept_leaves_one_line_and_one_that_is_not_leaves_none(served: ServedBot):
    for _ in range(2):
        github(served, "push")
    github(served, "ping")
    tool(served, {"service": "checkout", "title": "secret words"})
    served.web.post("/webhooks/changes", b"{}", {})

    with served.bot.database.read() as session:
        lines = [
            line for _, line in AuditLog(Transaction(session=session, **transaction_facts(served))).find()
        ]
    assert [(it.source, it.command, it.outcome) for it in lines] == [
        ("github", "change of greeter", "allowed"),
        ("changes", "change of checkout", "allowed"),
    ]
    assert "secret" not in repr(lines)
