"""`status:` and `statuspage:` in config.yaml: each form of each key, and what is said of a mistake."""

from datetime import timedelta

import pytest

from bot.config import ConfigError
from bot.domain.status.component import Component, ComponentState, Level
from tests.config.reading import Read

PAGE = (
    "status:\n"
    "  public: true\n"
    "  title: Acme status\n"
    "  contact: Ask support@example.com\n"
    "  components:\n"
    "    checkout: {title: Checkout, group: Shop, services: cart, teams: [payments]}\n"
    "    card-payments: {}\n"
)
TEAMS = "teams: {payments: {channel: C0PAY}}\n"


def test_every_key_is_read(read: Read):
    settings = read(
        TEAMS
        + PAGE
        + "  states:\n"
        + "    operational: {title: All fine}\n"
        + "    brownout: {means: degraded, colour: orange, red: false}\n"
        + "web: {public_url: https://spy.example.com/}\n"
        + "statuspage: {page: kctbh9vrtdwd, components: {checkout: b13yz5g2cw10}}\n"
    )

    status = settings.policy().status
    assert (status.title, status.contact, status.public) == ("Acme status", "Ask support@example.com", True)
    assert status.components == {
        "checkout": Component(
            key="checkout", title="Checkout", group="Shop", services=("cart",), teams=("payments",)
        ),
        "card-payments": Component(key="card-payments", title="Card payments"),
    }
    assert status.states == {
        "operational": ComponentState(
            key="operational", title="All fine", level=Level.OPERATIONAL, colour="green", red=False
        ),
        "brownout": ComponentState(
            key="brownout", title="Brownout", level=Level.DEGRADED, colour="orange", red=False
        ),
    }
    assert (status.hosted, status.hosted_name) == ({"checkout": "b13yz5g2cw10"}, "Statuspage")
    assert status.url == "https://spy.example.com/status"


def test_without_it_nothing_is_public_and_the_states_are_the_usual_ones(read: Read):
    status = read("").policy().status

    assert (status.public, status.components, status.hosted, status.url) == (False, {}, {}, "")
    assert [*status.states] == ["operational", "degraded", "partial_outage", "major_outage", "maintenance"]
    assert [it.key for it in status.states.values() if it.red] == [
        "degraded",
        "partial_outage",
        "major_outage",
    ]


def test_the_timers_of_public_updates_are_by_severity(read: Read):
    timers = read("timers: {public_update_identified: {sev1: 5m, sev2: 20m}}\n").policy().timers

    assert timers.public_update_identified == {"sev1": timedelta(minutes=5), "sev2": timedelta(minutes=20)}
    assert timers.public_update_investigating["sev1"] == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "status: {public: true}\n",
            "config.yaml:1: status: is public and has no components. List them under `components:`.",
        ),
        (
            "status: {components: {history: {}}}\n",
            (
                "config.yaml:1: status.components: 'history' can't be a component: `status history` is a command. "
                "Give it another name."
            ),
        ),
        (
            "status: {components: {shop: {title: Web}, web: {}}}\n",
            "config.yaml:1: status.components: shop and web are too much alike to tell apart. Keep one of them.",
        ),
        (
            "status: {states: {brownout: {}}}\n",
            (
                "config.yaml:1: status.states: 'brownout' needs `means:`, one of operational, degraded, "
                "partial_outage, major_outage, maintenance."
            ),
        ),
        (
            "status: {states: {degraded: {}}}\n",
            "config.yaml:1: status.states: none of them means operational. Without one nothing can work again.",
        ),
        (
            "status: {components: {web: {teams: [paymnts]}}}\n" + TEAMS,
            "config.yaml:1: status.components.web.teams: there is no team paymnts. Did you mean payments?",
        ),
        (
            "services: {search: {}}\nstatus: {components: {web: {services: serch}}}\n",
            "config.yaml:2: status.components.web.services: there is no serch. Did you mean search?",
        ),
        (
            PAGE + TEAMS + "statuspage: {page: kctbh9vrtdwd, components: {chekout: b13yz5g2cw10}}\n",
            "config.yaml:9: statuspage.components.chekout: there is no chekout. Did you mean checkout?",
        ),
        (
            PAGE + TEAMS + "statuspage: {page: kctbh9vrtdwd, components: {checkout: 'B 1'}}\n",
            (
                "config.yaml:9: statuspage.components.checkout: 'B 1' is no id of Statuspage. It looks like "
                "b13yz5g2cw10: in Statuspage, the component's settings, at the bottom."
            ),
        ),
        (
            "statuspage: {page: kctbh9vrtdwd, token: abcdef012345}\n",
            "config.yaml:1: statuspage.token: a secret in the file. Put it in STATUSPAGE_API_KEY and remove the line.",
        ),
        (
            "timers: {public_update_identified: {sev9: 5m}}\n",
            (
                "config.yaml:1: timers.public_update_identified.sev9: there is no severity sev9. "
                "Did you mean sev3?"
            ),
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(read: Read, text: str, mistake: str):
    with pytest.raises(ConfigError) as error:
        read(text)

    assert mistake in error.value.lines


def test_a_missing_key_is_reported(read: Read):
    settings = read(PAGE + TEAMS + "statuspage: {page: kctbh9vrtdwd}\n")

    found = [it.what for it in settings.results() if "STATUSPAGE_API_KEY" in it.what]
    assert found == [
        (
            "environment: STATUSPAGE_API_KEY is missing (there is a statuspage section). Find it at "
            "manage.statuspage.io, your avatar, API info. Without it nothing that you publish gets to Statuspage."
        )
    ]


def test_statuspage_has_no_webhook(read: Read):
    assert not hasattr(read("").env, "statuspage_webhook_secret")
