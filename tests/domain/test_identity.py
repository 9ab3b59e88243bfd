"""By what a person is recognised in stored text, and by what not."""

from typing import Any

import pytest

from bot.domain.identity import PersonIdentity

ANA = PersonIdentity(
    person="U0ANA",
    token="7F3A",
    names=frozenset({"Ana Lima", "Ana Maria Lima"}),
    addresses=frozenset({"ana@example.com", "+1 555 0100"}),
    logins=frozenset({"ana"}),
    pager_ids=frozenset({"PANA123"}),
)
WILL = PersonIdentity(person="U0WILL", token="7F3A", names=frozenset({"Will"}))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("U0ANA", "USOMEBODY7F3A"),
        ("relief:U0ANA:1", "relief:USOMEBODY7F3A:1"),
        ("<@U0ANA>", "somebody"),
        ("ask <@U0ANA|ana> now", "ask somebody now"),
        ("U0ANAX and XU0ANA", "U0ANAX and XU0ANA"),
        ("Ana Lima's turn", "somebody's turn"),
        ("ANA  LIMA", "somebody"),
        ("ana maria lima", "somebody"),
        ("Diana Lima, Ana Limas", "Diana Lima, Ana Limas"),
        ("inc-1-ana-lima-broke-it", "inc-1-somebody-broke-it"),
        ("ana.lima@other.example", "somebody@other.example"),
        ("<mailto:Ana@Example.com|ana@example.com>", "<mailto:somebody|somebody>"),
        ("dana@example.com", "dana@example.com"),
        ("call +1 555 0100", "call somebody"),
        ("shift:PSCH1:PANA123:20261123", "shift:PSCH1:SOMEBODY7F3A:20261123"),
        ("@ana, see https://github.com/ana/x", "@somebody, see https://github.com/somebody/x"),
        ("ana", "somebody"),
        ("ana is a word", "ana is a word"),
    ],
)
def test_a_text_without_the_person(text: str, after: str):
    assert ANA.removed(text) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Will restarts it", "somebody restarts it"),
        ("it will restart", "it will restart"),
        ("will", "somebody"),
    ],
)
def test_a_name_of_one_word_counts_as_it_is_written(text: str, after: str):
    assert WILL.removed(text) == after


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ({"U0ANA": ["U0ANA", {"by": "Ana Lima"}]}, {"USOMEBODY7F3A": ["USOMEBODY7F3A", {"by": "somebody"}]}),
        ([1, None, True, 2.5], [1, None, True, 2.5]),
    ],
)
def test_json_is_looked_at_through_and_through(value: Any, after: Any):
    assert ANA.removed(value) == after


def test_a_text_for_searches_is_in_small_letters():
    person = PersonIdentity(person="U0X", token="1", names=frozenset({"Straße"}))

    assert person.removed_from_search("the strasse is down") == "the somebody is down"
