"""Slack and PagerDuty on their bad days: nothing is lost, nothing is done twice, and what fails is said."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bot.sandbox import Box
from bot.sandbox.faults import error, hang, http, rate_limited, reset_after, reset_before
from bot.sandbox.recorder import Exchange
from tests.conftest import Serve, living_in
from tests.e2e.outside_calls import CALLS, Call
from tests.e2e.world import World

FAULTS = {
    "500": http(500),
    "reset": reset_before,
    "no answer": reset_after,
    "late answer": hang(2.5),
}
IMPATIENT = "delivery: {lease: 4s}"
"""The bot waits half of that for an answer."""
RAJS_PHONE = "+15550101"


@pytest.fixture(scope="module")
def impatient_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("impatient")
    with living_in(folder, f"sqlite:///{folder / 'spy.db'}", besides=IMPATIENT) as world:
        yield world


@pytest.fixture
def fair(impatient_world: World) -> Iterator[World]:
    """The world of this file; after each test it has no faults, and the bot is in its channels."""
    yield impatient_world
    impatient_world.box.faults.clear()
    impatient_world.box.slack.invite_bot("payments")


# --- one call of a declare --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_call_that_goes_wrong_is_made_good_once(fair: World, call: Call, fault: str):
    name = f"{fault} at {call}"
    fair.box.faults.inject(call.service, call.method, FAULTS[fault], match=call.fits)

    fair.declare(f'me "{name}" sev1')
    fair.settle()

    assert any(exchange.fault for exchange in fair.box.exchanges[-60:])
    fair.everything_is_there_once(name)


@pytest.mark.parametrize("minutes", [-60, 5, 60])
def test_a_bot_whose_clock_is_off_does_nothing_twice(
    box: Box, sqlite_url: str, serve: Serve, tmp_path: Path, minutes: int
):
    """Each answer is lost: what was done is looked for by Slack's clock and not by the bot's."""
    offset = tmp_path / "offset"
    offset.write_text(str(minutes * 60), encoding="ascii")
    bot = serve(
        box.config_yaml(),
        {**box.environment(), "DATABASE_URL": sqlite_url, "SPY_CLOCK_OFFSET": str(offset)},
    )
    box.bot_url = bot.url
    world = World(box=box, bot=bot)
    for call in CALLS:
        box.faults.inject(call.service, call.method, reset_after, match=call.fits)

    world.declare('me "off" sev1')
    world.settle()

    world.everything_is_there_once("off")


def test_whatever_slack_refuses_for_its_limits_is_done_later(world: World):
    for call in CALLS:
        if call.service == "slack":
            world.box.faults.inject("slack", call.method, rate_limited(1), match=call.fits)

    world.declare('me "too fast" sev1')
    world.settle(60)

    world.everything_is_there_once("too fast")


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_said_later_is_said_once_as_well(fair: World, fault: str):
    number = fair.declare(f'me "{fault} while talking" sev1')
    fair.settle()
    channel = fair.channel(number).id
    for mark in ('"team_notice:', '"team_notice_sent:', '"line:', '"follow:'):
        fair.box.faults.inject("slack", "chat.postMessage", FAULTS[fault], match=partial(marked, mark))

    for words in ('tell :payments "hold on"', 'update "we look"', 'note "a thought"'):
        assert fair.slash(words, where=channel).ok
    fair.settle()

    assert set(fair.marks(channel).values()) == {1}
    assert once(fair, channel, "we look")
    assert once(fair, channel, "a thought")
    assert set(fair.marks("incidents").values()) == set(fair.marks("payments").values()) == {1}
    assert sum(it.startswith(f"follow:{number}:") for it in fair.marks("incidents")) == 1


def marked(mark: str, exchange: Exchange) -> bool:
    return mark in exchange.body.decode()


def once(world: World, channel: str, words: str) -> bool:
    """Whether the words stand in one of the bot's lines."""
    lines = [it.text for it in world.box.slack.messages(channel) if str(it.metadata).count("line:")]
    return sum(words in line for line in lines) == 1


# --- channels ---------------------------------------------------------------------------------------------


def test_somebody_elses_channel_of_that_name_is_never_adopted(fair: World):
    next_one = fair.declare('me "the one before" drill') + 1
    theirs = fair.box.slack.create("kim", f"inc-{next_one}-stolen-laptop")

    fair.declare('me "stolen laptop" private drill')
    fair.settle()

    ours = fair.channel(next_one)
    assert (ours.name, ours.is_private) == (f"inc-{next_one}-stolen-laptop-2", True)
    assert fair.marks(theirs.id) == {}
    assert "spy" not in fair.box.slack.members(theirs.id)


def test_a_private_channel_that_is_refused_is_not_made_public(fair: World):
    fair.box.faults.inject("slack", "conversations.create", error("restricted_action"), times=9)

    number = fair.declare('me "lost laptop" private')
    fair.settle()

    assert fair.channels(number) == []
    assert "lost laptop" not in " ".join(fair.texts("general") + fair.texts("incidents"))
    assert any("lost laptop" in text for text in fair.texts("D0ANA"))


def test_a_public_channel_that_is_refused_leaves_the_incident_under_its_announcement(fair: World):
    fair.box.faults.inject("slack", "conversations.create", error("restricted_action"), times=9)

    number = fair.declare('me "without a channel" sev1')
    fair.settle()
    fair.slash(f'{number} note "still here"')
    fair.settle()

    announcement = fair.marked("incidents", f"announcement:{number}")
    under = [it for it in fair.box.slack.messages("incidents") if it.thread_ts == announcement.ts]
    assert any("still here" in it.text for it in under)
    assert fair.pages("without a channel") == 1


def test_a_team_whose_channel_the_bot_was_removed_from_is_told_all_the_same(fair: World):
    channel = opened(fair)
    fair.box.slack.remove_bot("payments")

    fair.slash('tell :payments "we are in trouble"', where=channel)
    fair.settle()

    assert fair.texts("payments")[-1].count("we are in trouble") == 1


def test_a_team_that_can_not_be_told_is_said_aloud(fair: World):
    channel = opened(fair)
    fair.box.slack.remove_bot("payments")
    fair.box.faults.inject("slack", "conversations.join", error("restricted_action"))

    fair.slash('tell :payments "hold on"', where=channel)
    fair.settle()

    assert any(":payments" in text and "not" in text for text in fair.texts(channel)[-2:])


def test_words_for_a_channel_that_was_archived_reach_the_commander(fair: World):
    channel = opened(fair)
    fair.box.slack.archive(channel)

    fair.slash(f'{number_of(fair, channel)} note "the cause is clear now"')
    fair.settle()

    assert any("the cause is clear now" in text for text in fair.texts("D0ANA"))


def opened(world: World) -> str:
    """Open an incident that is like no other; its channel."""
    number = world.declare(f'me "checkout is down {time.monotonic_ns()}" sev1')
    world.settle()
    return world.channel(number).id


def number_of(world: World, channel: str) -> str:
    return world.box.slack.channel(channel).name.split("-")[1]


# --- PagerDuty --------------------------------------------------------------------------------------------


def test_while_pagerduty_is_down_the_channel_names_people_the_asker_sees_phones_and_later_one_page_goes_out(
    world: World,
):
    box = world.box
    box.wait_for(lambda: box.calls("pagerduty").count("GET /users/{id}/contact_methods") >= 3)
    box.faults.down("pagerduty")

    world.slash('me "checkout is down" sev1')
    box.wait_for(lambda: world.channels(1) and "Raj" in said_in(world, world.channel(1).id), seconds=15)

    box.wait_for(lambda: any(RAJS_PHONE in it for it in world.ephemerals("ana")), seconds=15)
    assert RAJS_PHONE not in said_in(world, world.channel(1).id)
    box.faults.up("pagerduty")
    box.wait_for(lambda: world.pages("checkout is down"), seconds=20)
    world.settle(30)
    assert world.pages("checkout is down") == 1


def said_in(world: World, channel: str) -> str:
    return "\n".join(world.texts(channel))


def test_a_sender_that_pagerduty_does_not_know_is_said_in_the_channel(
    box: Box, sqlite_url: str, serve: Serve
):
    config = box.config_yaml().replace("ana@example.com", "nobody@example.com")
    bot = serve(config, {**box.environment(), "DATABASE_URL": sqlite_url})
    box.bot_url = bot.url
    world = World(box=box, bot=bot)

    world.declare('me "checkout is down" sev1')
    world.settle()

    assert "pagerduty.from" in said_in(world, world.channel(1).id)
    assert world.pages("checkout is down") == 0


def test_a_pagerduty_that_asks_for_patience_is_said_in_the_channel_too(world: World):
    box = world.box
    box.faults.down("pagerduty", rate_limited(2))

    world.slash('me "checkout is down" sev1')
    box.wait_for(
        lambda: world.channels(1) and "not sent yet" in said_in(world, world.channel(1).id), seconds=15
    )

    box.faults.up("pagerduty")
    box.wait_for(lambda: world.pages("checkout is down"), seconds=20)
    world.settle(30)
    assert world.pages("checkout is down") == 1


def test_a_page_that_could_not_be_sent_before_the_incident_was_over_wakes_nobody(world: World):
    box = world.box
    box.faults.down("pagerduty")
    world.slash('me "checkout is down" sev1')
    box.wait_for(
        lambda: world.channels(1) and "not sent yet" in said_in(world, world.channel(1).id), seconds=15
    )

    assert world.slash('stop "it was the monitor"', where=world.channel(1).id).ok
    box.faults.up("pagerduty")
    world.settle(60)

    assert world.pages("checkout is down") == 0
    assert "was not sent" in said_in(world, world.channel(1).id)


def test_an_answer_that_pagerduty_does_not_take_is_said_to_who_gave_it(world: World):
    box = world.box
    assert box.slack.slash("ana", "general", "/page", ':payments "please look"').ok
    world.settle()
    box.faults.inject("pagerduty", "PUT /incidents/{id}", http(403), times=9)

    assert box.slack.slash("ana", "general", "/pager", "ack 1").ok
    world.settle()

    assert "could not be delivered" in said_in(world, box.slack.person("ana").dm)
