"""The stand-in for GitHub, called by the real client."""

from collections.abc import Iterator

import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository

from bot.sandbox import Box


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


@pytest.fixture
def client(box: Box) -> Iterator[Github]:
    with session(box, box.environment()["GITHUB_TOKEN"]) as client:
        yield client


@pytest.fixture
def repository(client: Github) -> Repository:
    return client.get_repo("acme/postmortems")


def session(box: Box, token: str) -> Github:
    quick = {"retry": None, "seconds_between_requests": 0, "seconds_between_writes": 0}
    return Github(base_url=f"{box.url}/github", auth=Auth.Token(token), **quick)


def test_a_repository_says_that_it_takes_issues(repository: Repository):
    assert repository.full_name == "acme/postmortems"
    assert repository.has_issues
    assert repository.permissions.push


def test_the_token_has_an_owner_and_a_rate(client: Github):
    assert client.get_user().login == "spy-bot"
    assert client.get_rate_limit().rate.remaining == 5000


def test_an_issue_is_opened_with_labels_and_found_again(repository: Repository):
    opened = repository.create_issue(
        "Postmortem: checkout", body="<!-- spy:1 -->", labels=["postmortem", "sev1"]
    )

    found = repository.get_issue(opened.number)

    assert (found.title, found.body, found.state) == ("Postmortem: checkout", "<!-- spy:1 -->", "open")
    assert [label.name for label in found.labels] == ["postmortem", "sev1"]
    assert [issue.number for issue in repository.get_issues(labels=["sev1"])] == [opened.number]


def test_an_issue_is_edited_and_closed(repository: Repository):
    issue = repository.create_issue("Draft")

    issue.edit(title="Final", body="All of it", state="closed")

    assert (issue.title, issue.body, issue.state) == ("Final", "All of it", "closed")
    assert issue.closed_at is not None
    assert list(repository.get_issues()) == []
    assert [closed.title for closed in repository.get_issues(state="closed")] == ["Final"]


def test_comments_are_kept_in_order(repository: Repository):
    issue = repository.create_issue("Postmortem")

    issue.create_comment("first")
    issue.create_comment("second")

    assert [comment.body for comment in issue.get_comments()] == ["first", "second"]
    assert repository.get_issue(issue.number).comments == 2


def test_labels_are_made_and_added(repository: Repository):
    issue = repository.create_issue("Postmortem")
    repository.create_label("detection", "d73a4a", "how it was noticed")

    issue.add_to_labels("detection", "new")

    assert [label.name for label in issue.get_labels()] == ["detection", "new"]
    assert repository.get_label("detection").color == "d73a4a"
    assert [label.name for label in repository.get_labels()] == ["detection", "new"]


def test_a_label_is_made_only_once(repository: Repository):
    repository.create_label("sev1", "d73a4a")

    with pytest.raises(GithubException) as failure:
        repository.create_label("sev1", "d73a4a")

    assert failure.value.status == 422
    assert failure.value.data["errors"][0]["code"] == "already_exists"


def test_long_lists_come_in_pages(box: Box, repository: Repository):
    for number in range(35):
        repository.create_issue(f"Issue {number}")

    found = [issue.title for issue in repository.get_issues(state="all", direction="asc")]

    assert found == [f"Issue {number}" for number in range(35)]
    assert box.calls("github").count("GET /repos/acme/postmortems/issues") == 2


@pytest.mark.parametrize(
    ("title", "body"), [("", "no title"), ("x" * 257, "a long title"), ("a long body", "x" * 65_537)]
)
def test_a_text_that_does_not_fit_is_refused(repository: Repository, title: str, body: str):
    with pytest.raises(GithubException) as failure:
        repository.create_issue(title, body=body)

    assert failure.value.status == 422


def test_a_wrong_token_is_refused(box: Box):
    with session(box, "stolen") as client, pytest.raises(GithubException) as failure:
        client.get_repo("acme/postmortems")

    assert failure.value.status == 401


@pytest.mark.parametrize("name", ["acme/secrets", "other/postmortems"])
def test_another_repository_is_not_found(client: Github, name: str):
    with pytest.raises(GithubException) as failure:
        client.get_repo(name)

    assert failure.value.status == 404


def test_a_person_edits_an_issue_in_the_browser(box: Box, repository: Repository):
    issue = repository.create_issue("Postmortem", body="ours")

    box.github.edit(issue.number, body="theirs")

    assert repository.get_issue(issue.number).body == "theirs"
