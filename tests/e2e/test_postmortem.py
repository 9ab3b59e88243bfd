"""A whole incident's postmortem on GitHub: exported, edited there by people, exported again, its follow-ups with it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox import Box
from bot.sandbox.faults import reset_before
from bot.sandbox.github.shapes import GitHubIssue
from bot.sandbox.recorder import Exchange
from tests.conftest import Serve, modest, open_box
from tests.e2e.bot_process import BotProcess
from tests.e2e.outside_calls import Call
from tests.e2e.world import World
from tests.support import emulated

PLAIN = "{repository: acme/postmortems}"
PLANNED = "{repository: acme/postmortems, milestone: Reliability, copy_to: {repository: acme/postmortems}}"
PEOPLE = "\npeople: {U0ANA: ana-lima, U0RAJ: nobody-there}\n"
HIDDEN = re.compile(r"<!--.*?-->\n?", re.DOTALL)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[World]:
    """A bot that knows people on GitHub, a milestone, and a repository for copies; each test has its own incident."""
    folder = tmp_path_factory.mktemp("afterwards")
    with open_box() as box:
        database = shutil.copy(migrated_sqlite, folder / "spy.db")
        box.github.plan("Reliability")
        bot = BotProcess(
            folder / "bot",
            config=modest(box.config_yaml().replace(PLAIN, PLANNED) + PEOPLE),
            environment={**box.environment(), **box.rehearsal(), "DATABASE_URL": f"sqlite:///{database}"},
        )
        box.bot_url = bot.url
        try:
            yield World(box=box, bot=bot.start())
        finally:
            bot.stop()


def lived_through(world: World, name: str) -> int:
    """An incident from its declaration to its end, with follow-ups."""
    number = world.declare(f'me "{name}" sev1')
    world.settle()
    for words in (
        'impact "nobody could pay, says @raj-patel in #12" since 5m',
        'update "we are on it"',
        f'action "{name}: alert on the age of the queue" @ana detection by 2w',
        f'action "{name}: one press to roll back" @raj recovery by 3w',
        'stop "rolled back"',
    ):
        world.slash(words, where=world.channel(number).name)
    return number


def say(world: World, number: int, words: str) -> None:
    world.box.slack.slash("ana", world.channel(number).name, "/spy", words)
    world.settle()


def issues(world: World, name: str) -> list[GitHubIssue]:
    """The postmortem's issue, then its follow-ups'."""
    with world.box.github.lock:
        found = [it for it in world.box.github.issues.values() if name in it.title]
    return sorted(found, key=lambda it: (not it.title.startswith("Postmortem: "), it.title))


def test_a_postmortem_becomes_an_issue_with_its_follow_ups(world: World):
    number = lived_through(world, "export")

    say(world, number, "postmortem export")

    document, alert, rollback = issues(world, "export")
    assert document.labels == ["postmortem", "sev1"]
    assert document.assignees == ["ana-lima"]
    assert document.milestone
    assert document.milestone.title == "Reliability"
    assert alert.labels == ["follow-up", "detection"]
    assert (alert.assignees, rollback.assignees) == (["ana-lima"], [])  # nobody-there is unknown to GitHub
    assert f"- [ ] [acme/postmortems#{alert.number}](" in document.body
    assert "@&#8203;raj-patel in #&#8203;12" in document.body
    assert not re.search(r"@\w", HIDDEN.sub("", document.body))
    assert any(
        f"acme/postmortems#{document.number}" in text for text in world.texts(world.channel(number).id)
    )


def test_a_second_export_keeps_what_people_wrote(world: World):
    number = lived_through(world, "again")
    say(world, number, "postmortem export")
    document = issues(world, "again")[0]
    edited = document.body.replace("## What surprised us\n\n", "## What surprised us\n\nThe cache lied.\n\n")
    world.box.github.edit(document.number, body=f"Reviewed on Monday.\r\n\r\n{edited}")

    say(world, number, 'postmortem write lucky "it was noon"')
    say(world, number, 'postmortem write surprised "nothing did"')
    say(world, number, "postmortem export")

    body = issues(world, "again")[0].body
    assert body.startswith("Reviewed on Monday.")
    assert "The cache lied." in body
    assert "it was noon" in body
    assert "nothing did" not in body
    assert len(issues(world, "again")) == 3
    assert "People edited these sections" in " ".join(world.ephemerals("ana"))


def test_what_the_timeline_contradicts_is_named_in_one_comment_that_follows_the_issue(world: World):
    number = lived_through(world, "claims")
    say(world, number, 'postmortem write lucky "Raj Patel declared the incident."')
    say(world, number, "postmortem export")
    document = issues(world, "claims")[0]
    [first] = claims_comments(document)
    words = "The incident was declared as a sev3 incident."
    edited = document.body.replace("## What surprised us\n\n", f"## What surprised us\n\n{words}\n\n")
    world.box.github.edit(document.number, body=edited)

    say(world, number, 'postmortem write lucky "Ana Lima declared the incident."')
    say(world, number, "postmortem check")
    say(world, number, "postmortem export")

    [second] = claims_comments(issues(world, "claims")[0])
    assert "“Raj Patel declared the incident.” The timeline says" in first
    assert "declared as sev1 by ana" in first
    assert "Raj Patel declared" not in second
    assert f"“{words}” The timeline says" in second
    assert "no sentence of its postmortem contradicts the timeline" in " ".join(world.ephemerals("ana"))

    say(world, number, "postmortem check")
    said = world.ephemerals("ana")[-1]
    assert f"on GitHub: “{words}”" in said
    assert "was read as of" in said


def claims_comments(issue: GitHubIssue) -> list[str]:
    return [it.body for it in issue.comments if it.body.startswith("<!-- spy:claims ")]


def test_a_follow_up_that_is_done_in_chat_is_closed_on_github(world: World):
    number = lived_through(world, "done")
    say(world, number, "postmortem export")
    first = re.search(r"Follow-up (\d+)", " ".join(world.texts(world.channel(number).id)))
    assert first

    say(world, number, f"follow-up done {first[1]}")

    document, alert, _ = issues(world, "done")
    assert (alert.state, document.state) == ("closed", "open")
    assert f"- [x] [acme/postmortems#{alert.number}](" in document.body


def test_who_has_it_now_is_assigned_on_github(world: World):
    number = lived_through(world, "owner")
    say(world, number, "postmortem export")
    said = " ".join(world.texts(world.channel(number).id))
    second = re.findall(r"Follow-up (\d+)", said)[1]

    say(world, number, f"follow-up owner {second} @ana")
    say(world, number, "postmortem owner @raj")
    say(world, number, "postmortem export")

    document, _, rollback = issues(world, "owner")
    assert rollback.assignees == ["ana-lima"]
    assert document.assignees == ["ana-lima"]  # nobody-there is unknown to GitHub
    heard = " ".join(world.ephemerals("ana"))
    assert "GitHub left out: the assignee nobody-there" in heard


def test_a_copy_is_offered_once_with_its_picture(world: World):
    number = lived_through(world, "copy")

    say(world, number, "postmortem export")
    say(world, number, "postmortem export")

    files, branch = world.box.github.files, f"spy/inc-{number}"
    assert [it.head for it in files.pulls.values()].count(branch) == 1
    text = files.branches[branch][f"docs/postmortems/inc-{number}-copy.md"]
    assert f"![In one picture](inc-{number}-copy.svg)" in text
    assert files.branches[branch][f"docs/postmortems/inc-{number}-copy.svg"].startswith("<svg")
    assert f"docs/postmortems/inc-{number}-copy.md" not in files.branches["main"]


def test_an_issue_that_was_deleted_is_made_again(world: World):
    number = lived_through(world, "deleted")
    say(world, number, "postmortem export")
    world.box.github.delete(issues(world, "deleted")[0].number)

    say(world, number, "postmortem export")

    assert issues(world, "deleted")[0].title == f"Postmortem: INC-{number} deleted"


def test_a_private_incident_is_not_exported_to_where_others_read(world: World):
    number = world.declare('me "payroll" sev1 private')
    world.settle()

    say(world, number, "postmortem export")

    assert not issues(world, "payroll")


# --- on a GitHub that is not ours -------------------------------------------------------------------------


@pytest.mark.skipif(not emulated.is_there(), reason="said aloud at the end of the run")
def test_the_same_export_works_on_a_github_that_is_not_ours(box: Box, sqlite_url: str, serve: Serve):
    with emulated.github() as github:
        config = f"{box.config_yaml()}{PEOPLE}"
        environment = {**box.environment(), **github.environment, "DATABASE_URL": sqlite_url}
        bot = serve(config, environment)
        box.bot_url = bot.url
        world = World(box=box, bot=bot)
        number = lived_through(world, "theirs")

        say(world, number, "postmortem export")
        document = github.issue("Postmortem: ")
        edited = document["body"].replace(
            "## What surprised us\n\n", "## What surprised us\n\nThe cache lied.\n\n"
        )
        github.edit(document["number"], edited)
        say(world, number, 'postmortem write lucky "it was noon"')
        say(world, number, "postmortem export")

        document, alert = github.issue("Postmortem: "), github.issue("theirs: alert")
        assert len(github.issues()) == 3
        assert {it["name"] for it in document["labels"]} == {"postmortem", "sev1"}
        assert [it["login"] for it in alert["assignees"]] == ["ana-lima"]
        assert "The cache lied." in document["body"]
        assert "it was noon" in document["body"]
        assert f"[acme/postmortems#{alert['number']}](" in document["body"]


# --- killed at each boundary ------------------------------------------------------------------------------

REPOSITORY = "/repos/acme/postmortems"
BOUNDARIES = (
    Call(service="github", method=f"POST {REPOSITORY}/issues", mark="alert on the age"),
    Call(service="github", method=f"POST {REPOSITORY}/issues", mark="one press to roll"),
    Call(service="github", method=f"POST {REPOSITORY}/issues", mark="spy:postmortem:"),
    Call(service="github", method=f"POST {REPOSITORY}/issues/{{id}}/comments", mark="spy:log 1 "),
    Call(service="github", method=f"POST {REPOSITORY}/issues/{{id}}/comments", mark="spy:log 2 "),
    Call(service="github", method=f"POST {REPOSITORY}/git/refs"),
    Call(service="github", method=f"POST {REPOSITORY}/pulls"),
)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_each_boundary_there_is_one_issue_and_no_follow_up_twice(world: World, moment: str):
    name = f"killed {moment}"
    number = lived_through(world, name)
    for _ in range(30):
        world.slash(f"note {'x' * 2900}", where=world.channel(number).name)
    world.settle()
    killed: list[str] = []
    for method in {call.method for call in BOUNDARIES}:
        die_at(world, method, moment, killed)

    world.box.slack.slash("ana", world.channel(number).name, "/spy", "postmortem export")
    for count in range(1, len(BOUNDARIES) + 1):
        world.box.wait_for(lambda: not world.bot.is_alive, seconds=60)
        assert len(killed) == count
        world.outlast_leases()
        world.bot.launch()
    world.settle()

    document, *follow_ups = issues(world, name)
    assert len(follow_ups) == 2
    assert [it.body.partition(" ")[2].split()[1] for it in document.comments if "spy:log" in it.body] == [
        "1",
        "2",
    ]
    assert document.title.startswith("Postmortem: ")
    assert [it.head for it in world.box.github.files.pulls.values()].count(f"spy/inc-{number}") == 1
    assert all(f"acme/postmortems#{it.number}" in document.body for it in follow_ups)


def die_at(world: World, method: str, moment: str, killed: list[str]) -> None:
    """End the bot when each of the calls by this method comes for the first time."""
    calls = [call for call in BOUNDARIES if call.method == method]

    def kill(exchange: Exchange) -> None:
        for call in calls:
            if call.fits(exchange) and str(call) not in killed:
                killed.append(str(call))
                world.bot.kill()

    hook = world.box.faults.before if moment == "before" else world.box.faults.after
    for call in calls if moment == "before" else ():
        world.box.faults.inject("github", method, reset_before, match=call.fits)
    hook("github", method, kill, times=50)
