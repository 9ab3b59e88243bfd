"""The brief at the beginning of a shift."""

from dataclasses import replace

import pytest

from bot.domain.oncall.ring import PagerRing
from bot.domain.policy import Timers
from bot.testing import POLICY
from tests.support.on_call import DAY, HOUR, NOON, Rota


def turned(rota: Rota) -> Rota:
    """Ana hands over to Raj at noon on Tuesday."""
    rota.on("ana", NOON, NOON + DAY)
    rota.on("raj", NOON + DAY, NOON + 2 * DAY)
    rota.sync()
    return rota


@pytest.fixture
def rota() -> Rota:
    return turned(Rota())


def begin(rota: Rota) -> str:
    rota.spy.clock.tick(seconds=(NOON + DAY - rota.now).total_seconds())
    rota.sync()
    return "\n".join(rota.texts("shift_brief", "U0RAJ"))


def test_the_next_one_hears_what_rang_and_how_often(rota: Rota):
    with rota.spy.tx() as tx:
        for n, (hours, service) in enumerate(((2, "PSVC1"), (14, "PSVC1"), (15, "PSVC1"), (3, None))):
            ring = PagerRing(
                incident=f"Q{n}", user="P1", at=NOON + hours * HOUR, person="U0ANA", service=service
            )
            tx.session.rings.put(ring)

    text = begin(rota)

    assert "*What you take over for :imoc* from Ana Lima, until Wed 25 Nov 17:30 (Asia/Kolkata)" in text
    assert "imoc: 3 (2 at night), a service that Spy does not know: 1" in text


def test_the_next_one_hears_of_what_is_open(rota: Rota):
    rota.spy.say('incident me "checkout is down" sev1', by="U0ANA")
    rota.spy.create_channel(1, channel="C0ROOM")
    rota.spy.say('incident me "secret" sev1 private', by="U0KIM")

    text = begin(rota)

    assert "INC-1 checkout is down · sev1 · triage" in text
    assert "secret" not in text


def test_after_a_gap_the_last_one_who_was_on_call_is_named():
    rota = Rota()
    rota.on("ana", NOON - 3 * HOUR, NOON + 5 * HOUR)
    rota.on("raj", NOON + 6 * HOUR, NOON + 20 * HOUR)
    rota.sync()
    with rota.spy.tx() as tx:
        ring = PagerRing(incident="Q1", user="P1", at=NOON + HOUR, person="U0ANA", service="PSVC1")
        tx.session.rings.put(ring)

    rota.spy.clock.tick(hours=6)
    rota.sync()

    [text] = rota.texts("shift_brief", "U0RAJ")
    assert "*What you take over for :imoc* from Ana Lima" in text
    assert "imoc: 1" in text


def test_a_quiet_shift_says_so(rota: Rota):
    text = begin(rota)

    assert "none that Spy knows of" in text
    assert "*Open incidents*: none." in text
    assert "*Deploy locks*: none." in text


def test_who_covers_from_now_on_takes_over_from_who_is_on_call():
    rota = Rota()
    rota.on("ana", NOON, NOON + 2 * DAY)
    rota.sync()
    rota.spy.clock.tick(hours=5)
    with rota.spy.tx() as tx:
        ring = PagerRing(incident="Q1", user="P1", at=NOON + HOUR, person="U0ANA", service="PSVC1")
        tx.session.rings.put(ring)
    rota.spy.say("oncall cover today 17:00-20:00 <@U0RAJ>", by="U0ANA")
    rota.spy.say("oncall cover accept 1", by="U0RAJ")
    rota.deliver_promises()
    rota.spy.tick()

    [text] = rota.texts("shift_brief", "U0RAJ")
    assert "from Ana Lima" in text
    assert "imoc: 1" in text


def test_a_brief_for_a_new_override_says_that_the_schedule_has_changed():
    rota = Rota()
    rota.on("ana", NOON - DAY, NOON + DAY)
    rota.sync()
    rota.spy.clock.tick(minutes=30)
    rota.on("raj", NOON + HOUR / 3, NOON + DAY)
    rota.sync()
    rota.spy.tick()

    [text] = rota.texts("shift_brief", "U0RAJ")
    assert "This is new: the schedule has just changed" in text
    assert "comes late" not in text


def test_it_comes_once(rota: Rota):
    begin(rota)
    rota.spy.clock.tick(minutes=5)
    rota.sync()

    assert len(rota.texts("shift_brief", "U0RAJ")) == 1


def test_it_can_be_switched_off():
    rota = turned(Rota(replace(POLICY, timers=Timers(shift_brief=False))))

    assert begin(rota) == ""
