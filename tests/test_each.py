"""Many cases in one test hide none that fails."""

import pytest

from tests.support.each import each


def test_every_case_that_fails_is_shown_by_its_name():
    @each("abc", name=lambda letter: f"the letter {letter}")
    def is_b(letter: str) -> None:
        assert letter == "b"

    with pytest.raises(ExceptionGroup) as failed:
        is_b()

    assert [it.__notes__ for it in failed.value.exceptions] == [
        ["Case: the letter a"],
        ["Case: the letter c"],
    ]


def test_no_case_at_all_is_a_failure():
    @each("")
    def is_well(_letter: str) -> None: ...

    with pytest.raises(AssertionError, match="there are cases"):
        is_well()
