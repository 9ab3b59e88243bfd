"""Which services an incident affects: named, asked back, shown, taken back, and followed by their runbooks."""

from dataclasses import replace

import pytest

from bot.adapters.runbooks.folder import FolderRunbooks
from bot.commands.request import Response
from bot.domain.message import Message
from bot.domain.policy import Policy
from bot.domain.service import Service
from bot.services.postmortem.documents import Documents
from bot.testing import POLICY, SpyKit
from bot.testing.clock import FrozenClock
from tests.support.folders import PLUGINS, TEMPLATES
from tests.support.templates import shipped

SERVICES = {
    it.key: it
    for it in (
        Service(key="checkout", team="payments", tier=1, runbooks=("slow",), runbooks_by={"sev1": ("down",)}),
        Service(key="cart-api"),
        Service(key="search"),
    )
}
LISTED = replace(POLICY, services=SERVICES)


def opened(policy: Policy = LISTED) -> SpyKit:
    clock = FrozenClock()
    kit = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=policy)
    kit.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park")
    return kit


@pytest.fixture
def spy() -> SpyKit:
    return opened()


@pytest.fixture
def channel(spy: SpyKit) -> str:
    spy.say('incident me "all is slow" sev2')
    spy.create_channel(1, channel="C0ROOM")
    return "C0ROOM"


def message(answer: Response) -> Message:
    assert answer.message
    return answer.message


def labels(of: Message) -> list[str]:
    return [it.label for part in of.parts for it in getattr(part, "buttons", ())]


# --- naming them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "incident affects checkout, search",
        "incident affects Checkout and Search",
        'incident affects "check-out search"',
        "affects :checkout search",
        "incident 1 affects checkout,search",
    ],
)
def test_several_services_are_named_at_once(spy: SpyKit, channel: str, words: str):
    spy.say(words, channel=channel)

    assert spy.incident(1).services == ("checkout", "search")


def test_a_name_of_two_words_is_one_service(spy: SpyKit, channel: str):
    spy.say("incident affects search, Cart API", channel=channel)

    assert spy.incident(1).services == ("search", "cart-api")


def test_an_unknown_name_is_asked_back_and_the_others_are_kept_in_the_answer(spy: SpyKit, channel: str):
    asked = message(spy.say("incident affects search, chekout", channel=channel))

    assert "There is no service chekout. Did you mean checkout?" in asked.text
    assert spy.incident(1).services == ()

    spy.press("search, checkout", asked, channel=channel)

    assert spy.incident(1).services == ("search", "checkout")


def test_naming_a_service_twice_is_said(spy: SpyKit, channel: str):
    spy.say("incident affects search", channel=channel)

    again = message(spy.say("incident affects search", channel=channel, by="U0RAJ"))

    assert "INC-1 affects search already." in again.text
    assert [it.kind for it in spy.timeline(1)].count("services_affected") == 1


def test_a_service_is_taken_back_with_a_word_or_a_press(spy: SpyKit, channel: str):
    shown = message(spy.say("incident affects checkout, search, cart-api", channel=channel))

    spy.press("Not search", shown, channel=channel)
    spy.say("incident affects no longer cart-api", channel=channel)

    assert spy.incident(1).services == ("checkout",)
    refused = message(spy.say("incident unaffected search", channel=channel))
    assert "INC-1 does not affect search. It affects: checkout." in refused.text


def test_a_service_that_was_removed_from_the_list_is_taken_back(spy: SpyKit, channel: str):
    shown = message(spy.say("incident affects checkout, search", channel=channel))
    listed = {key: it for key, it in spy.policy.services.items() if key != "search"}
    spy.adopt(replace(spy.policy, services=listed))

    spy.press("Not search", shown, channel=channel)

    assert spy.incident(1).services == ("checkout",)
    asked = message(spy.say("incident unaffected search", channel=channel))
    assert "There is no service search" in asked.text
    assert "Did you mean checkout?" in message(spy.say("incident unaffected chekout", channel=channel)).text


@pytest.mark.parametrize("words", ["incident affects ,", "incident affects " + "checkout " * 30])
def test_no_name_and_too_many_are_refused(spy: SpyKit, channel: str, words: str):
    assert "Name 1 to 20 services" in message(spy.say(words, channel=channel)).text


def test_without_a_list_any_name_is_a_service():
    spy = opened(POLICY)
    spy.say('incident me "all is slow" sev2')

    spy.say("incident 1 affects Check-Out and billing")

    assert spy.incident(1).services == ("check-out", "billing")


# --- where they show --------------------------------------------------------------------------------------


def test_the_services_are_on_the_card_the_announcement_the_timeline_and_in_the_postmortem(
    spy: SpyKit, channel: str
):
    spy.say("incident affects checkout, search", channel=channel, by="U0RAJ")

    assert "*Affects* checkout (tier 1, :payments) · search" in spy.message_type("card", 1).text
    assert "*Affects* checkout, search" in spy.message_type("announcement", 1).text
    assert "*Affects* checkout, search, says Raj Patel" in message(spy.say("timeline", channel=channel)).text
    assert "*Affects* checkout" in message(spy.say("tldr", channel=channel)).text
    with spy.tx() as tx:
        facts = Documents(tx).document(tx.incident(1))
    assert "checkout, search" in spy.templates.document("postmortem/document", facts).sections[0].text


def test_a_past_incident_is_found_by_its_service(spy: SpyKit, channel: str):
    spy.say("incident affects search", channel=channel)

    assert "INC-1" in message(spy.say('incident list all "search"')).text


def test_what_a_private_incident_affects_is_not_announced(spy: SpyKit):
    spy.say('incident me "payroll" sev3 private')
    spy.create_channel(1, channel="C0PRIVATE")

    spy.say("incident affects checkout", channel="C0PRIVATE")

    assert not [it for it in spy.effects if getattr(it, "message_type", "") == "announcement"]


def test_the_list_of_services_is_shown(spy: SpyKit):
    text = message(spy.say("services")).text

    assert "*checkout* · tier 1 · :payments · runbooks slow, down" in text
    assert "*search*" in text
    assert "No services are listed." in message(opened(POLICY).say("services")).text


# --- declaring --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "name", "services"),
    [
        ('incident me "cards fail" affects checkout', "cards fail", ("checkout",)),
        ('incident me "cards fail" sev1 affects checkout, search', "cards fail", ("checkout", "search")),
        (
            'incident me "cards fail" affects checkout and Cart API sev1',
            "cards fail",
            ("checkout", "cart-api"),
        ),
        ("incident me cards fail affects checkout", "cards fail", ("checkout",)),
        ("incident me cards fail sev1 affects checkout", "cards fail", ("checkout",)),
        ("incident me bug affects many users", "bug affects many users", ()),
        ("incident me the outage affects checkout badly", "the outage affects checkout badly", ()),
        ("incident me bug affects chekout", "bug affects chekout", ()),
        ('incident me "bug affects checkout"', "bug affects checkout", ()),
    ],
)
def test_an_incident_is_declared_with_its_services_only_where_that_is_clear(
    spy: SpyKit, words: str, name: str, services: tuple[str, ...]
):
    spy.say(words)

    assert (spy.incident(1).name, spy.incident(1).services) == (name, services)


def test_a_misspelt_service_beside_a_quoted_name_is_asked_back(spy: SpyKit):
    asked = message(spy.say('incident me "cards fail" affects chekout'))

    assert "There is no service chekout. Did you mean checkout?" in asked.text

    spy.press("affects checkout", asked)

    assert spy.incident(1).services == ("checkout",)


def test_the_services_of_a_declaration_are_on_its_first_line(spy: SpyKit):
    spy.say('incident me "cards fail" affects checkout')

    assert "declared it: cards fail, affects checkout" in message(spy.say("incident 1 timeline")).text


# --- the right runbook ------------------------------------------------------------------------------------


def test_the_card_has_the_runbooks_of_its_services_by_severity(spy: SpyKit, channel: str):
    spy.say("incident affects checkout", channel=channel)
    assert "*Runbook* slow" in spy.message_type("card", 1).text

    spy.say("sev 1", channel=channel)

    card = spy.message_type("card", 1)
    assert "*Runbook* down · slow" in card.text
    assert "Runbook down" in labels(card)


def test_the_service_in_an_incidents_name_brings_its_runbook_before_anybody_says_so(spy: SpyKit):
    spy.say('incident me "Checkout: 500s" sev2')
    spy.create_channel(1, channel="C0ROOM")

    card = spy.message_type("card", 1)
    assert "*Runbook* slow" in card.text
    assert "*Affects*" not in card.text

    spy.press("Affects checkout", card, channel="C0ROOM")

    assert spy.incident(1).services == ("checkout",)


def test_the_runbook_knows_the_service(spy: SpyKit):
    clock = FrozenClock()
    runbooks = FolderRunbooks([TEMPLATES / "runbooks"], address="https://spy.example.com")
    services = {
        "search": Service(key="search"),
        "checkout": Service(key="checkout", runbooks=("restart-db",)),
    }
    policy = replace(POLICY, services=services)
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=policy, runbooks=runbooks)
    spy.say('incident me "cards fail" sev1 affects search, checkout')
    spy.create_channel(1, channel="C0ROOM")

    filled = spy.say("runbook restart-db region=east", channel="C0ROOM")
    other = spy.say("runbook restart-db region=east service=cart", channel="C0ROOM")

    assert "checkout-db-replica.east" in message(filled).text
    assert "cart-db-replica.east" in message(other).text


def test_an_incident_that_is_over_offers_no_runbook(spy: SpyKit, channel: str):
    spy.say("incident affects checkout", channel=channel)
    spy.say('incident resolve "rolled back"', channel=channel)

    card = spy.message_type("card", 1)
    assert "*Affects* checkout" in card.text
    assert "Runbook" not in card.text


# --- other words ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["not affected search", "no longer affects search", "affects no longer search"]
)
def test_a_service_is_taken_back_in_other_words_too(spy: SpyKit, channel: str, words: str):
    spy.say("incident affects checkout, search", channel=channel)

    spy.say(f"incident {words}", channel=channel)

    assert spy.incident(1).services == ("checkout",)


def test_one_service_is_shown_by_its_name(spy: SpyKit):
    shown = message(spy.say("services checkout")).text

    assert "*checkout* · tier 1 · :payments" in shown
    assert "cart-api" not in shown


def test_an_unknown_service_is_asked_back(spy: SpyKit):
    assert "Did you mean checkout?" in message(spy.say("services chekout")).text


# --- without a list of services ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "sev2 affects checkout, search private",
        "affects checkout search sev2 private",
        "private affects checkout, search sev2",
        "affects checkout, search, private sev2",
    ],
)
def test_any_name_is_a_service_but_no_option_of_the_command_is(spy: SpyKit, words: str):
    spy.say(f'incident me "checkout is down" {words}')

    it = spy.incident(1)
    assert (it.services, it.severity, it.private) == (("checkout", "search"), "sev2", True)
