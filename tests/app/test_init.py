"""What `spy init` decides by names alone: whose channel it is, where incidents are announced, who leads them."""

import pytest
import yaml

from bot.adapters.pagerduty.reading import PolicyEntry, Reference, ServiceEntry
from bot.adapters.slack.directory import ListedChannel
from bot.app.init.draft import Choose, Draft, announcing, draft
from bot.app.init.file import config_yaml
from bot.app.init.names import ALIKE, APART, EQUAL, PARTLY, closeness, key
from bot.app.init.vendors import PagerDutyPart, SlackPart


def channels(*named: str) -> tuple[ListedChannel, ...]:
    return tuple(ListedChannel(id=f"C{number}X", name=name) for number, name in enumerate(named))


def drafted(
    *,
    named: tuple[str, ...] = (),
    services: tuple[ServiceEntry, ...] = (),
    policies: tuple[PolicyEntry, ...] = (),
    repositories: tuple[str, ...] | None = None,
    choose: Choose | None = None,
) -> Draft:
    slack = SlackPart(channels=channels(*named), groups=(), admin=None)
    account = PagerDutyPart(
        services=services, policies={it.id: it for it in policies}, owner=None, sender=None
    )
    return draft(slack, account, repositories, mode="socket", choose=choose)


def service(name: str, **facts: object) -> ServiceEntry:
    return ServiceEntry.model_validate({"id": f"P{sum(name.encode())}", "name": name, **facts})


@pytest.mark.parametrize(
    ("channel", "name", "expected"),
    [
        ("payments", "Payments", EQUAL),
        ("on-call", "oncall", EQUAL),
        ("team-payments", "Payments API (production)", ALIKE),
        ("payments-oncall", "payments", ALIKE),
        ("payments", "Payments Fraud", PARTLY),
        ("payments-fraud", "Payments", APART),
        ("api", "Payments API", APART),
        ("incidents", "Checkout Incidents", APART),
        ("\uff30\uff21\uff39", "pay", EQUAL),
        ("決済", "決済", EQUAL),
        ("🔥", "🚀", APART),
    ],
)
def test_a_channel_fits_a_name_by_the_words_that_mean_something(channel: str, name: str, expected: int):
    assert closeness(channel, name) == expected


def test_a_key_has_plain_letters_alone():
    assert [key("Équipe Café"), key("決済", "Payments API"), key("決済"), key("team")] == [
        "equipe-cafe",
        "payments",
        "",
        "team",
    ]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (("incident-updates", "incidents", "general"), ["incidents"]),
        (("payments-incidents", "incident-announcements"), ["incident-announcements"]),
        (("payments-incidents", "search-incidents"), ["payments-incidents", "search-incidents"]),
        (("incident-42-checkout", "inc-7-cart", "general"), []),
    ],
)
def test_announcements_go_to_the_channel_for_incidents(named: tuple[str, ...], expected: list[str]):
    assert [it.name for it in announcing(channels(*named))] == expected


def test_channels_where_machines_write_come_last():
    made = drafted(named=("search-alerts", "search-production-oncall"), services=(service("Search"),))

    assert made.teams[0].channel.value == channels("", "search-production-oncall")[1]


def test_a_service_is_found_by_its_policy_or_its_team_too():
    policy = PolicyEntry.model_validate({"id": "PPOL", "name": "Checkout escalation"})
    by_policy = service("api-7", escalation_policy=Reference(id="PPOL"))
    by_team = service("db-7", teams=[{"id": "PTEAM", "summary": "Storage"}])

    made = drafted(named=("checkout", "storage"), services=(by_policy, by_team), policies=(policy,))

    assert {it.key: it.service for it in made.teams} == {"checkout": by_policy, "storage": by_team}


@pytest.mark.parametrize(
    "name", ["IMOC", "Incident Commanders", "incident-response", "Major Incident Managers"]
)
def test_the_team_of_commanders_is_known_by_its_name(name: str):
    made = drafted(
        named=("search", name.lower().replace(" ", "-")), services=(service("Search"), service(name))
    )

    assert made.command_team.value is not None
    assert made.command_team.value.service.called == name


def test_the_only_team_leads():
    made = drafted(named=("search",), services=(service("Search"),))

    assert made.command_team.value == made.teams[0]


@pytest.mark.parametrize(
    ("repositories", "expected"),
    [
        (("acme/shop", "acme/postmortems", "acme/incident-tools"), "acme/postmortems"),
        (("acme/shop",), "acme/shop"),
        (("acme/shop", "acme/infra"), None),
        ((), None),
        (None, None),
    ],
)
def test_postmortems_go_to_the_repository_named_for_them(
    repositories: tuple[str, ...] | None, expected: str | None
):
    assert drafted(repositories=repositories).repository.value == expected


def test_a_person_chooses_among_repositories_that_no_name_tells_apart():
    made = drafted(repositories=("acme/shop", "acme/infra"), choose=lambda _, options: len(options) - 1)

    assert made.repository.value == "acme/infra"


def test_a_terminal_shows_no_character_that_could_move_its_cursor():
    asked: list[str] = []

    def choose(question: str, options: object) -> None:
        asked.append(question)

    drafted(named=("search-team", "search-squad"), services=(service("Search \x1b[2J"),), choose=choose)

    assert asked
    assert all(it.isprintable() for it in asked)


@pytest.mark.parametrize("name", ["2020-13-45", "2020-12-24", "2020"])
def test_a_name_that_looks_like_a_date_or_a_number_is_quoted(name: str):
    written = config_yaml(drafted(named=(name,), services=(service(name),)))

    assert list(yaml.safe_load(written)["teams"]) == [name]
