"""Several people on call at once, on a shift-based schedule: all are warned, and one is covered."""

from dataclasses import replace

import pytest

from bot.domain.effects import UpsertMessage
from bot.ports import Rejected
from tests.support.on_call import DAY, HOUR, NOON, Rota

MONDAY = NOON + 7 * DAY - 3 * HOUR
WEEK = 7 * DAY


@pytest.fixture
def rota() -> Rota:
    """Ana and Raj are on call together, for the week from Monday."""
    rota = Rota()
    rota.beside("ana", MONDAY, MONDAY + WEEK)
    rota.beside("raj", MONDAY, MONDAY + WEEK)
    rota.sync()
    return rota


def warned(rota: Rota, who: str) -> int:
    shows = [it for it in rota.spy.asked(UpsertMessage) if it.message_type == "warning" and it.to == who]
    return len({it.slot for it in shows})


def test_everyone_is_warned_before_a_shift_that_several_share(rota: Rota):
    rota.pass_time(MONDAY - rota.now + HOUR)

    assert warned(rota, "U0ANA") == warned(rota, "U0RAJ") == 4


def test_a_cover_replaces_only_who_asked_for_it(rota: Rota):
    rota.spy.say("oncall cover 2026-11-30 18:00-20:00", by="U0ANA")

    rota.spy.say("oncall cover accept 1", by="U0KIM", channel="C0IMOC")
    rota.deliver_promises()
    rota.sync()

    start = MONDAY + 9 * HOUR
    turns = rota.pager.shifts(["PSCH1"], since=start, until=start + 2 * HOUR)
    assert {turn.name for turn in turns} == {"Kim Park", "Raj Patel"}


def test_a_partner_of_the_shift_can_cover_it(rota: Rota):
    rota.spy.say("oncall cover 2026-11-30 18:00-20:00 <@U0RAJ>", by="U0ANA")

    rota.spy.say("oncall cover accept 1", by="U0RAJ")
    rota.deliver_promises()
    rota.sync()

    start = MONDAY + 9 * HOUR
    turns = rota.pager.shifts(["PSCH1"], since=start, until=start + 2 * HOUR)
    assert {turn.name for turn in turns} == {"Raj Patel"}
    with rota.spy.tx() as tx:
        mine = [it for it in tx.session.shifts.of_person("U0RAJ", since=NOON) if not it.gone_at]
    assert [(it.start, it.end) for it in mine] == [(MONDAY, MONDAY + WEEK)]


def test_nobody_is_replaced_if_the_shift_of_who_asked_is_not_found(rota: Rota):
    rota.spy.say("oncall cover 2026-11-30 18:00-20:00", by="U0ANA")
    rota.spy.say("oncall cover accept 1", by="U0KIM", channel="C0IMOC")
    with rota.spy.tx() as tx:
        for it in tx.session.shifts.of_person("U0ANA", since=NOON):
            tx.session.shifts.put(replace(it, person=None))

    with pytest.raises(Rejected, match="Spy no longer finds the shift"):
        rota.deliver_promises()

    start = MONDAY + 9 * HOUR
    turns = rota.pager.shifts(["PSCH1"], since=start, until=start + 2 * HOUR)
    assert {turn.name for turn in turns} == {"Ana Lima", "Raj Patel"}
