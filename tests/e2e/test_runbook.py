"""A runbook and the step guide with real clients: asked for in a modal, answered in the channel, shown as a page."""

import time

import httpx
import pytest

from bot.sandbox.slack.world import SlackMessage
from tests.e2e.world import World


@pytest.fixture
def world(common_world: World) -> World:
    return common_world


@pytest.fixture
def channel(world: World) -> str:
    """The channel of an incident of the test's own."""
    number = world.declare(f'me "disk is full {time.monotonic_ns()}" sev3')
    world.settle()
    return world.channel(number).id


def card(world: World, channel: str) -> SlackMessage:
    [mark] = [it for it in world.marks(channel) if it.startswith("card:")]
    return world.marked(channel, mark)


def test_what_a_runbook_lacks_is_asked_in_a_modal_and_answered_in_the_channel(world: World, channel: str):
    slack = world.box.slack
    slack.slash("ana", channel, "/runbook", "restart-db service=checkout")
    world.box.wait_for(lambda: slack.views("ana"))

    slack.submit("ana", None, {"Region": "west", "Why": "it's; reboot"})
    world.settle()

    [answer] = [it for it in world.texts(channel) if "Restart a database" in it]
    assert "West has the payments ledger beside it" in answer
    assert """logger --tag restart-db 'it'"'"'s; reboot'""" in answer
    assert "{{" not in answer


def test_a_runbook_is_a_page_too_and_escapes_what_its_address_says(world: World):
    query = {"service": "checkout", "region": "east", "why": "<script>x</script>"}

    filled = httpx.get(f"{world.bot.url}/runbooks/restart-db", params=query, headers=world.bot.token)
    listed = httpx.get(f"{world.bot.url}/runbooks", headers=world.bot.token)

    assert filled.status_code == 200
    assert "postgresql@checkout" in filled.text
    assert "<script>" not in filled.text
    assert filled.headers["content-security-policy"].startswith("default-src 'none'")
    assert 'href="/runbooks/restart-db"' in listed.text


def test_next_step_moves_the_card_on_in_place(world: World, channel: str):
    before = card(world, channel)
    assert "Step 2 of 8" in world.box.slack.text_of(before)

    world.box.slack.press("ana", channel, before.ts, "Next step")
    world.settle()

    after = card(world, channel)
    assert after.ts == before.ts
    assert "Step 3 of 8: communicate" in world.box.slack.text_of(after).replace("*", "")
