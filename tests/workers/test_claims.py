"""The comment about claims on a GitHub in a box: one, edited later, and nobody's own words are touched."""

import pytest

from bot.domain.incident.events import MadePrivate
from bot.domain.postmortem.document import LIMIT
from bot.domain.postmortem.effects import CheckClaims, ExportPostmortem
from bot.ports import OutboxItem
from bot.sandbox.box import Box
from bot.sandbox.faults import http
from bot.sandbox.github.shapes import GitHubIssue
from bot.workers.deliver.handler import Handlers
from tests.support.outbox import deliver, deliver_claimed
from tests.support.stories import RAJ, checkout
from tests.support.vendors import problems

FALSE = "Kim Park declared the incident at 12:10."


class World:
    def __init__(self, box: Box, handlers: Handlers) -> None:
        self.story, self.box, self._handlers, self._count = checkout(), box, handlers, 0

    def export(self) -> None:
        """Export, and deliver what follows for the comment."""
        self._count += 1
        assert deliver(
            self.story.spy, self._handlers, ExportPostmortem(key=f"export:{self._count}", incident=1)
        )
        self.check()

    def check(self) -> bool:
        return deliver(self.story.spy, self._handlers, self.story.spy.asked(CheckClaims)[-1])

    @property
    def issue(self) -> GitHubIssue:
        return next(it for it in self.box.github.issues.values() if it.title.startswith("Postmortem: "))

    @property
    def said(self) -> list[str]:
        return [it.body for it in self.issue.comments if it.body.startswith("<!-- spy:claims ")]

    def write(self, words: str) -> None:
        """Somebody writes on the issue itself."""
        edited = self.issue.body.replace("## What surprised us\n\n", f"## What surprised us\n\n{words}\n\n")
        self.box.github.edit(self.issue.number, body=edited.replace("\n", "\r\n"))


@pytest.fixture
def world(box: Box, handler: Handlers) -> World:
    return World(box, handler)


def test_without_a_contradiction_there_is_no_comment(world: World):
    world.export()

    assert world.issue.comments == []


def test_what_is_false_is_named_in_one_comment_that_is_edited_when_it_is_mended(world: World):
    world.story.say(f'postmortem write lucky "{FALSE}"', by=RAJ)
    world.export()
    [first] = world.said
    world.write("Raj took command at 12:37, and @octocat acknowledged.")
    world.export()
    [second] = world.said
    world.story.say('postmortem write lucky "Ana declared the incident at 12:00."', by=RAJ)
    world.box.github.edit(world.issue.number, body=world.issue.body.replace("12:37", "12:27"))
    world.export()
    [third] = world.said

    assert f"“{FALSE}” The timeline says 23 Nov 12:00 UTC: declared as sev1 by Ana Lima" in first
    assert "12:37" not in first
    assert f"“{FALSE}”" in second
    assert "12:37, and @&#8203;octocat acknowledged.” The timeline says 23 Nov 12:27 UTC" in second
    assert "No sentence of this postmortem contradicts the timeline now." in third
    assert all(problems(it) == [] for it in world.box.recorder.exchanges if it.service == "github")


def test_the_sentence_itself_is_never_changed(world: World):
    world.export()
    world.write(FALSE)
    world.export()
    before = world.issue.body

    world.export()

    assert FALSE in before
    assert world.issue.body == before


def test_a_second_try_adds_no_second_comment(world: World):
    world.story.say(f'postmortem write lucky "{FALSE}"', by=RAJ)
    world.export()

    assert world.check()
    assert world.check()

    assert len(world.said) == 1


def test_a_comment_that_people_deleted_or_edited_is_left_alone_until_there_is_news(world: World):
    world.story.say(f'postmortem write lucky "{FALSE}"', by=RAJ)
    world.export()
    del world.issue.comments[:]
    world.export()
    assert world.said == []

    world.story.say('postmortem write surprised "The incident lasted two hours."', by=RAJ)
    world.export()
    [own] = world.issue.comments
    own.body += "\n\nThat is on purpose."
    world.export()
    kept = [it.body for it in world.issue.comments]
    world.story.say('postmortem write surprised "Nothing did."', by=RAJ)
    world.story.say('postmortem write lucky "It was noon."', by=RAJ)
    world.export()

    assert kept == [own.body]
    assert [it.body for it in world.issue.comments] == kept


def test_many_false_sentences_fit_into_one_comment(world: World):
    words = "\n".join(
        f"{n}. Kim Park declared the incident at 12:{n % 60:02}, {'x' * 300}." for n in range(90)
    )
    world.export()
    world.write(words)

    world.export()

    [said] = world.said
    assert len(said) < LIMIT
    assert "more sentence" in said


def test_a_failure_is_said_in_the_channel(world: World, handler: Handlers):
    world.story.say(f'postmortem write lucky "{FALSE}"', by=RAJ)
    world.box.faults.inject("github", "POST /repos/acme/postmortems/issues/{id}/comments", http(403))
    assert deliver(world.story.spy, handler, ExportPostmortem(key="export:1", incident=1))
    item = OutboxItem(
        id=1,
        effect=world.story.spy.asked(CheckClaims)[-1],
        attempts=1,
        uncertain=False,
        queued_at=world.story.clock.now(),
    )

    assert deliver_claimed(world.story.spy, handler, item, dies_after=lambda _: False)

    assert any("The check of the postmortem against the timeline" in it for it in world.story.spy.lines(1))


def test_nothing_goes_to_a_repository_that_others_read_once_the_incident_is_private(
    world: World, handler: Handlers
):
    world.story.say(f'postmortem write lucky "{FALSE}"', by=RAJ)
    assert deliver(world.story.spy, handler, ExportPostmortem(key="export:1", incident=1))

    with world.story.spy.tx() as tx:
        tx.record(tx.incident(1), MadePrivate(at=tx.now))

    assert not world.check()
    assert world.said == []
