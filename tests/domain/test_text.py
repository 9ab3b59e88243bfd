"""A text is cut between letters as a reader sees them, and holds nothing that can't be stored."""

import json

import pytest

from bot.domain.text import letter_end, shortened, storable, storable_json

FAMILY = "👩\u200d👩\u200d👧"
FLAG, SKIN, KEYCAP, SCOTLAND = "🇵🇹", "👍🏽", "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e007f"
LETTERS = [FAMILY, FLAG, SKIN, KEYCAP, SCOTLAND, "e\u0301\u0323", "한", "हि", "❤️\u200d🔥"]


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_is_kept_whole_or_left_out(letter: str):
    text = letter * 3

    ends = {letter_end(text, most) for most in range(1, len(text) + 1)}

    assert ends <= {0, len(letter), 2 * len(letter), 3 * len(letter)} | set(range(1, len(letter)))
    assert {letter_end(text, most) for most in range(len(letter), 2 * len(letter))} == {len(letter)}


def test_what_is_cut_ends_in_an_ellipsis():
    assert shortened("checkout is down", 9) == "checkout…"
    assert shortened("checkout", 8) == "checkout"


def test_a_letter_without_an_end_is_cut_all_the_same():
    assert len(shortened("e" + "\u0301" * 40_000)) <= 60


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\ud83db", "a\ufffdb"),
        ("\ude00 is down", "\ufffd is down"),
        ("\ud83d\ude00", "😀"),
        ("a\x00b", "a\ufffdb"),
        ("é\x00", "é\ufffd"),
        ("checkout 😀", "checkout 😀"),
    ],
)
def test_what_no_database_takes_is_replaced(typed: str, kept: str):
    assert storable(typed) == kept
    storable(typed).encode()


@pytest.mark.parametrize(
    ("answered", "kept"),
    [
        (r'"Zoe \ud83d"', "Zoe \ufffd"),
        (r'"\uDE00 Zoe"', "\ufffd Zoe"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (r'"a\u0000b"', "a\ufffdb"),
        (r'"C:\\u0000 \\ud83d"', r"C:\u0000 \ud83d"),
        (r'"\" \n é"', '" \n é'),
    ],
)
def test_what_no_database_takes_is_replaced_in_json_before_it_is_read(answered: str, kept: str):
    assert json.loads(storable_json(answered)) == kept
