"""What a button keeps in Slack: its command, with the message that an incident is declared from."""

import pytest

from bot.adapters.slack.button_values import pressed, value
from bot.commands.request import asked_for
from bot.domain.incident.origin import Origin, remembered

ORIGIN = Origin(url="https://acme.slack.com/archives/C0PAY/p1", author="<@U0RAJ>", is_private=True)


def test_a_command_without_an_origin_is_kept_as_it_is():
    assert value("incident 1 join", {}) == "incident 1 join"
    assert pressed("incident 1 join") == ("incident 1 join", {})


def test_a_command_comes_back_with_its_origin():
    say = 'incident me "ödp {x}" sev1 anyway'

    found, memory = pressed(value(say, {"origin": ORIGIN.memory}))

    assert (found, remembered(memory["origin"])) == (say, ORIGIN)


def test_where_there_is_no_room_the_command_stays_whole():
    say = f'incident me "{"x" * 1900}" anyway'

    assert pressed(value(say, {"origin": ORIGIN.memory})) == (say, {})


@pytest.mark.parametrize(
    "odd", ["{", "{}", '{"say": 7}', '{"say": null, "origin": {}}', "[1]", "", "{" * 5000, '{"a": ' * 2000]
)
def test_an_odd_value_is_read_as_words(odd: str):
    assert pressed(odd) == (odd, {})


@pytest.mark.parametrize("odd", ["7", '"x"', "[]", "null", '{"url": 7}'])
def test_an_odd_origin_is_none(odd: str):
    words, memory = pressed(f'{{"say": "help", "origin": {odd}, "ask": {odd}}}')

    assert words == "help"
    assert remembered(memory["origin"]) is None
    assert asked_for(memory["ask"]) is None
