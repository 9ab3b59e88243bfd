"""A whole incident's postmortem on GitHub: exported, edited there by people, exported again, its follow-ups with it."""

import re

import pytest

from bot.sandbox import Box
from bot.sandbox.github_shapes import Issue
from tests.conftest import Serve
from tests.e2e.world import World

MORE = """
people: {U0ANA: ana-lima, U0RAJ: nobody-there}
"""
HIDDEN = re.compile(r"<!--.*?-->\n?", re.DOTALL)


@pytest.fixture
def world(box: Box, sqlite_url: str, serve: Serve) -> World:
    """A bot that knows people on GitHub, a milestone, and a repository for copies."""
    config = box.config_yaml().replace(
        "{repository: acme/postmortems}",
        "{repository: acme/postmortems, milestone: Reliability, copy_to: {repository: acme/postmortems}}",
    )
    bot = serve(config + MORE, {**box.environment(), "DATABASE_URL": sqlite_url})
    box.bot_url = bot.url
    return World(box=box, bot=bot)


def lived_through(world: World) -> int:
    """An incident from its declaration to its end, with follow-ups."""
    number = world.declare('me "checkout is down" sev1')
    world.settle()
    for words in (
        'impact "nobody could pay, says @raj-patel in #12" since 5m',
        'update "we are on it"',
        'action "alert on the age of the queue" @ana detection by 2w',
        'action "one press to roll back" @raj recovery by 3w',
        'stop "rolled back"',
    ):
        world.slash(words, where=world.room(number).name)
    return number


def say(world: World, number: int, words: str) -> None:
    world.box.slack.slash("ana", world.room(number).name, "/spy", words)
    world.settle()


def issues(world: World) -> dict[str, Issue]:
    with world.box.github.lock:
        return {it.title: it for it in world.box.github.issues.values()}


def test_a_postmortem_becomes_an_issue_with_its_follow_ups(world: World):
    world.box.github.plan("Reliability")
    number = lived_through(world)

    say(world, number, "postmortem export")

    found = issues(world)
    document = found["Postmortem: INC-1 checkout is down"]
    alert, rollback = found["alert on the age of the queue"], found["one press to roll back"]
    assert document.labels == ["postmortem", "sev1"]
    assert (document.assignees, document.milestone and document.milestone.title) == (["ana-lima"], "Reliability")
    assert alert.labels == ["follow-up", "detection"]
    assert (alert.assignees, rollback.assignees) == (["ana-lima"], [])  # nobody-there is unknown to GitHub
    assert f"- [ ] [acme/postmortems#{alert.number}](" in document.body
    assert "@&#8203;raj-patel in #&#8203;12" in document.body
    assert not re.search(r"@\w", HIDDEN.sub("", document.body))
    assert any(f"acme/postmortems#{document.number}" in text for text in world.texts(world.room(number).id))


def test_a_second_export_keeps_what_people_wrote(world: World):
    number = lived_through(world)
    say(world, number, "postmortem export")
    document = issues(world)["Postmortem: INC-1 checkout is down"]
    edited = document.body.replace("## What surprised us\n\n", "## What surprised us\n\nThe cache lied.\n\n")
    world.box.github.edit(document.number, body=f"Reviewed on Monday.\r\n\r\n{edited}")

    say(world, number, 'postmortem write lucky "it was noon"')
    say(world, number, 'postmortem write surprised "nothing"')
    say(world, number, "postmortem export")

    body = issues(world)["Postmortem: INC-1 checkout is down"].body
    assert body.startswith("Reviewed on Monday.")
    assert "The cache lied." in body
    assert "it was noon" in body
    assert "nothing\n<!-- spy:end surprised" not in body
    assert len(issues(world)) == 3
    assert "sections people have made theirs" in " ".join(world.whispers("ana"))


def test_a_follow_up_that_is_done_in_chat_is_closed_on_github(world: World):
    number = lived_through(world)
    say(world, number, "postmortem export")

    say(world, number, "follow-up done 1")

    found = issues(world)
    assert found["alert on the age of the queue"].state == "closed"
    assert "- [x] [acme/postmortems#" in found["Postmortem: INC-1 checkout is down"].body


def test_a_copy_is_offered_as_a_pull_request_with_its_picture(world: World):
    number = lived_through(world)

    say(world, number, "postmortem export")
    say(world, number, "postmortem export")

    files = world.box.github.files
    [pull] = files.pulls.values()
    text = files.branches[pull.head]["docs/postmortems/inc-1-checkout-is-down.md"]
    assert "![In one picture](inc-1-checkout-is-down.svg)" in text
    assert files.branches[pull.head]["docs/postmortems/inc-1-checkout-is-down.svg"].startswith("<svg")
    assert "docs/postmortems/inc-1-checkout-is-down.md" not in files.branches["main"]


def test_an_issue_that_was_deleted_is_made_again(world: World):
    number = lived_through(world)
    say(world, number, "postmortem export")
    world.box.github.delete(issues(world)["Postmortem: INC-1 checkout is down"].number)

    say(world, number, "postmortem export")

    assert "Postmortem: INC-1 checkout is down" in issues(world)
