"""How people speak to Spy: in five ways, with reactions, buttons and forms; and who hears the answer."""

import re
import time

import pytest

from bot.sandbox import Box
from bot.sandbox.slack.world import SlackMessage
from tests.conftest import RunningBot
from tests.e2e.world import NUMBER, World


@pytest.fixture
def channel(common_world: World, request: pytest.FixtureRequest) -> str:
    """The channel of an incident of the test's own."""
    number = common_world.declare(f'me "{request.node.name[-60:]} {time.monotonic_ns()}" sev3')
    common_world.settle()
    return common_world.channel(number).id


@pytest.fixture
def world(common_world: World) -> World:
    return common_world


def card(world: World, channel: str) -> SlackMessage:
    [mark] = [it for it in world.marks(channel) if it.startswith("card:")]
    return world.marked(channel, mark)


def timeline(world: World, channel: str) -> str:
    return str(world.slash("timeline", where=channel).body)


# --- five ways --------------------------------------------------------------------------------------------


def test_a_slash_command_is_answered_in_the_channel(world: World):
    number = world.declare('me "said by slash"')
    world.settle()

    assert world.channel(number)
    assert any(f"INC-{number}" in text for text in world.texts("general"))


def test_a_mention_is_answered_where_it_stands(world: World):
    world.box.slack.say("ana", "general", '@spy incident me "said by mention"')
    world.settle()

    assert any("said by mention" in text and "INC-" in text for text in world.texts("general"))


def test_plain_words_are_answered_in_their_thread(world: World):
    root = world.box.slack.say("ana", "general", "something is odd")
    world.box.slack.say("ana", "general", 'spy incident me "said plainly"', thread=root)
    world.settle()

    answers = [it for it in world.box.slack.messages("general") if it.thread_ts == root and it.bot]
    assert any("said plainly" in it.text for it in answers)


def test_a_dm_is_answered_in_the_dm(world: World):
    world.box.slack.dm("kim", 'incident me "said in private"')
    world.settle()

    assert any("said in private" in text and "INC-" in text for text in world.texts("D0KIM"))


def test_a_terminal_is_answered_in_the_terminal(world: World):
    code, said = world.bot.say("U0RAJ", 'incident me "said in a terminal"')
    world.settle()

    assert code == 0, said
    assert "said in a terminal" in said
    assert any("said in a terminal" in text for text in world.texts("incidents"))


# --- notes ------------------------------------------------------------------------------------------------


def test_a_reaction_makes_a_note_an_edit_changes_it_and_taking_it_back_removes_it(world: World, channel: str):
    slack = world.box.slack
    ts = slack.say("ana", channel, "the database is slow")

    slack.react("ana", channel, ts, "memo")
    world.settle()
    assert "the database is slow" in timeline(world, channel)

    slack.edit("ana", channel, ts, "the replica is slow")
    world.settle()
    edited = timeline(world, channel)
    assert "the replica is slow" in edited
    assert "the database is slow" not in edited

    slack.unreact("ana", channel, ts, "memo")
    world.settle()
    assert "the replica is slow" not in timeline(world, channel)


# --- who hears --------------------------------------------------------------------------------------------


def test_a_newcomer_gets_the_tldr_and_nobody_else_does(world: World, channel: str):
    before = world.texts(channel), world.ephemerals("ana")
    world.box.slack.join("kim", channel)
    world.settle()

    assert any("Commander" in text or "command" in text for text in world.ephemerals("kim"))
    assert len(world.texts(channel)) == len(before[0]) + 1  # that Kim joined
    assert world.ephemerals("ana") == before[1]


def test_a_private_incident_is_heard_of_by_nobody_who_is_not_in_it(world: World):
    number = world.declare('me "stolen laptop" private sev1')
    world.settle()

    others = world.slash("list", by="kim")
    prying = world.slash(f"{number} tldr", by="kim")
    hers = world.slash("list", by="ana")

    assert world.channel(number).is_private
    assert "stolen laptop" not in f"{others.body} {prying.body}"
    assert "stolen laptop" in str(hers.body)
    everywhere = [text for it in ("general", "incidents", "imoc") for text in world.texts(it)]
    assert not any("stolen laptop" in text for text in everywhere)


# --- forms and buttons ------------------------------------------------------------------------------------


def test_an_incident_without_a_name_is_asked_for_one_until_it_has_it(world: World):
    slack = world.box.slack
    world.slash("me", by="raj")
    world.box.wait_for(lambda: slack.views("raj"))

    nameless = slack.submit("raj", None, {"What is wrong?": "  \t "})
    still_open = len(slack.views("raj"))
    named = slack.submit("raj", None, {"What is wrong?": "named at last", "Severity": "sev2"})
    world.settle()

    assert (nameless.status, still_open, named.status) == ("errors", 1, "ok")
    assert slack.views("raj") == []
    assert any("named at last" in text for text in world.texts("incidents"))


def test_an_incident_is_declared_from_a_message_and_answered_in_its_thread(world: World):
    slack = world.box.slack
    ts = slack.say("raj", "general", "checkout answers 500\nsince noon")
    slack.shortcut("ana", "Declare from this", slack.message("general", ts))
    world.box.wait_for(lambda: slack.views("ana"))

    slack.submit("ana", None)
    slack.redeliver(kind="interactive")
    world.settle()

    [answer] = [it for it in slack.messages("general") if it.thread_ts == ts and it.bot]
    number = NUMBER.search(slack.text_of(answer))
    assert number
    links = world.slash(f"{number[1]} links", by="ana")
    assert "checkout answers 500" in slack.text_of(answer)
    assert isinstance(links.body, dict)
    assert links.body["text"].count("The message it was declared from") == 1
    assert f"/p{ts.replace('.', '')}" in links.body["text"]


def test_the_global_shortcut_opens_the_form_anywhere(world: World):
    slack = world.box.slack
    slack.shortcut("kim", "Declare an incident")
    world.box.wait_for(lambda: slack.views("kim"))

    slack.submit("kim", None, {"What is wrong?": "declared from anywhere"})
    world.settle()

    assert any("declared from anywhere" in text for text in world.texts("incidents"))


def test_the_update_button_opens_a_form_whose_words_are_posted(world: World, channel: str):
    slack = world.box.slack
    slack.press("ana", channel, card(world, channel).ts, "Update")
    world.box.wait_for(lambda: slack.views("ana"))

    answer = slack.submit("ana", None, {"What is going on?": "half of them work again"})
    world.settle()

    assert answer.ok
    assert sum("*Update*" in it.text and "half of them" in it.text for it in slack.messages(channel)) == 1


def test_take_command_moves_it_only_once_it_is_accepted(world: World, channel: str):
    slack = world.box.slack
    slack.join("raj", channel)
    slack.press("raj", channel, card(world, channel).ts, "Take command")
    world.settle()
    assert "ana leads" in slack.text_of(card(world, channel)).replace("*", "").replace("Ana", "ana")

    [offer] = [
        it
        for it in [*slack.ephemerals("raj"), *slack.messages("D0RAJ")]
        if "I have command" in str(it.blocks)
    ][-1:]
    slack.press("raj", offer.channel, offer.ts, "I have command")
    world.settle()

    assert "raj leads" in slack.text_of(card(world, channel)).replace("*", "").replace("Raj", "raj")


def test_the_button_that_resolves_asks_how_it_was_fixed(world: World, channel: str):
    slack = world.box.slack

    slack.press("ana", channel, card(world, channel).ts, "Resolve")
    world.settle()
    slack.submit("ana", None, {"How was it fixed?": "rolled back"})
    world.settle()

    assert re.search(r"How it ended.*: rolled back", slack.text_of(card(world, channel)))


# --- delivered twice --------------------------------------------------------------------------------------


@pytest.mark.parametrize("box", ["socket", "http"], indirect=True)
def test_what_slack_delivers_twice_is_acted_on_once_and_answered_twice(
    box: Box, sqlite_url: str, running_bot: RunningBot
):
    world = World(box=box, bot=running_bot(box, sqlite_url))
    first = world.slash('me "checkout is down" sev1')

    [again] = box.slack.redeliver(kind="slash_commands")
    world.settle()

    assert again.body == first.body
    assert [len(world.channels(number)) for number in (1, 2)] == [1, 0]
    world.everything_is_there_once("checkout is down")


@pytest.mark.parametrize("box", ["socket", "http"], indirect=True)
def test_a_message_that_comes_twice_is_answered_once(box: Box, sqlite_url: str, running_bot: RunningBot):
    world = World(box=box, bot=running_bot(box, sqlite_url))
    box.slack.say("ana", "general", 'spy incident me "checkout is down"')

    box.slack.redeliver()
    world.settle()

    assert [len(world.channels(number)) for number in (1, 2)] == [1, 0]
    assert sum(it.bot for it in box.slack.messages("general")) == 1


def test_a_double_click_and_the_same_words_again_show_the_open_incident(world: World):
    first = world.declare('me "clicked twice"')

    assert world.declare('me "clicked twice"') == first
    assert world.declare('me "Clicked  twice" sev2') == first
    assert f"INC-{first} already has this name" in str(world.slash('me "clicked twice"', by="raj").body)
