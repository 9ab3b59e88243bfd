"""Issues on GitHub through the real client: what is made, found and refused, and its troubles in our words."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.github.check import results
from bot.adapters.github.tracker import GitHub
from bot.ports import Issue, IssueDraft, Offer, Rejected, RepoFile, Throttled, Unreachable
from bot.sandbox.box import Box
from bot.sandbox.faults import http, rate_limited
from tests.adapters.conftest import StandIn

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

    calls = box.calls("github")
    found = github.find_issue(HERE, "spy:postmortem:1-2 ", since=box.clock.now())

    assert found == made
    assert calls == [f"POST /repos/{HERE}/issues"]
    assert github.find_issue(HERE, "spy:postmortem:9-9", since=box.clock.now()) is None


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
    box.faults.inject("github", f"POST /repos/{HERE}/issues", http(503))
    with pytest.raises(Unreachable):
        github.open_issue(HERE, DRAFT)

    box.faults.inject("github", f"POST /repos/{HERE}/issues", rate_limited(7))
    with pytest.raises(Throttled) as limited:
        github.open_issue(HERE, DRAFT)

    assert limited.value.retry_after == timedelta(seconds=7)
    with pytest.raises(Rejected, match="too long"):
        github.open_issue(HERE, replace(DRAFT, body="x" * 70_000))


def test_a_name_in_a_commit_message_mentions_nobody_and_closes_no_issue(github: GitHub, box: Box):
    title = "Postmortem: fixes #12 and https://github.com/acme/web/issues/3 @octo-org/team GH-7"
    github.offer(
        HERE, [RepoFile(path="docs/one.md", text="one")], branch="spy/inc-1", title=title, body="It."
    )

    sent = [it.body.decode() for it in box.recorder.of("github")]
    written = [it for it in sent if "Postmortem" in it]
    assert len(written) == 2
    assert all(mark not in words for words in written for mark in ("#12", "://", "@octo", "GH-7"))


def test_a_file_is_offered_once_and_again_after_it_was_merged(github: GitHub, box: Box):
    files = box.github.files

    def offer(text: str) -> str | None:
        repo_file = RepoFile(path="docs/one.md", text=text)
        return github.offer(HERE, [repo_file], branch="spy/inc-1", title="One", body="It.").url

    first, again = offer("one"), offer("one, better")
    files.merge(next(iter(files.pulls)))
    nothing, second = offer("one, better"), offer("two")

    assert first == again
    assert nothing is None
    assert second not in {None, first}
    assert github.read_file(HERE, "docs/one.md", branch="spy/inc-1") == "two"
    assert files.branches["main"]["docs/one.md"] == "one, better"


# --- found again, whatever GitHub kept --------------------------------------------------------------------


def test_an_issue_is_found_without_a_label_and_whoever_else_has_the_mark(github: GitHub, box: Box):
    box.github.may_push = False
    made = github.open_issue(HERE, DRAFT)
    copy = replace(box.github.issues[made.number], number=99, author="ana-lima")
    box.github.issues[99] = copy

    assert box.github.issues[made.number].labels == []
    found = github.find_issue(HERE, "spy:postmortem:1-2 ", since=box.clock.now())
    assert found
    assert found.number == made.number


def test_an_apps_token_finds_its_issue_too(github: GitHub, box: Box):
    made = github.open_issue(HERE, DRAFT)
    box.faults.inject("github", "GET /user", http(403))

    found = github.find_issue(HERE, "spy:postmortem:1-2 ", since=box.clock.now())

    assert found
    assert found.number == made.number


# --- what only decorates it -------------------------------------------------------------------------------

FULL = replace(DRAFT, assignee="ana-lima", milestone="Reliability")
LABELS, ASSIGNEE, MILESTONE = (
    "the labels postmortem, sev2",
    "the assignee ana-lima",
    "the milestone Reliability",
)


def refuse(box: Box, part: str, status: int) -> None:
    """Let GitHub refuse all that has this part in it."""
    for method in (f"POST /repos/{HERE}/issues", f"PATCH /repos/{HERE}/issues/{{id}}"):
        box.faults.inject(
            "github", method, http(status), times=9, match=lambda it: f'"{part}"'.encode() in it.body
        )


def test_what_github_drops_without_a_word_is_named(github: GitHub, box: Box):
    box.github.plan("Reliability")
    box.github.may_push = False

    made = github.open_issue(HERE, FULL)
    again = github.revise_issue(HERE, made.number, lambda _: replace(FULL, body="new"))

    assert made.without == again.without == (LABELS, ASSIGNEE, MILESTONE)
    assert box.github.issues[made.number].body == "new"


@pytest.mark.parametrize(
    ("part", "status", "without"),
    [
        ("labels", 403, LABELS),
        ("labels", 422, LABELS),
        ("assignees", 422, ASSIGNEE),
        ("milestone", 422, MILESTONE),
    ],
)
def test_what_decorates_is_left_out_alone(github: GitHub, box: Box, part: str, status: int, without: str):
    box.github.plan("Reliability")
    refuse(box, part, status)

    made = github.open_issue(HERE, FULL)

    issue = box.github.issues[made.number]
    assert made.without == (without,)
    assert [bool(issue.labels), bool(issue.assignees), bool(issue.milestone)].count(False) == 1
    assert len(box.github.issues) == 1


@pytest.mark.parametrize("status", [403, 404, 410, 500])
def test_milestones_that_cannot_be_read_cost_nothing_else(github: GitHub, box: Box, status: int):
    box.faults.inject("github", f"GET /repos/{HERE}/milestones", http(status))

    made = github.open_issue(HERE, FULL)

    assert made.without == (f"{MILESTONE} (GitHub answered {status} to a look at the milestones)",)
    assert box.github.issues[made.number].labels == ["postmortem", "sev2"]


def test_one_label_that_github_refuses_keeps_no_other_back(github: GitHub, box: Box):
    refuse(box, "a-service-with-a-name-that-no-label-has-room-for", 422)
    labels = ("postmortem", "a-service-with-a-name-that-no-label-has-room-for", "sev2")

    made = github.open_issue(HERE, replace(DRAFT, labels=labels))

    assert box.github.issues[made.number].labels == ["postmortem", "sev2"]
    assert made.without == ("the label a-service-with-a-name-that-no-label-has-room-for",)


def test_a_text_is_written_though_all_else_is_refused(github: GitHub, box: Box):
    made = github.open_issue(HERE, DRAFT)
    for part in ("state", "labels", "assignees"):
        refuse(box, part, 422)
    wanted = replace(FULL, body="new", state="closed", labels=("postmortem", "sev1"), retired=("sev2",))

    revised = github.revise_issue(HERE, made.number, lambda _: wanted)

    assert box.github.issues[made.number].body == "new"
    assert revised.without == (
        MILESTONE,
        "the label sev1",
        "the removal of the label sev2",
        "that it is closed",
        ASSIGNEE,
    )


def test_what_is_missing_is_set_once_it_can_be(github: GitHub, box: Box):
    made = github.open_issue(HERE, replace(FULL, assignee=None))
    box.github.plan("Reliability")

    revised = github.revise_issue(HERE, made.number, lambda _: FULL)

    assert (made.without, revised.without) == ((MILESTONE,), ())
    assert (revised.milestone, revised.assignees) == ("Reliability", ("ana-lima",))


def test_a_label_that_is_there_in_other_letters_is_there(github: GitHub, box: Box):
    made = github.open_issue(HERE, DRAFT)
    box.github.issues[made.number].labels = ["Postmortem", "SEV2"]
    box.github.labels |= {"Postmortem": {"color": "f"}, "SEV2": {"color": "f"}}

    assert github.revise_issue(HERE, made.number, lambda _: DRAFT).without == ()
    assert not [call for call in box.calls("github") if call.startswith("PATCH")]


def test_a_picture_that_is_refused_costs_no_copy(github: GitHub, box: Box):
    leaves = [RepoFile(path="docs/one.md", text="one"), RepoFile(path="docs/one.svg", text="<svg/>")]
    box.faults.inject(
        "github", "*", http(422), times=9, match=lambda it: it.path.endswith("one.svg") and bool(it.body)
    )

    def offer() -> Offer:
        return github.offer(HERE, leaves, branch="spy/inc-1", title="One", body="It.")

    first, again = offer(), offer()
    box.github.files.merge(next(iter(box.github.files.pulls)))

    assert first.url
    assert first == again == Offer(url=first.url, without=("docs/one.svg",))
    assert offer() == Offer(without=("docs/one.svg",))


CALLS: dict[str, Callable[[GitHub], object]] = {
    "open": lambda github: github.open_issue(HERE, DRAFT),
    "find": lambda github: github.find_issue(HERE, "mark", since=datetime.now(UTC)),
    "revise": lambda github: github.revise_issue(HERE, 3, lambda _: DRAFT),
    "comments": lambda github: github.comments(HERE, 3),
    "add": lambda github: github.add_comment(HERE, 3, "x"),
    "leaf": lambda github: github.read_file(HERE, "p.md", branch="b"),
    "offer": lambda github: github.offer(
        HERE, [RepoFile(path="p.md", text="x")], branch="b", title="t", body="b"
    ),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("errors", [None, "odd", {"field": "x"}])
def test_a_refusal_is_a_refusal_whatever_details_it_has(stand_in: StandIn, call: str, errors: object):
    said = {"message": "Validation Failed", "errors": errors}
    github = GitHub("t", url=stand_in(lambda *_: (422, {}, said)), timeout=timedelta(seconds=5))

    with pytest.raises(Rejected):
        CALLS[call](github)


PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"
ODD = {
    "a login page": (200, {"content-type": "text/html"}, PAGE),
    "a way to the login": (302, {"location": "http://127.0.0.1:9/sso"}, PAGE),
    "a way without words": (302, {"location": "http://127.0.0.1:9/sso"}, b""),
    "a refusal in a list": (422, {}, ["Validation Failed"]),
    "an issue without values": (200, {}, {"id": None, "number": None}),
    "torn JSON": (200, {}, b'{"id": 1, "num'),
    "nothing": (200, {}, b""),
    "no content": (204, {}, b""),
    "null": (200, {}, None),
    "an object": (200, {}, {}),
    "a list": (200, {}, []),
}


@pytest.mark.parametrize("call", ["open", "revise", "comments", "add", "leaf", "offer"])
@pytest.mark.parametrize("odd", ODD)
def test_what_is_not_githubs_answer_leaves_the_outcome_unknown(stand_in: StandIn, call: str, odd: str):
    github = GitHub("t", url=stand_in(lambda *_: ODD[odd]), timeout=timedelta(seconds=5))

    with pytest.raises(Unreachable):
        CALLS[call](github)


@pytest.mark.parametrize("odd", ["a login page", "a way to the login", "torn JSON", "a refusal in a list"])
def test_an_issue_that_is_sought_is_not_thought_absent_for_an_odd_answer(stand_in: StandIn, odd: str):
    github = GitHub("t", url=stand_in(lambda *_: ODD[odd]), timeout=timedelta(seconds=5))

    with pytest.raises(Unreachable):
        CALLS["find"](github)


def test_a_fault_of_the_bots_own_is_not_told_as_githubs(github: GitHub, box: Box):
    made = github.open_issue(HERE, DRAFT)

    def revise(_: Issue) -> IssueDraft:
        raise TypeError

    with pytest.raises(TypeError):
        github.revise_issue(HERE, made.number, revise)


@pytest.mark.parametrize("odd", ODD)
def test_the_check_names_what_answers_instead_of_github(stand_in: StandIn, odd: str):
    found = list(results("t", HERE, stand_in(lambda *_: ODD[odd])))

    assert [it.well for it in found] == [False]
    assert "GITHUB_API_URL" in found[0].cure
