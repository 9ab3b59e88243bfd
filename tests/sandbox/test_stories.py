"""The stories of the page: each sets up what it needs, so that it plays on any day."""

import io
from datetime import timedelta

import pytest
from rich.console import Console

from bot.sandbox import Box
from bot.sandbox.console.chat import ConsoleChat
from bot.sandbox.console.script import read
from bot.sandbox.console.script_actions import JumpAction, OnCallAction, PhoneAction, WaitAction
from bot.sandbox.stories.player import FOLDER, Story

STORIES = [Story.of(file) for file in sorted(FOLDER.glob("*.txt"))]
PEOPLE = ("ana", "raj", "kim", "zoe")


def actions(story: Story) -> list[object]:
    return [read(line, people=PEOPLE).action for line in story.lines]


@pytest.mark.parametrize("story", STORIES, ids=lambda it: it.name)
def test_a_story_in_which_a_phone_rings_says_who_is_on_call(story: Story):
    kinds = [type(action) for action in actions(story)]

    assert OnCallAction in kinds or PhoneAction not in kinds


@pytest.mark.parametrize("story", STORIES, ids=lambda it: it.name)
def test_a_story_that_names_an_hour_names_its_day(story: Story):
    assert all(action.day for action in actions(story) if isinstance(action, JumpAction) and action.to)


@pytest.mark.parametrize("story", STORIES, ids=lambda it: it.name)
def test_a_story_rings_the_same_people_on_any_day(story: Story):
    with Box() as box:
        box.clock.jump(timedelta(minutes=59 - box.clock.now().minute))  # just before turns change

        begun = {settled(box, story, after=timedelta(hours=number)) for number in range(0, 7 * 24, 5)}

    assert len(begun) == 1


def settled(box: Box, story: Story, *, after: timedelta) -> tuple[object, ...]:
    """Return the start hour of a story, if it has one, and who is on call until its end."""
    box.clock.jump(after)
    lines = [
        line
        for line in story.lines
        if isinstance(read(line, people=PEOPLE).action, JumpAction | OnCallAction)
    ]
    ConsoleChat(box, Console(file=io.StringIO()), patience=timedelta()).play(lines, interactive=False)
    now, jumps = box.clock.now(), any("jump" in line for line in lines)
    end = now + sum((it.span for it in actions(story) if isinstance(it, WaitAction)), timedelta(minutes=5))
    schedules = [box.pagerduty.account.schedules[id_] for id_ in ("PSCH1", "PSCH3")]
    people = [shift.user for schedule in schedules for shift in schedule.final(now, end)]
    return (f"{now:%a %H:%M}" if jumps else "", *(people if lines else ()))
