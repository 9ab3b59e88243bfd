"""The Home tab over real HTTP: opened, fresh within seconds, and private."""

import time

from bot.sandbox.slack.world import SlackView
from tests.e2e.world import World

SECONDS = 6.0


def home(world: World, person: str) -> SlackView:
    view = world.box.slack.home(person)
    assert view
    return view


def shows(world: World, person: str, words: str) -> bool:
    view = world.box.slack.home(person)
    return view is not None and words in world.box.slack.text_of(view)


def test_a_home_is_fresh_within_seconds_of_what_others_do(common_world: World):
    world, slack, name = common_world, common_world.box.slack, f"home {time.monotonic_ns()}"
    slack.open_home("raj")
    world.box.wait_for(lambda: shows(world, "raj", "As of"), SECONDS)

    number = world.declare(f'me "{name}" sev3')
    world.box.wait_for(lambda: shows(world, "raj", name), SECONDS)
    world.settle()
    slack.press_in_view("raj", "Open an incident")
    world.box.wait_for(lambda: slack.views("raj"), SECONDS)
    slack.close("raj")

    slack.make_private(world.channel(number).id)
    world.box.wait_for(lambda: not shows(world, "raj", name), SECONDS + 6)


def test_the_next_act_can_be_done_from_the_tab(common_world: World):
    world, slack, name = common_world, common_world.box.slack, f"act {time.monotonic_ns()}"
    number = world.declare(f'me "{name}" sev3', by="kim")
    world.settle()
    slack.slash("kim", world.channel(number).id, "/incident", "hand @raj")
    slack.open_home("raj")
    world.box.wait_for(lambda: shows(world, "raj", f"offers you command of INC-{number}"), SECONDS)

    slack.press_in_view("raj", "I have command")

    world.box.wait_for(lambda: not shows(world, "raj", "offers you command"), SECONDS + 6)
    assert "Raj Patel leads" in slack.text_of(home(world, "raj"))
