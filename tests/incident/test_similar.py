"""Past incidents that resemble one, by facts only, with how they ended."""

import pytest

from bot.commands.request import Response
from bot.ports import Profile
from bot.services.people import People
from bot.testing import SpyKit
from tests.support.times import in_utc


def said(answer: Response) -> str:
    assert answer.message
    return in_utc(answer.message.text)


def past(
    spy: SpyKit, number: int, name: str, *words: str, by: str = "U0RAJ", how: str = "rolled back"
) -> None:
    """Let an incident come and go."""
    spy.say(f"incident me {name}", by=by)
    spy.create_channel(number, channel=f"C0INC{number}")
    for it in words:
        spy.say(it, by=by, channel=f"C0INC{number}")
    spy.clock.tick(minutes=42)
    spy.say(f'incident {number} resolve "{how}"', by=by)
    spy.clock.tick(hours=20)


def now(spy: SpyKit, number: int, name: str, *words: str) -> str:
    """Let one be open, and return what Spy says of similar ones."""
    spy.say(f"incident me {name}")
    spy.create_channel(number, channel=f"C0INC{number}")
    for it in words:
        spy.say(it, channel=f"C0INC{number}")
    return said(spy.say("incident similar", channel=f"C0INC{number}"))


def test_one_with_the_same_words_is_told_with_its_end(spy: SpyKit):
    past(spy, 1, '"checkout rejects cards" sev1', 'incident cause "expired certificate"', how="renewed it")

    answer = now(spy, 2, '"cards rejected in checkout"')

    assert answer.startswith("*Past incidents like INC-2 cards rejected in checkout*, likeliest first:")
    assert "• *INC-1 checkout rejects cards* · sev1 · resolved " in answer
    assert "12:42 UTC after 42 min: renewed it" in answer
    assert "cause: expired certificate" in answer
    assert "in common: the words card, checkout" in answer


@pytest.mark.parametrize("words", ["is down", "search hangs"])
def test_one_with_other_words_is_not_told(spy: SpyKit, words: str):
    past(spy, 1, '"checkout is down"')

    assert now(spy, 2, f'"{words}"').startswith("No past incident resembles INC-2")


def test_the_same_runbook_is_enough(spy: SpyKit):
    past(spy, 1, '"login hangs"', "runbook nobody-answers team=payments")

    answer = now(spy, 2, '"export stuck"', "runbook nobody-answers team=payments")

    assert "in common: runbook nobody-answers" in answer


def test_the_same_service_of_a_suspected_change_is_enough(spy: SpyKit):
    spy.say('change "release 41" on cart')
    past(spy, 1, '"login hangs"', "incident suspect 1")
    spy.say('change "release 57" on cart')

    answer = now(spy, 2, '"export stuck"', "incident suspect 2")

    assert "INC-1 login hangs" not in answer or "in common: service cart" in answer
    assert "service cart" in answer


def test_the_likeliest_comes_first_and_five_are_enough(spy: SpyKit):
    for number in range(1, 8):
        past(spy, number, f'"checkout trouble {number}"' if number != 3 else '"checkout rejects cards"')

    answer = now(spy, 8, '"checkout rejects cards again"')

    lines = [it for it in answer.splitlines() if it.startswith("•")]
    assert lines[0].startswith("• *INC-3 checkout rejects cards*")
    assert len(lines) == 5


def test_open_ones_and_merged_ones_and_drills_are_left_out(spy: SpyKit):
    spy.say('incident me "checkout rejects cards"', by="U0RAJ")
    spy.say('incident me "checkout rejects cards too"', by="U0KIM")
    spy.say("incident 2 merge 1", by="U0KIM")
    past(spy, 3, '"checkout rejects cards" drill')

    assert now(spy, 4, '"checkout rejects cards in EU"').startswith("No past incident resembles INC-4")


def test_a_private_one_is_told_to_its_people_alone(spy: SpyKit):
    past(spy, 1, '"payroll data leaked" private', by="U0RAJ")
    spy.say('incident me "payroll leaked"', by="U0KIM")

    ana = spy.say("incident 2 similar", by="U0ANA")
    raj = spy.say("incident 2 similar", by="U0RAJ")

    assert "INC-1" not in said(ana)
    assert "INC-1 payroll data leaked" in said(raj)
    assert not raj.shared


def test_a_private_one_with_the_same_runbook_is_told_to_nobody_else(spy: SpyKit):
    past(spy, 1, '"secret thing" private', "runbook nobody-answers team=payments", by="U0RAJ")

    answer = now(spy, 2, '"export stuck"', "runbook nobody-answers team=payments")

    assert answer.startswith("No past incident resembles INC-2")


def test_a_guest_sees_only_those_in_whose_channels_they_are(spy: SpyKit):
    past(spy, 1, '"checkout rejects cards"')
    spy.say('incident me "checkout rejects cards again"')
    spy.create_channel(2, channel="C0INC2")
    with spy.tx() as tx:
        People(tx).met("U0GUEST", Profile(name="Guest", is_guest=True))

    answer = spy.say("incident similar", by="U0GUEST", channel="C0INC2")

    assert "INC-1" not in said(answer)


def test_outside_a_channel_spy_asks_which_is_meant(spy: SpyKit):
    past(spy, 1, '"checkout rejects cards"')
    spy.say('incident me "checkout rejects cards again"')

    assert said(spy.say("incident similar")).startswith("Which incident?")
    assert "INC-1" in said(spy.say("incident similar 2"))
