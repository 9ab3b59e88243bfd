"""GitHub's webhooks: believed when signed, and their own recordings read as the changes they are."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.github.webhook import check, news
from bot.domain.changes.change import Change
from bot.domain.policy import Policy, Service
from bot.ports import IssueNews, Moved, Rejected, TrackerNews
from tests.support import samples

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = Policy(services={"greeter": Service(key="greeter", repositories=("codertocat/hello-world",))})


def read(name: str, told: Any = None) -> TrackerNews | None:
    body = samples.body(told or samples.payload(name))
    return news(samples.event(name), body, service_of=POLICY.service_of, heard_at=NOW)


def change(name: str, told: Any = None) -> Change:
    found = read(name, told)
    assert isinstance(found, Change)
    return found


def merged() -> Any:
    """The recording of a pull request that was closed, as if it had been merged: none of a merge was published."""
    told = samples.payload("pull_request closed")
    sha = samples.payload("push")["after"]
    return told | {
        "pull_request": told["pull_request"]
        | {
            "merged": True,
            "merged_at": "2019-05-15T15:20:33Z",
            "merged_by": told["sender"],
            "merge_commit_sha": sha,
        }
    }


# --- what is believed -------------------------------------------------------------------------------------


def test_a_signature_is_the_one_that_github_documents():
    secret, body = "It's a Secret to Everybody", b"Hello, World!"
    documented = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    check(body, documented, secret)

    for wrong in (
        "",
        "sha256=",
        documented.upper(),
        documented[:-1],
        "sha256=é",
        documented.replace("256", "1"),
    ):
        with pytest.raises(Rejected) as rejected:
            check(body, wrong, secret)
        assert rejected.value.code == "signature"


# --- what is read -----------------------------------------------------------------------------------------


def test_a_deployment_and_how_it_went_are_one_change():
    made, went = change("deployment"), change("deployment_status")

    assert made.key == went.key == "github:codertocat/hello-world:deployment:145988746"
    assert (made.kind, made.service, made.title) == ("deploy", "greeter", "master to production")
    assert (
        made.url
        == "https://github.com/Codertocat/Hello-World/commit/f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
    )
    assert (made.author, made.outcome, went.outcome) == ("Codertocat", None, "success")
    assert made.happened_at == went.happened_at == datetime(2019, 5, 15, 15, 20, 53, tzinfo=UTC)
    assert went.as_of == datetime(2019, 5, 15, 15, 20, 55, tzinfo=UTC)


def test_a_deployment_links_to_its_log_where_there_is_one():
    assert change("deployment_status in progress").url == (
        "https://github.com/CorsixTH/CorsixTH/runs/4687056418?check_suite_focus=true"
    )


def test_that_a_deployment_was_replaced_is_no_news_of_it():
    told = samples.payload("deployment_status")
    told["deployment_status"]["state"] = "inactive"

    assert read("deployment_status", told) is None


def test_a_push_to_the_default_branch_is_a_change():
    pushed = change("push")

    assert (pushed.kind, pushed.title, pushed.author) == ("push", "Initial commit", "Codertocat")
    assert pushed.happened_at == datetime(2019, 5, 15, 15, 20, 57, tzinfo=UTC), (
        "when it was pushed, not written"
    )
    assert pushed.ref == "6113728f27ae82c7b1a177c8d03f9e96e0adf246"


@pytest.mark.parametrize("name", ["push of a tag", "push that deletes a tag"])
def test_another_push_is_none(name: str):
    assert read(name) is None


def test_a_merged_pull_request_and_its_push_are_one_change():
    pull, pushed = change("pull_request closed", merged()), change("push")

    both = pushed.updated_by(pull)

    assert pull.key == pushed.key
    assert both == pull.updated_by(pushed)
    assert (both.kind, both.title) == ("merge", "#2 Update the README with new information.")


def test_a_pull_request_that_was_closed_without_a_merge_is_none():
    assert read("pull_request closed") is None


def test_a_release_is_a_change_when_it_is_published_and_not_once_more():
    released = change("release published")

    assert (released.kind, released.title, released.ref) == ("release", "0.0.1", "0.0.1")
    assert read("release created") is None


def test_a_workflow_run_is_a_change_once_it_is_over():
    ran = change("workflow_run completed")

    assert (ran.kind, ran.outcome, ran.service) == ("workflow", "success", "octo-repo")
    assert ran.title.startswith("test #")
    assert (ran.happened_at.minute, ran.as_of.minute) == (33, 33)
    assert read("workflow_run requested") is None


def test_a_workflow_run_of_a_branch_is_none():
    told = samples.payload("workflow_run completed")
    told["workflow_run"]["head_branch"] = "feature"

    assert read("workflow_run completed", told) is None


def test_an_issue_that_is_reopened_or_closed_is_news():
    reopened = IssueNews(
        repository="Codertocat/Hello-World",
        number=1,
        state="open",
        reason=None,
        at=datetime(2021, 10, 11, 16, 40, 56, tzinfo=UTC),
        by="Codertocat",
    )
    told = samples.payload("issues reopened")
    told["action"], told["issue"]["state_reason"] = "closed", "not_planned"

    closed = read("issues reopened", told)

    assert read("issues reopened") == reopened
    assert isinstance(closed, IssueNews)
    assert (closed.state, closed.reason, closed.at.month) == ("closed", "not_planned", 7)
    assert read("issues opened") is None


def test_an_issue_that_was_transferred_is_followed():
    there = {
        "new_issue": {"number": 3, "html_url": "https://github.com/acme/checkout/issues/3"},
        "new_repository": {"full_name": "acme/checkout"},
    }
    told = samples.payload("issues reopened") | {"action": "transferred"}

    moved = read("issues reopened", told | {"changes": there})

    assert moved == Moved(
        repository="Codertocat/Hello-World",
        number=1,
        to="acme/checkout",
        to_number=3,
        url="https://github.com/acme/checkout/issues/3",
    )
    assert read("issues reopened", told) is None


@pytest.mark.parametrize(
    ("action", "changes", "before"),
    [
        ("renamed", {"repository": {"name": {"from": "Hi"}}}, "Codertocat/Hi"),
        ("transferred", {"owner": {"from": {"user": {"login": "ana"}}}}, "ana/Hello-World"),
        ("transferred", {"owner": {"from": {"organization": {"login": "acme"}}}}, "acme/Hello-World"),
    ],
)
def test_a_repository_with_another_name_is_followed(action: str, changes: Any, before: str):
    told = samples.payload("issues reopened") | {"action": action, "changes": changes}

    moved = news("repository", samples.body(told), service_of=POLICY.service_of, heard_at=NOW)

    assert moved == Moved(repository=before, to="Codertocat/Hello-World")


@pytest.mark.parametrize("event", ["ping", "star", "", "deployment_protection_rule"])
def test_what_is_not_asked_for_is_no_news(event: str):
    assert news(event, b"whatever", service_of=str, heard_at=NOW) is None


def test_what_cannot_be_read_gets_a_sentence_that_names_the_field():
    told = samples.payload("push")
    told["repository"]["full_name"] = 7

    with pytest.raises(Rejected) as rejected:
        read("push", told)

    assert rejected.value.code == "malformed"
    assert "as push: repository.full_name can't be read." in str(rejected.value)


def test_a_clock_that_is_ahead_is_not_believed():
    told = samples.payload("deployment")
    told["deployment"]["created_at"] = "2026-11-23T12:03:00Z"

    assert change("deployment", told).happened_at == NOW


def test_a_repository_has_its_own_name_where_no_service_has_it():
    told = samples.payload("push")
    told["repository"]["full_name"] = "Acme/Checkout-API"

    assert change("push", told).service == "checkout-api"
    assert POLICY.service_of("CoderToCat/Hello-World") == "greeter"
