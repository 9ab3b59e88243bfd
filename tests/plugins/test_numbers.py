"""Numbers: one reader of them all, whose refusals say what was to be numbered and where such numbers are."""

import pytest

from bot.testing import SpyKit

LINES = "a line. `incident timeline` lists them."
FOLLOW_UPS = "a follow-up. `follow-ups` lists them."
CHANGES = "a change. `incident changes` lists them."
SHIFTS = "a shift. `oncall me` lists them."
PLACES = {
    "follow-up done {}": FOLLOW_UPS,
    "follow-up reopen {}": FOLLOW_UPS,
    "follow-up owner {} @raj": FOLLOW_UPS,
    "follow-up due {} friday": FOLLOW_UPS,
    "follow-up category {} recovery": FOLLOW_UPS,
    "suspect {}": CHANGES,
    "clear {}": CHANGES,
    "timeline keep 1 {}": LINES,
    "timeline hide {}": LINES,
    "timeline merge 1, {}": LINES,
    "timeline move {} to 10:05": LINES,
    'timeline edit {} "x"': LINES,
    "oncall ready {}": SHIFTS,
    "oncall find {}": SHIFTS,
    "oncall cover accept {}": "a request for cover. Give a number such as 12.",
    "failover approve {}": "a failover. Give a number such as 12.",
    "incident seen {}": "a message to a team. Give a number such as 12.",
}


def said(spy: SpyKit, words: str, channel: str) -> str:
    answer = spy.say(words, channel=channel)
    assert answer.message
    return answer.message.text


@pytest.mark.parametrize("word", ["soon", "²", "-1", "1234567890", "#"])
@pytest.mark.parametrize("words", PLACES)
def test_what_is_no_number_is_refused_by_what_was_to_be_numbered(
    spy: SpyKit, channel: str, words: str, word: str
):
    assert said(spy, words.format(word), channel) == f"{word} is not the number of {PLACES[words]}"


@pytest.mark.parametrize("words", ["timeline hide #1, #2", "timeline hide 1,2", 'timeline hide "1 2"'])
def test_several_numbers_are_said_with_blanks_or_commas(spy: SpyKit, channel: str, words: str):
    assert said(spy, words, channel).startswith("Lines 1, 2 of INC-1")


def test_commas_alone_are_no_numbers(spy: SpyKit, channel: str):
    assert said(spy, "timeline hide ,", channel) == f", is not the number of {LINES}"


@pytest.mark.parametrize("word", ["²", "99999999999999999999"])
def test_a_page_is_named_by_a_number_or_by_pagerduty(spy: SpyKit, channel: str, word: str):
    assert said(spy, f"pager ack {word}", channel).startswith(f"There is no page {word}.")
