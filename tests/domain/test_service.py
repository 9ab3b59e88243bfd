"""How a service is found by its name, and what an alert of it does."""

import pytest

from bot.domain.policy import Policy
from bot.domain.refusal import Refusal
from bot.domain.service import Declare, Service, alike, found, known_as, likeliest

SERVICES = {
    it.key: it
    for it in (
        Service(key="checkout", repositories=("acme/till", "acme/till-web")),
        Service(key="cart-api"),
        Service(key="search_v2", runbooks=("slow",), runbooks_by={"sev1": ("down", "slow")}),
    )
}


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("checkout", "checkout"),
        (":Checkout", "checkout"),
        ("CHECK-OUT", "checkout"),
        ("Cart API", "cart-api"),
        ("cart_api", "cart-api"),
        ("search-v2", "search_v2"),
        ("chekout", None),
        ("till", None),
        ("!", None),
        ("", None),
    ],
)
def test_a_service_is_found_whatever_the_case_and_what_stands_between(words: str, name: str | None):
    service = found(words, SERVICES)

    assert (service.key if service else None) == name


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("chekout", "checkout"),
        ("till-web", "checkout"),
        ("checkout-service", "checkout"),
        ("cart", "cart-api"),
        ("billing", None),
        ("x" * 5000, None),
        ("🔥", None),
    ],
)
def test_the_name_that_was_meant_is_suggested(words: str, meant: str | None):
    assert likeliest(words, SERVICES) == meant


def test_an_unknown_service_is_refused_with_the_nearest_and_all_names():
    with pytest.raises(Refusal) as refused:
        Policy(services=SERVICES).service(":chekout")

    assert refused.value.sentence == (
        "There is no service chekout. Did you mean checkout? Services: checkout, cart-api, search_v2."
    )
    assert [it.say for it in refused.value.choices] == ["checkout"]


def test_a_long_list_is_cut():
    many = {f"service-{n}": Service(key=f"service-{n}") for n in range(30)}

    with pytest.raises(Refusal) as refused:
        Policy(services=many).service("billing")

    assert "service-11 and 18 more (`services` lists all)." in refused.value.sentence


def test_a_sources_name_stays_where_no_service_has_it():
    assert known_as("Check-Out", SERVICES) == "checkout"
    assert known_as("billing", SERVICES) == "billing"
    assert known_as("billing", {}) == "billing"
    assert known_as(None, SERVICES) is None


def test_names_that_sound_the_same_are_pairs():
    assert alike(["checkout", "cart", "check-out"]) == [("checkout", "check-out")]


@pytest.mark.parametrize(
    ("words", "declares"),
    [
        (("sev1", "high"), Declare.ALWAYS),
        (("P1", None), Declare.ALWAYS),
        ((None, "low"), Declare.NEVER),
        (("sev3", "low"), Declare.NEVER),
        (("critical", None), Declare.ASK),
        ((), Declare.ASK),
    ],
)
def test_an_alert_declares_by_its_severity_else_by_its_urgency(
    words: tuple[str | None, ...], declares: Declare
):
    service = Service(key="checkout", declare_by={"sev1": Declare.ALWAYS, "low": Declare.NEVER})

    assert service.declares(*words) is declares


def test_the_runbooks_of_a_severity_come_first():
    service = SERVICES["search_v2"]

    assert service.runbooks_at("sev1") == ("down", "slow")
    assert service.runbooks_at("sev2") == ("slow",)
    assert service.runbooks_at(None) == ("slow",)
    assert service.all_runbooks == ("slow", "down")
