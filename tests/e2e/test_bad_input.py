"""What nobody should send, and what it gets: a sentence that helps, nothing lost, nothing stored, no ping."""

import time
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx
import pytest

from bot.sandbox.slack import payloads
from bot.sandbox.slack.delivery import signed
from tests.e2e.world import World

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def world(common_world: World) -> World:
    return common_world


def slash_body(world: World, words: str, person: str = "ana") -> bytes:
    """A slash command's body, with words that Slack itself would have escaped."""
    slack = world.box.slack
    who = slack.person(person)
    payload = payloads.slash_command(
        who,
        slack.channel("general"),
        "/incident",
        words,
        response_url=f"{world.box.url}/response/nowhere",
        trigger_id=slack.triggers.trigger(who.id),
    )
    return urlencode(payload).encode()


def post(world: World, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    return httpx.post(f"{world.bot.url}/slack/events", content=body, headers={**FORM, **headers}, timeout=10)


# --- who sends it -----------------------------------------------------------------------------------------


def test_a_wrong_signature_is_refused_and_nothing_is_stored(world: World):
    body = slash_body(world, 'me "forged"')

    answers = [
        post(world, body, signed(body, secret="guessed")),
        post(world, body, {}),
        post(world, body + b"&more=1", signed(body)),
    ]
    world.settle()

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert "forged" not in str(world.slash("list").body)


def test_a_request_that_is_too_old_is_refused_and_nothing_is_stored(world: World):
    body = slash_body(world, 'me "stale"')

    answer = post(world, body, signed(body, at=time.time() - 301))
    world.settle()

    assert answer.status_code == 401
    assert "stale" not in str(world.slash("list").body)


def test_a_webhook_that_pagerduty_did_not_sign_is_refused(world: World):
    answer = httpx.post(
        f"{world.bot.url}/webhooks/pagerduty", content=b"{}", headers={"x-pagerduty-signature": "v1=00"}
    )

    assert answer.status_code == 401


# --- what is in it ----------------------------------------------------------------------------------------


def test_ten_thousand_characters_open_an_incident_and_none_is_lost(world: World):
    words = f"it began with {'word ' * 2000}and this is the end"

    number = world.declare(f'me "{words}"')
    world.settle()

    channel = world.channel(number)
    assert len(channel.name) <= 80
    assert any(words in " ".join(text.split()) for text in world.texts(channel.id))


def test_an_update_of_many_thousand_characters_leaves_whole(world: World):
    number = world.declare('me "what is long"')
    words = " ".join(f"word{at}" for at in range(4_000))

    world.slash(f'{number} update "{words}"')
    world.settle()

    assert words in " ".join(" ".join(world.texts(world.channel(number).id)).split())


def test_a_name_that_would_ping_everybody_pings_nobody(world: World):
    body = slash_body(world, 'me "<!channel> <!here> is down"')

    assert post(world, body, signed(body)).status_code == 200
    world.settle()

    said = [it for channel in world.box.slack.channels for it in channel.messages.values() if it.bot]
    assert any("is down" in it.text for it in said)
    assert [it.pings for it in said if it.pings] == []


def test_control_characters_do_no_harm(world: World):
    number = world.declare('me "odd\x00\x07\u202e name\x1b[31m"')
    world.settle()

    assert world.channel(number).name.startswith(f"inc-{number}-odd")


@pytest.mark.parametrize(
    ("words", "helped"),
    [
        ('me "checkout is not closed', "checkout is not closed"),
        ('update "nowhere in particular"', "Which incident"),
        ('tell :nobody "hello"', "nobody"),
        ("99999 tldr", "99999"),
        ("mee", "did you mean"),
        ("sev sev1", "Which incident"),
        ("hand @nobody", "nobody"),
        ("", "incident (me|start me|open|new|declare)"),
    ],
)
def test_what_is_not_understood_gets_a_sentence_that_helps(world: World, words: str, helped: str):
    world.declare('me "something is open"')

    answer = world.slash(words)

    assert answer.ok
    assert helped.casefold() in str(answer.body).casefold()
    assert "fault of its own" not in str(answer.body)


def test_a_page_to_nobody_gets_a_sentence_that_helps(world: World):
    no_team = world.box.slack.slash("ana", "general", "/page", ':nope "help"')
    nobody = world.box.slack.slash("ana", "general", "/page", '@nope "help"')

    assert ":imoc" in str(no_team.body)
    assert "nope" in str(nobody.body)


def test_the_incident_that_was_meant_can_be_pressed(world: World):
    number = world.declare('me "the one that is meant"')
    world.slash("tldr", by="kim")
    choice = world.box.slack.ephemerals("kim")[-1]

    world.box.slack.press("kim", choice.channel, choice.ts, f"INC-{number} the one that is meant")
    world.settle()

    assert any("the one that is meant" in text and "triage" in text for text in world.ephemerals("kim")[-1:])
