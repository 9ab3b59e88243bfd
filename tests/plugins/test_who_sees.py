"""Who sees an answer: what README says of it, tried on the commands themselves."""

import re

import pytest

from bot.commands.request import Source
from bot.testing import SpyKit
from tests.support.docs import section
from tests.support.folders import ROOT

SAID = section("README.md", "What you can say")
FOR_ALL = re.findall(r"`([^`]+)`", SAID.partition("always for everyone")[2].partition("Outside its")[0])
FOR_ONE = (
    "incident tldr",
    "incident checklist nothing",
    "oncall me",
    "changes",
    "failover",
    "runbook",
    "postmortem",
    "follow-ups",
    "incident why",
    "help",
)


def seen_by_all(spy: SpyKit, words: str, *, source: Source, channel: str) -> bool:
    answer = spy.say(words.replace("@raj", "<@U0RAJ>"), source=source, channel=channel)
    return answer.shared or bool(spy.posts(channel))


@pytest.mark.parametrize("words", FOR_ALL)
def test_what_is_for_everybody_is_seen_by_all_from_a_slash_command(spy: SpyKit, channel: str, words: str):
    assert seen_by_all(spy, words, source=Source.SLASH, channel=channel)


@pytest.mark.parametrize("words", FOR_ONE)
def test_all_else_is_for_the_asker_from_a_slash_command(spy: SpyKit, channel: str, words: str):
    assert not seen_by_all(spy, words, source=Source.SLASH, channel=channel)


@pytest.mark.parametrize("source", [Source.PLAIN, Source.MENTION])
@pytest.mark.parametrize("words", ["tldr", "oncall me", "changes", "incident list"])
def test_what_is_asked_aloud_is_answered_aloud(spy: SpyKit, channel: str, words: str, source: Source):
    assert seen_by_all(spy, words, source=source, channel=channel)


def test_a_button_answers_whoever_pressed_it(spy: SpyKit, channel: str):
    assert not seen_by_all(spy, "incident 1 tldr", source=Source.BUTTON, channel=channel)
    assert seen_by_all(spy, "incident 1 share tldr", source=Source.BUTTON, channel=channel)


@pytest.mark.parametrize("source", [Source.SLASH, Source.PLAIN, Source.MENTION, Source.BUTTON])
@pytest.mark.parametrize("words", ["incident 1 who", "incident 1 share tldr", "timeline 1"])
def test_a_private_incident_is_told_of_elsewhere_to_the_asker_alone(spy: SpyKit, words: str, source: Source):
    spy.say('incident me "payroll" private', by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")

    assert not seen_by_all(spy, words, source=source, channel="C0GENERAL")


def test_every_command_that_shares_its_answer_is_named_in_readme(spy: SpyKit):
    sources = (ROOT / "plugins").glob("*.py")
    sharing = sum(path.read_text(encoding="utf-8").count("shared=") for path in sources)

    # an incident that is opened elsewhere, its second channel, the end of a quarantine, and what was published
    # without an incident tell of themselves
    assert sharing == len(FOR_ALL) + 4
