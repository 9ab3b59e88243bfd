"""Issues on GitHub through the real client: what is made, found and refused, and its troubles in our words."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.github import GitHub
from bot.ports import IssueDraft, Leaf, Rejected, Throttled, Unreachable
from bot.sandbox.box import Box
from bot.sandbox.weather import http, rate_limited

HERE = "acme/postmortems"
DRAFT = IssueDraft(title="Postmortem", body="<!-- spy:postmortem:1-2 -->", labels=("postmortem", "sev2"))


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


@pytest.fixture
def github(box: Box) -> Iterator[GitHub]:
    environment = box.environment()
    github = GitHub(
        environment["GITHUB_TOKEN"], url=environment["GITHUB_API_URL"], timeout=timedelta(seconds=5)
    )
    yield github
    github.close()


def test_an_issue_is_made_with_one_call_and_found_by_its_mark(github: GitHub, box: Box):
    made = github.open_issue(HERE, DRAFT)

    found = github.find_issue(HERE, "spy:postmortem:1-2 ", label="postmortem", since=box.clock.now())

    assert found == made
    assert box.calls("github") == [f"POST /repos/{HERE}/issues", f"GET /repos/{HERE}/issues"]
    assert github.find_issue(HERE, "spy:postmortem:9-9", label="postmortem", since=box.clock.now()) is None


def test_what_the_repository_does_not_know_is_left_out_and_named(github: GitHub, box: Box):
    made = github.open_issue(HERE, replace(DRAFT, assignee="stranger", milestone="Someday"))

    assert made.without == ("the milestone Someday", "the assignee stranger")
    assert box.github.issues[made.number].assignees == []


def test_labels_and_titles_that_people_gave_stay(github: GitHub, box: Box):
    number = github.open_issue(HERE, DRAFT).number
    issue = box.github.issues[number]
    issue.labels, issue.title = ["postmortem", "sev2", "checkout"], "A better title"
    box.github.labels["checkout"] = {"color": "ededed", "description": None}

    github.revise_issue(
        HERE, number, lambda _: replace(DRAFT, labels=("postmortem", "sev1"), retired=("sev2",))
    )

    assert issue.labels == ["postmortem", "checkout", "sev1"]
    assert issue.title == "A better title"


def test_another_assignee_takes_the_place_of_who_was_wanted_before(github: GitHub, box: Box):
    number = github.open_issue(HERE, replace(DRAFT, assignee="ana-lima")).number
    draft = replace(DRAFT, assignee="raj-patel", relieved="Ana-Lima")

    github.revise_issue(HERE, number, lambda _: draft)

    assert box.github.issues[number].assignees == ["raj-patel"]


def test_who_gets_an_owner_later_is_assigned_then(github: GitHub, box: Box):
    number = github.open_issue(HERE, DRAFT).number

    github.revise_issue(HERE, number, lambda _: replace(DRAFT, assignee="raj-patel"))

    assert box.github.issues[number].assignees == ["raj-patel"]


@pytest.mark.parametrize("chosen", [[], ["raj-patel"]])
def test_whom_people_assigned_stays(github: GitHub, box: Box, chosen: list[str]):
    number = github.open_issue(HERE, replace(DRAFT, assignee="ana-lima")).number
    box.github.issues[number].assignees = chosen

    github.revise_issue(HERE, number, lambda _: replace(DRAFT, assignee="ana-lima", relieved="ana-lima"))

    assert box.github.issues[number].assignees == chosen


def test_an_assignee_whom_the_repository_does_not_know_keeps_nothing_else_back(github: GitHub, box: Box):
    number = github.open_issue(HERE, replace(DRAFT, assignee="ana-lima")).number
    draft = replace(DRAFT, body="new", assignee="stranger", relieved="ana-lima")

    revised = github.revise_issue(HERE, number, lambda _: draft)

    assert revised.without == ("the assignee stranger",)
    assert (box.github.issues[number].body, box.github.issues[number].assignees) == ("new", ["ana-lima"])


def test_what_is_as_it_should_be_is_not_written(github: GitHub, box: Box):
    number = github.open_issue(HERE, DRAFT).number

    github.revise_issue(HERE, number, lambda _: DRAFT)

    assert not [call for call in box.calls("github") if call.startswith("PATCH")]


def test_a_deleted_issue_is_gone(github: GitHub, box: Box):
    number = github.open_issue(HERE, DRAFT).number
    box.github.delete(number)

    with pytest.raises(Rejected) as refused:
        github.revise_issue(HERE, number, lambda _: DRAFT)

    assert refused.value.code == "gone"


def test_its_troubles_are_told_apart(github: GitHub, box: Box):
    box.weather.strike("github", f"POST /repos/{HERE}/issues", http(503))
    with pytest.raises(Unreachable):
        github.open_issue(HERE, DRAFT)

    box.weather.strike("github", f"POST /repos/{HERE}/issues", rate_limited(7))
    with pytest.raises(Throttled) as limited:
        github.open_issue(HERE, DRAFT)

    assert limited.value.retry_after == timedelta(seconds=7)
    with pytest.raises(Rejected, match="too long"):
        github.open_issue(HERE, replace(DRAFT, body="x" * 70_000))


def test_a_file_is_offered_once_and_again_after_it_was_merged(github: GitHub, box: Box):
    files = box.github.files

    def offer(text: str) -> str | None:
        leaf = Leaf(path="docs/one.md", text=text)
        return github.offer(HERE, [leaf], branch="spy/inc-1", title="One", body="It.")

    first, again = offer("one"), offer("one, better")
    files.merge(next(iter(files.pulls)))
    nothing, second = offer("one, better"), offer("two")

    assert first == again
    assert nothing is None
    assert second not in {None, first}
    assert github.read_leaf(HERE, "docs/one.md", branch="spy/inc-1") == "two"
    assert files.branches["main"]["docs/one.md"] == "one, better"
