"""What a person types, bound to what a usage line says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.grammar.matching import match
from bot.domain.grammar.typed import Word, read
from bot.domain.grammar.usage import Slot, UsageError, flags, literal_prefixes, parse_usage, slots
from bot.domain.refusal import Refusal

DECLARE = 'incident (me|start me|open) ["name"] [<severity>] [private] [drill]'
IMPACT = 'incident impact "impact" [since <since>]'
PAGE = 'page (:team|@person) "message"'
NOTE = 'incident note "text"'
LINK = 'incident link <url> ["title"]'


def looks(slot: Slot, word: Word) -> bool:
    """Tell teams from people from severities, as the readers would."""
    return {
        "team": word.startswith(":"),
        "person": word.startswith(("@", "<@")),
        "severity": word in {"sev1", "sev2"},
        "since": word[:1].isdigit(),
    }.get(slot.name, True)


def bound(usage: str, typed: str) -> dict[str, str] | None:
    found = match(parse_usage(usage), read(typed), looks)
    return None if found is None else dict(found)


@pytest.mark.parametrize(
    ("usage", "typed", "binds"),
    [
        (DECLARE, "incident me", {}),
        (DECLARE, 'incident me "checkout is down"', {"name": "checkout is down"}),
        (DECLARE, "incident me \u201ccheckout is down\u201d", {"name": "checkout is down"}),
        (DECLARE, "incident me checkout is down", {"name": "checkout is down"}),
        (DECLARE, 'INCIDENT Start Me "x" sev1', {"name": "x", "severity": "sev1"}),
        (DECLARE, "incident open cart sev2 private", {"name": "cart", "severity": "sev2", "private": "yes"}),
        (DECLARE, "incident me drill rig is down", {"name": "drill rig is down"}),
        (DECLARE, 'incident me drill "x"', {"name": "x", "drill": "yes"}),
        (DECLARE, "incident me private", {"private": "yes"}),
        (DECLARE, 'incident me the "new" cart is down sev1', {"name": 'the "new" cart is down', "severity": "sev1"}),
        (DECLARE, 'incident me sev1 drill "x"', {"name": "x", "severity": "sev1", "drill": "yes"}),
        (DECLARE, "incident me sev1", {"severity": "sev1"}),
        (DECLARE, 'incident me "sev1"', {"name": "sev1"}),
        (DECLARE, "incident me it's down", {"name": "it's down"}),
        (DECLARE, "incident me it\u2019s down", {"name": "it's down"}),
        (DECLARE, 'incident me ""', {"name": ""}),
        (DECLARE, "  incident   me \t a   b ", {"name": "a   b"}),
        (IMPACT, "incident impact all of it since 10:05", {"impact": "all of it", "since": "10:05"}),
        (IMPACT, "incident impact down since yesterday", {"impact": "down since yesterday"}),
        (IMPACT, 'incident impact "all" since 20m', {"impact": "all", "since": "20m"}),
        (PAGE, 'page :imoc "come"', {"team": ":imoc", "message": "come"}),
        (PAGE, "page <@U0RAJ|raj> please come", {"person": "<@U0RAJ|raj>", "message": "please come"}),
        (NOTE, 'incident note "a" and "b"', {"text": '"a" and "b"'}),
        (NOTE, 'incident note say "a"', {"text": 'say "a"'}),
        (NOTE, 'incident note 5" of rain "today"', {"text": '5" of rain "today"'}),
        (LINK, "incident link <https://x.y/a|x.y> the graph", {"url": "<https://x.y/a|x.y>", "title": "the graph"}),
    ],
)  # fmt: skip
def test_what_is_typed_fills_the_slots(usage: str, typed: str, binds: dict[str, str]):
    assert bound(usage, typed) == binds


@pytest.mark.parametrize(
    ("usage", "typed"),
    [
        (DECLARE, "incident"),
        (DECLARE, 'incident me "x" sev9'),
        (IMPACT, 'incident impact "x" since yesterday'),
        (PAGE, "page :imoc"),
        (PAGE, 'page imoc "x"'),
        (NOTE, "incident note"),
        (NOTE, '"incident" note x'),
    ],
)
def test_what_does_not_fit_to_the_end_does_not_fit(usage: str, typed: str):
    assert bound(usage, typed) is None


@pytest.mark.parametrize("typed", ['incident note "it never ends', "incident note \u201cit never ends", '"'])
def test_a_quote_that_never_ends_is_refused_with_all_that_was_typed(typed: str):
    with pytest.raises(Refusal, match="never ends") as refused:
        read(typed)

    assert typed.replace("\u201c", '"') in refused.value.sentence


def test_a_quote_may_end_behind_a_mention():
    typed = 'incident note why="ask <@U0RAJ>"'

    assert bound(NOTE, typed) == {"text": 'why="ask <@U0RAJ>"'}


def test_control_characters_are_left_out():
    assert bound(NOTE, "incident note a\x00b\x1b[31m\u200bc\ufeff") == {"text": "ab[31mc"}


def test_what_turns_the_direction_of_writing_is_left_out():
    assert bound(NOTE, "incident note \u202eevil\u202c \u2066x\u2069\x85") == {"text": "evil x"}


def test_ten_thousand_characters_are_one_text():
    text = "word " * 2_000

    assert bound(NOTE, f"incident note {text}") == {"text": text.strip()}


def test_a_text_may_have_lines():
    assert bound(NOTE, "incident note one\ntwo") == {"text": "one\ntwo"}


@given(st.text(max_size=80))
def test_whatever_is_typed_is_read_or_refused(typed: str):
    try:
        words = read(typed).words
    except Refusal:
        return

    assert all(word.start <= word.end for word in words)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40))
def test_a_note_keeps_every_letter(text: str):
    assert bound(NOTE, f'incident note "{text}"') == {"text": text}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ('why="stuck since noon" region=east', ['why="stuck since noon"', "region=east"]),
        ("host=<http://a.b|a b> x", ["host=<http://a.b|a b>", "x"]),
        ('why="stuck since', ['why="stuck', "since"]),
    ],
)
def test_a_name_with_its_quoted_value_is_one_word(typed: str, words: list[str]):
    assert list(read(typed).words) == words


# --- usage lines ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "usage",
    ["", '"text" first', "<id>", "page (:team", "page :team)", "page [x", "page a|", "page $x"],
)
def test_a_usage_line_that_makes_no_sense_is_refused(usage: str):
    with pytest.raises(UsageError):
        parse_usage(usage)


def test_a_usage_line_names_its_slots_and_flags():
    assert [it.name for it in slots(parse_usage(DECLARE))] == ["name", "severity"]
    assert list(flags(parse_usage(DECLARE))) == ["private", "drill"]
    assert [it.name for it in slots(parse_usage(PAGE))] == ["team", "person", "message"]


def test_synonyms_are_all_ways_to_begin():
    assert literal_prefixes(parse_usage(DECLARE)) == [
        ("incident", "me"),
        ("incident", "start", "me"),
        ("incident", "open"),
    ]
    assert literal_prefixes(parse_usage("incident sev|severity <severity>")) == [
        ("incident", "sev"),
        ("incident", "severity"),
    ]
