"""Which role is meant."""

import pytest

from bot.domain.incident.role import ROLES, find, nearest


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("SCRIBE", "scribe"),
        ("comms_lead", "comms lead"),
        ("operations", "operations lead"),
        ("  scribe ", "scribe"),
    ],
)
def test_a_role_is_found_by_its_name_or_its_first_word(said: str, role: str):
    assert find(said, ROLES) == role


@pytest.mark.parametrize("said", ["", "lead", "com", "scribes", "dba"])
def test_what_is_no_role_finds_none(said: str):
    assert find(said, ROLES) is None


def test_a_first_word_of_two_roles_finds_none():
    assert find("comms", ["comms lead", "comms writer"]) is None


@pytest.mark.parametrize(("said", "role"), [("scibe", "scribe"), ("suport", "support"), ("dba", None)])
def test_the_nearest_role_is_one_that_is_near(said: str, role: str | None):
    assert nearest(said, ROLES) == role
