"""By what a person is recognised in stored text, and by what not."""

import pytest

from bot.domain.identity import Holds, PersonIdentity

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
    ("text", "after"),
    [
        ("Lima, Ana", "somebody"),
        ("who: (Lima, Ana)", "who: (somebody)"),
        ("Diana Lima, Ana Costa", "Diana Lima, Ana Costa"),
        ("ana%40example.com", "somebody"),
        ("see ?who=Ana%20Lima and ?who=Ana+Lima", "see ?who=somebody and ?who=somebody"),
    ],
)
def test_a_name_is_found_as_lists_and_links_spell_it(text: str, after: str):
    assert ANA.removed(text) == after


@pytest.mark.parametrize("text", ["Zoe\u0308 Bell", "Zo\u00eb Bell", "Zo%C3%AB%20Bell"])
def test_a_name_is_found_however_its_accents_are_stored(text: str):
    zoe = PersonIdentity(person="U0ZOE", token="7F3A", names=frozenset({"Zo\u00eb Bell"}))

    assert zoe.removed(f"ask {text} now") == "ask somebody now"


def test_what_slack_reads_in_a_text_is_no_name():
    date = PersonIdentity(person="U0X", token="1", names=frozenset({"date", "time", "example"}))

    text = "<!date^1795435200^{time}|12:00 UTC> see https://example.com/time"
    assert date.removed(f"{text} date") == f"{text} somebody"


@pytest.mark.parametrize("text", ["will", "Will", "Will Power"])
def test_what_programs_compare_is_no_name(text: str):
    them = PersonIdentity(
        person="U0X", token="1", names=frozenset({"Will", "Will Power"}), logins=frozenset({"will"})
    )

    assert them.removed(text, Holds.CODES) == text
    assert them.removed("page <@U0X|will> U0X", Holds.CODES) == "page <@USOMEBODY1> USOMEBODY1"


def test_a_text_for_searches_is_in_small_letters():
    person = PersonIdentity(person="U0X", token="1", names=frozenset({"Straße"}))

    assert person.removed_from_search("the strasse is down") == "the somebody is down"
