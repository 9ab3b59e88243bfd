"""The Home tab over real HTTP: opened, fresh within seconds, and private."""

import time

from bot.sandbox.slack.world import SlackView
from tests.e2e.world import World

SECONDS = 10.0
"""How long a machine that is busy with other tests may take. By itself it is one or two."""


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

    world.declare(f'me "{name}" sev3')
    world.box.wait_for(lambda: shows(world, "raj", name), SECONDS)
    slack.press_in_view("raj", "Open an incident")
    world.box.wait_for(lambda: slack.views("raj"), SECONDS)

    assert "incident" in slack.text_of(slack.view("raj"))
    slack.close("raj")


def test_who_is_removed_from_a_private_incident_loses_it_while_they_look(common_world: World):
    world, slack, name = common_world, common_world.box.slack, f"payroll {time.monotonic_ns()}"
    number = world.declare(f'me "{name}" sev3 private', by="kim")
    world.settle()
    channel = world.channel(number).id
    slack.open_home("raj")
    slack.invite("kim", channel, "raj")
    world.box.wait_for(lambda: shows(world, "raj", name), SECONDS + 6)

    slack.remove(channel, "raj", "kim")

    world.box.wait_for(lambda: not shows(world, "raj", name), SECONDS + 6)


def test_the_next_act_can_be_done_from_the_tab(common_world: World):
    world, slack, name = common_world, common_world.box.slack, f"act {time.monotonic_ns()}"
    number = world.declare(f'me "{name}" sev3', by="kim")
    world.settle()
    slack.slash("kim", world.channel(number).id, "/incident", "hand @raj")
    slack.open_home("raj")
    offer = f"offers you command of *INC-{number} {name}*"
    world.box.wait_for(lambda: shows(world, "raj", offer), SECONDS)

    slack.press_in_view("raj", "I have command")

    world.box.wait_for(lambda: not shows(world, "raj", offer), SECONDS + 6)
    assert f"INC-{number} {name}*: your next update is due by" in slack.text_of(home(world, "raj"))
