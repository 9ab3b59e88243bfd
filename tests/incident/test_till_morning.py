"""At night the cause can wait until the morning. The commander reads so once, and never after the night."""

from bot.domain.message import Message
from bot.testing import SpyKit
from tests.support.times import in_utc

ADD = "Add follow-up: find the cause, due Tue 24 Nov"


def mitigated(spy: SpyKit, *, after_hours: float) -> None:
    """INC-1 is declared at noon on Monday, and mitigated so long after."""
    spy.say("incident me checkout sev3")
    spy.clock.tick(hours=after_hours)
    spy.say("incident 1 status mitigated")


def offers(spy: SpyKit) -> list[Message]:
    spy.tick()
    return [it for it in spy.reminder_messages() if "can wait" in it.text or "follow-up" in it.text]


def labels(message: Message) -> list[str]:
    return [it.label for part in message.parts for it in getattr(part, "buttons", ())]


def test_it_names_the_day_and_the_hour_until_which_the_cause_can_wait(spy: SpyKit):
    mitigated(spy, after_hours=13)

    [text] = [in_utc(it.text) for it in offers(spy)]

    assert "*The cause of INC-1 checkout can wait until Tue 24 Nov 10:00.*" in text
    assert "It has been mitigated since" in text
    assert "tomorrow" not in text


def test_the_follow_up_is_due_on_the_day_that_the_message_names_and_is_offered_once(spy: SpyKit):
    mitigated(spy, after_hours=13)
    [offer] = offers(spy)

    spy.press(ADD, offer)

    with spy.tx() as tx:
        [noted] = tx.session.follow_ups.of(1)
    assert (noted.what, str(noted.due)) == ("find the cause", "2026-11-24")
    [left] = offers(spy)
    assert f"Follow-up {noted.number} is to find the cause." in left.text
    assert ADD not in labels(left)


def test_before_midnight_the_cause_can_wait_until_the_next_day(spy: SpyKit):
    mitigated(spy, after_hours=0)
    spy.clock.tick(hours=10)

    [offer] = offers(spy)

    assert ADD in labels(offer)


def test_after_the_night_nobody_reads_that_it_can_wait(spy: SpyKit):
    mitigated(spy, after_hours=0)
    spy.clock.tick(hours=21, minutes=30)

    assert not offers(spy)


def test_it_still_comes_late_in_the_night(spy: SpyKit):
    mitigated(spy, after_hours=0)
    spy.clock.tick(hours=18, minutes=30)

    [offer] = offers(spy)

    assert "This comes late" in offer.text


def test_the_card_does_not_wait_for_the_night(spy: SpyKit):
    mitigated(spy, after_hours=13)
    offers(spy)

    assert "for the night" not in spy.message_type("card", 1).text


def test_who_handed_over_is_no_longer_asked(spy: SpyKit):
    mitigated(spy, after_hours=13)
    [offer] = offers(spy)
    assert "Hand over" in labels(offer)
    spy.clock.tick(minutes=1)
    spy.say("incident 1 take", by="U0RAJ")
    spy.say("incident 1 accept", by="U0RAJ")

    assert spy.incident(1).commander == "U0RAJ"
    assert not offers(spy)
