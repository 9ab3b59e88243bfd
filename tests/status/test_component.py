"""Components and states are found as people type them."""

import pytest

from bot.domain.service import Service
from bot.domain.status.component import Component, ComponentState, Level, StatusSettings, alike
from tests.support.status import CHECKOUT, SEARCH, STATUS


@pytest.mark.parametrize("typed", ["search", "Site search", "SITE-SEARCH", "site_search"])
def test_a_component_is_found_by_its_name_and_by_its_title(typed: str):
    assert STATUS.component(typed) == SEARCH


def test_nothing_is_no_component():
    assert [STATUS.component(it) for it in ("", "-", "cart", "x" * 5_000)] == [None] * 4


@pytest.mark.parametrize(
    ("typed", "level"),
    [
        ("degraded", Level.DEGRADED),
        ("Partial outage", Level.PARTIAL_OUTAGE),
        ("partial", Level.PARTIAL_OUTAGE),
        ("DOWN", Level.MAJOR_OUTAGE),
        ("ok", Level.OPERATIONAL),
        ("under maintenance", Level.MAINTENANCE),
    ],
)
def test_a_state_is_found_by_its_name_its_title_and_a_short_word(typed: str, level: Level):
    found = STATUS.state(typed)

    assert found
    assert found.level is level


def test_a_state_of_ones_own_is_found_by_what_it_means():
    fine = ComponentState(key="fine", title="All fine", level=Level.OPERATIONAL, colour="green", red=False)

    settings = StatusSettings(states={"fine": fine})

    assert settings.state("operational") == settings.state("all fine") == settings.operational == fine


def test_a_component_is_behind_an_incident_by_service_and_by_team():
    services = {
        "checkout": Service(key="checkout", team="payments"),
        "index": Service(key="index", team="imoc"),
    }

    assert CHECKOUT.is_behind(["checkout"], services)
    assert SEARCH.is_behind(["index"], services)
    assert not SEARCH.is_behind(["checkout", "unknown"], services)


def test_components_that_one_word_would_name_are_alike():
    cart, other = Component(key="cart", title="Basket"), Component(key="basket", title="Cart 2")

    assert list(alike([CHECKOUT, cart, other])) == [("cart", "basket")]
