"""`services:` in config.yaml: each form of each key, and what is said of a mistake."""

import pytest

from bot.config import ConfigError
from bot.domain.service import Declare, Service
from tests.config.reading import Read

TEAMS = (
    "pagerduty: {from: spy@example.com}\nteams: {payments: {channel: C0PAY, pagerduty: {service: PSVC2}}}\n"
)


def test_every_key_of_a_service_is_read(read: Read):
    settings = read(
        TEAMS
        + "services:\n"
        + "  checkout:\n"
        + "    team: :Payments\n"
        + "    repositories: [acme/checkout-api]\n"
        + "    pagerduty: [PSVC8, PSVC9]\n"
        + "    tier: 1\n"
        + "    runbooks: {sev1: restart-db, all: [slow, slower]}\n"
        + "    declare: {high: always, low: never}\n"
        + "  cart: {pagerduty: PSVC7, runbooks: restart-db, declare: never}\n"
        + "  search: {}\n"
    )

    assert settings.policy().services == {
        "checkout": Service(
            key="checkout",
            team="payments",
            repositories=("acme/checkout-api",),
            pager_ids=("PSVC8", "PSVC9"),
            tier=1,
            runbooks=("slow", "slower"),
            runbooks_by={"sev1": ("restart-db",)},
            declare_by={"high": Declare.ALWAYS, "low": Declare.NEVER},
        ),
        "cart": Service(key="cart", pager_ids=("PSVC7",), runbooks=("restart-db",), declare=Declare.NEVER),
        "search": Service(key="search"),
    }


def test_the_form_of_earlier_versions_keeps_its_meaning(read: Read):
    policy = read("services: {checkout: {repositories: [acme/checkout-api], pagerduty: PSVC9}}\n").policy()

    assert policy.service_of("ACME/checkout-api") == "checkout"
    assert policy.service_paged_as("PSVC9") == "checkout"


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (
            "checkout: {team: paymnts}",
            "config.yaml:4: services.checkout.team: there is no team paymnts. Did you mean payments?",
        ),
        (
            "checkout: {runbooks: {svev1: x}}",
            "config.yaml:4: services.checkout.runbooks.svev1: there is no severity svev1. Did you mean sev1?",
        ),
        (
            "checkout: {declare: sometimes}",
            "config.yaml:4: services.checkout.declare: must be always, ask or never, not 'sometimes'.",
        ),
        (
            "checkout: {declare: {hihg: always}}",
            "config.yaml:4: services.checkout.declare.hihg: hihg is no severity nor urgency. Did you mean high?",
        ),
        (
            "checkout: {declare: {high: yes}}",
            "config.yaml:4: services.checkout.declare.high: must be always, ask or never, not yes or no.",
        ),
        ("checkout: {tier: gold}", "config.yaml:4: services.checkout.tier: must be"),
        (
            "checkout: {pagerduty: P-1}",
            "config.yaml:4: services.checkout.pagerduty: 'P-1' is no PagerDuty id.",
        ),
        (
            "checkout: {teem: payments}",
            "config.yaml:4: services.checkout.teem: unknown key. Did you mean team?",
        ),
        ("checkout: {runbooks: [../x]}", "services.checkout.runbooks: '../x' is no runbook's name."),
        (
            "check-out: {}\n  checkout: {}",
            "config.yaml:3: services: check-out and checkout are too much alike to tell apart.",
        ),
        (
            "cart: {pagerduty: P1}\n  checkout: {pagerduty: [P2, P1]}",
            "config.yaml:3: services: P1 belongs to cart and to checkout. It is one service's.",
        ),
        (
            "cart: {repositories: [acme/x]}\n  checkout: {repositories: [Acme/X]}",
            "config.yaml:3: services: Acme/X belongs to cart and to checkout. It is one service's.",
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_place(read: Read, lines: str, mistake: str):
    with pytest.raises(ConfigError) as error:
        read(f"{TEAMS}services:\n  {lines}\n")

    [line] = error.value.lines
    assert mistake in line


def test_a_word_that_only_ones_own_tools_have_is_taken(read: Read):
    policy = read("services: {checkout: {declare: {page: always, p1: never}}}\n").policy()

    assert policy.service("checkout").declares("page") is Declare.ALWAYS
