"""`{{ name }}`: what it names, and how a value is put in its place."""

import pytest

from bot.domain.placeholders import braced, filled, names, variables


def test_a_placeholder_becomes_its_value():
    assert filled("{{ pod }} to {{location}}", {"pod": 7, "location": "east"}) == "7 to east"


def test_a_placeholder_without_a_value_stays():
    assert filled("{{ pod }} to {{ location }}", {"pod": "7"}) == "7 to {{ location }}"


def test_a_value_is_not_filled_in_again():
    assert filled("{{ name }}", {"name": "{{ id }}", "id": "1"}) == "{{ id }}"


def test_the_names_of_all_placeholders_are_found():
    nested = {"a": ["{{ pod }}", ("x {{stage}}", {"b": "{{ env.TOKEN }}"})], "c": 7}

    assert set(names(nested)) == {"pod", "stage", "env.TOKEN"}
    assert set(variables(nested)) == {"TOKEN"}


@pytest.mark.parametrize("text", ["{{ a | upper }}", "{{ a b }}", "{{ }}", "{% if a %}", "{# a #}", "{{ a"])
def test_more_than_a_name_is_found(text: str):
    assert list(braced(f"x {text}")) == [(text, None)]
