"""Lines that name an incident, or offer it, change with it."""

from bot.services.channels import Channels
from bot.testing import SpyKit
from tests.alert.world import RESOLVED, hears, labels, line, lines, owned


def test_no_line_offers_an_incident_any_longer_once_it_is_private(spy: SpyKit):
    owned(spy)
    spy.say('incident me "a breach of checkout" sev3')
    spy.create_channel(1)
    for number in range(25):
        hears(spy, f"part {number}", service=f"service {number}")
    spy.deliver()
    spy.clock.tick(hours=3)
    before = len(lines(spy))

    with spy.tx() as tx:
        Channels(tx).made_private("C0INC1", by="U0ANA")

    assert {it.ref for it in lines(spy)[before:]} == set(range(1, 26))
    assert "Same as INC-1" not in labels(line(spy, 1))


def ends(spy: SpyKit, number: int = 1) -> list[str]:
    kinds = ("alert_resolved", "alert_fired_again")
    return [it.kind for it in spy.timeline(number) if it.kind in kinds]


def test_the_end_of_a_storm_is_told_when_none_of_its_alerts_fires(spy: SpyKit):
    hears(owned(spy), *"abcdef")
    spy.say("alert declare 1")

    hears(spy, "a", state=RESOLVED)
    hears(spy, *"bcde", state=RESOLVED)

    assert ends(spy) == []

    hears(spy, "f", state=RESOLVED)

    assert ends(spy) == ["alert_resolved"]
    assert "5 others" in spy.lines(1)[-1]


def test_a_storm_fires_again_once_with_its_first_alert(spy: SpyKit):
    hears(owned(spy), *"abcdef")
    spy.say("alert declare 1")
    hears(spy, *"abcdef", state=RESOLVED)
    spy.clock.tick(minutes=6)

    hears(spy, "b")
    hears(spy, "a")

    assert ends(spy) == ["alert_resolved", "alert_fired_again"]


def test_an_alert_that_joins_a_storm_after_its_end_fires_again(spy: SpyKit):
    hears(owned(spy), *"abcdef")
    spy.say("alert declare 1")
    hears(spy, *"abcdef", state=RESOLVED)

    hears(spy, "g")

    assert ends(spy) == ["alert_resolved", "alert_fired_again"]
    assert "g" in spy.lines(1)[-1]


def test_an_alert_that_left_a_storm_tells_of_itself_alone(spy: SpyKit):
    hears(owned(spy), *"abcdef")
    spy.say("alert declare 1")
    spy.say("alert declare 5 anyway", by="U0RAJ")

    hears(spy, "e", state=RESOLVED)

    assert (ends(spy, 1), ends(spy, 2)) == ([], ["alert_resolved"])
