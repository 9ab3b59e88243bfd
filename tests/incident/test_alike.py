"""Somebody declares what an open incident is about already: both are open, and Spy asks whether to merge."""

import pytest

from bot.commands.request import Left
from bot.domain.effects import UpsertMessage
from bot.domain.incident.likeness import telling_words
from bot.domain.message import Buttons
from bot.domain.subject import IncidentChannel
from bot.ports import Profile
from bot.services.incident.channels import IncidentChannels
from bot.services.messages import MESSAGE_TYPES
from bot.services.people import People
from bot.testing import SpyKit


@pytest.fixture(autouse=True)
def first(spy: SpyKit, channel: str) -> None:
    """INC-1 *checkout is down* is open in C0ROOM since three minutes."""
    assert channel
    spy.clock.tick(minutes=3)


def declared(spy: SpyKit, words: str, *, by: str = "U0RAJ", number: int = 2) -> None:
    spy.say(f"incident me {words}", by=by)
    spy.create_channel(number, channel=f"C0INC{number}")


def asked(spy: SpyKit, number: int, reader: str = "") -> str:
    """Return what Spy says of likeness in the channel of an incident, or to a person; "" if it says nothing."""
    effects = [it for it in spy.asked(UpsertMessage) if it.message_type == "alike" and it.ref == number]
    wanted = reader or IncidentChannel(number)
    effect = next(it for it in reversed(effects) if it.to == wanted)
    with spy.tx() as tx:
        kind = MESSAGE_TYPES["alike"]
        is_posted = kind.is_worth_posting(kind.facts(tx, effect))
    return spy.message_type("alike", number, effect.mark).text if is_posted else ""


# --- what resembles what --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "checkout broken",
        "Checkout fails for everyone",
        "CHECKOUT!!!",
        "errors in checkout",
        "the check-out page, checkout times out",
        "checkouts slow in EU",
    ],
)
def test_what_sounds_like_an_open_one_is_opened_and_asked_about(spy: SpyKit, name: str):
    declared(spy, f'"{name}"')

    assert spy.incident(2).is_open
    text = asked(spy, 2)
    assert text.startswith("*INC-1 sounds like this: merge?* checkout is down · sev1 · opened ")
    assert "In common: the word checkout." in text


@pytest.mark.parametrize(
    "name", ["search is down", "is down", "everything is broken", "payroll export fails", "🔥"]
)
def test_what_only_shares_the_words_of_every_incident_is_not(spy: SpyKit, name: str):
    declared(spy, f'"{name}"')

    assert asked(spy, 2) == ""


def test_the_button_merges_it(spy: SpyKit):
    declared(spy, '"checkout broken"')

    message = spy.message_type("alike", 2)
    spy.press("Merge into INC-1", message, by="U0RAJ", channel="C0INC2")

    assert spy.incident(2).merged
    after = spy.message_type("alike", 2)
    assert after.text == "INC-2 was merged into INC-1."
    assert not [it for it in after.parts if isinstance(it, Buttons)]


def test_whoever_declares_waits_for_nothing(spy: SpyKit):
    spy.say('incident me "checkout broken"', by="U0RAJ")

    assert not [it for it in spy.asked(UpsertMessage) if it.message_type == "alike" and it.ref == 2]


def test_a_slack_that_refuses_the_channel_keeps_nobody_from_being_asked(spy: SpyKit):
    spy.say('incident me "checkout broken"', by="U0RAJ")
    with spy.tx() as tx:
        IncidentChannels(tx).refused(2, "restricted_action")

    assert asked(spy, 2)


def test_a_cause_in_common_is_enough(spy: SpyKit):
    spy.say('incident cause "release 1204 of the cart"', channel="C0ROOM")
    declared(spy, '"login hangs"')
    before = asked(spy, 2)

    spy.say('incident cause "release 1204"', by="U0RAJ", channel="C0INC2")

    assert before == ""
    assert "In common: the words 1204, release." in asked(spy, 2)


def test_a_suspected_change_in_common_is_enough(spy: SpyKit):
    spy.say('change "release 1204" on cart')
    spy.say("incident suspect 1", channel="C0ROOM")
    declared(spy, '"login hangs"')

    spy.say("incident suspect 1", by="U0RAJ", channel="C0INC2")
    spy.say('incident cause "no idea"', by="U0RAJ", channel="C0INC2")

    assert "In common: service cart; the suspected change." in asked(spy, 2)


def test_a_service_in_common_is_enough(spy: SpyKit):
    spy.say("incident 1 affects cart")
    declared(spy, '"login hangs"')
    before = asked(spy, 2)

    spy.say("incident 2 affects cart", by="U0RAJ")

    assert before == ""
    assert "In common: service cart." in asked(spy, 2)


def test_the_likeliest_comes_first(spy: SpyKit):
    declared(spy, '"checkout and cart hang"', by="U0KIM", number=2)

    declared(spy, '"cart hangs in checkout"', number=3)

    assert asked(spy, 3).startswith("*INC-2 sounds like this: merge?*")


@pytest.mark.parametrize(("hours", "is_asked"), [(0.9, True), (1.1, False)])
def test_only_what_was_opened_within_an_hour_counts(spy: SpyKit, hours: float, *, is_asked: bool):
    spy.clock.tick(hours=hours)

    declared(spy, '"checkout broken"')

    assert bool(asked(spy, 2)) is is_asked


def test_what_is_over_is_not_asked_about(spy: SpyKit):
    spy.say('incident resolve "fixed"', channel="C0ROOM")

    declared(spy, '"checkout broken"')

    assert asked(spy, 2) == ""


def test_a_drill_does_not_sound_like_a_real_one(spy: SpyKit):
    declared(spy, '"checkout broken" drill')

    assert asked(spy, 2) == ""


# --- private ones ---------------------------------------------------------------------------------------------


def private(spy: SpyKit, *, by: str) -> None:
    declared(spy, '"payroll data leaked" private', by=by, number=2)


def test_a_private_one_is_named_to_nobody_who_may_not_see_it(spy: SpyKit):
    private(spy, by="U0KIM")

    declared(spy, '"payroll leaked"', by="U0RAJ", number=3)

    assert asked(spy, 3) == ""
    assert asked(spy, 3, reader="U0RAJ") == ""


def test_a_private_one_is_named_to_its_own_people_alone_and_not_in_a_channel(spy: SpyKit):
    private(spy, by="U0RAJ")

    declared(spy, '"payroll leaked"', by="U0RAJ", number=3)

    assert asked(spy, 3) == ""
    assert asked(spy, 3, reader="U0RAJ").startswith(
        "*INC-2 sounds like this: please look.* payroll data leaked"
    )


def test_who_was_removed_meanwhile_is_not_told(spy: SpyKit):
    private(spy, by="U0RAJ")
    declared(spy, '"payroll leaked"', by="U0RAJ", number=3)
    spy.notice(Left(id="left", channel="C0INC2", person="U0RAJ"))

    assert asked(spy, 3, reader="U0RAJ") == ""


def test_a_private_one_hears_of_public_ones_in_its_own_channel(spy: SpyKit):
    declared(spy, '"checkout leaks cards" private')

    assert asked(spy, 2).startswith("*INC-1 sounds like this: please look.*")


# --- words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Payments API returns 500s in EU", {"payment", "api", "return", "500s", "eu"}),
        (
            "Die Zahlungen über PayPal schlagen fehl",
            {"die", "zahlungen", "über", "paypal", "schlagen", "fehl"},
        ),
        ("<@U0RAJ> says *cart* &amp; <#C1|search> hang", {"cart", "search", "hang", "say"}),
        ("支払い が 失敗", {"支払い", "失敗"}),
        ("", set()),
    ],
)
def test_words_that_tell_what_is_wrong_are_found_in_any_language(text: str, words: set[str]):
    assert words <= telling_words(text)


def test_an_unknown_person_is_told_of_nothing_private(spy: SpyKit):
    private(spy, by="U0RAJ")
    with spy.tx() as tx:
        People(tx).met("U0RAJ", Profile(name="Raj Patel", is_deactivated=True))

    declared(spy, '"payroll leaked"', by="U0KIM", number=3)

    assert asked(spy, 3, reader="U0KIM") == ""
