"""Rest: after a broken night, before cover, and who is asked first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.effects import OpenForm
from bot.domain.oncall.rest import DAY, Span, last_night, shortest_rest
from bot.domain.oncall.ring import PagerRing
from bot.domain.policy import Timers
from bot.ports import Profile
from tests.support.on_call import HOUR, NOON, Rota

MINUTE = timedelta(minutes=1)


@pytest.fixture
def rota() -> Rota:
    """It is Monday noon. Ana, in Lisbon (UTC), is on call all week."""
    rota = Rota()
    rota.on("ana", NOON - 3 * HOUR, NOON + 7 * DAY)
    rota.sync()
    return rota


def rang(rota: Rota, *at: datetime, person: str = "U0ANA") -> None:
    with rota.spy.tx() as tx:
        for n, it in enumerate(at):
            tx.session.rings.put(PagerRing(incident=f"Q{person}{n}{it:%d}", user="P1", at=it, person=person))


def sync_at(rota: Rota, at: datetime) -> None:
    rota.spy.clock.tick(seconds=(at - rota.now).total_seconds())
    rota.sync()


# --- after a night ----------------------------------------------------------------------------------------


def test_who_was_paged_at_night_is_offered_cover_in_the_morning_once(rota: Rota):
    rang(rota, NOON + 14 * HOUR, NOON + 15 * HOUR)
    sync_at(rota, NOON + 19 * HOUR)
    assert rota.texts("night", "U0ANA") == []

    for minutes in (0, 1, 59):
        sync_at(rota, NOON + 20 * HOUR + minutes * MINUTE)

    [text] = rota.texts("night", "U0ANA")
    assert "You were paged 2 times last night" in text
    assert "(02:00, 03:00)" in text
    assert "until Mon 30 Nov 12:00 (Europe/Lisbon)" in text


def test_a_second_night_is_offered_again(rota: Rota):
    rang(rota, NOON + 14 * HOUR, NOON + 38 * HOUR)
    sync_at(rota, NOON + 20 * HOUR)
    sync_at(rota, NOON + 44 * HOUR)

    assert len(rota.texts("night", "U0ANA")) == 2


@pytest.mark.parametrize("at", [NOON + 20 * HOUR - MINUTE, NOON + 22 * HOUR])
def test_nothing_is_offered_before_eight_or_from_ten_on(rota: Rota, at: datetime):
    rang(rota, NOON + 14 * HOUR)

    sync_at(rota, at)

    assert rota.texts("night", "U0ANA") == []


@pytest.mark.parametrize("at", [NOON + 9 * HOUR, NOON + 19 * HOUR])
def test_a_page_by_day_breaks_no_night(rota: Rota, at: datetime):
    rang(rota, at)

    sync_at(rota, NOON + 20 * HOUR)

    assert rota.texts("night", "U0ANA") == []


def test_who_is_not_on_call_that_day_is_left_alone(rota: Rota):
    rota.on("raj", NOON + 18 * HOUR, NOON + 60 * HOUR)
    rang(rota, NOON + 14 * HOUR)

    sync_at(rota, NOON + 20 * HOUR)

    assert rota.texts("night", "U0ANA") == []


def test_rest_is_offered_once_although_the_day_has_two_shifts():
    """Ana is on call until 8:30, and from 9:00 to 21:00."""
    rota = Rota()
    rota.on("ana", NOON - 3 * HOUR, NOON + 20.5 * HOUR)
    rota.on("raj", NOON + 20.5 * HOUR, NOON + 21 * HOUR)
    rota.on("ana", NOON + 21 * HOUR, NOON + 33 * HOUR)
    rota.sync()
    rang(rota, NOON + 14 * HOUR)

    for minutes in (0, 1, 31, 61):
        sync_at(rota, NOON + 20 * HOUR + minutes * MINUTE)

    [text] = rota.texts("night", "U0ANA")
    assert "until Tue 24 Nov 21:00 (Europe/Lisbon)" in text


def test_rest_is_offered_once_although_the_first_shift_went_to_somebody_else(rota: Rota):
    rota.pager.override("PSCH2", email="ana@example.com", start=NOON - 3 * HOUR, end=NOON + 5 * DAY)
    rang(rota, NOON + 14 * HOUR)
    sync_at(rota, NOON + 20 * HOUR)
    rota.on("raj", rota.now, NOON + 36 * HOUR)

    for minutes in (31, 32, 33):
        sync_at(rota, NOON + 20 * HOUR + minutes * MINUTE)

    assert len(rota.texts("night", "U0ANA")) == 1


def test_cover_for_today_is_refused_once_the_shift_is_over():
    rota = Rota()
    rota.on("ana", NOON - 3 * HOUR, NOON + 20.5 * HOUR)
    rota.sync()
    rota.spy.clock.tick(hours=22)

    for words in ("oncall find 1 today", "oncall find 1", "oncall ready 1"):
        assert "That shift is over." in rota.spy.say(words, by="U0ANA").message.text
    assert rota.spy.asked(OpenForm) == []


def test_morning_is_where_the_person_is(rota: Rota):
    rota.chat.profiles["U0ANA"] = Profile(
        name="Ana Lima", email="ana@example.com", zone="America/Los_Angeles"
    )
    rota.moves_to("America/Los_Angeles", person="U0ANA")
    rang(rota, NOON + 22 * HOUR)  # 02:00 there

    sync_at(rota, NOON + 20 * HOUR)
    assert rota.texts("night", "U0ANA") == []
    sync_at(rota, NOON + 28 * HOUR)

    assert "(02:00)" in rota.texts("night", "U0ANA")[0]


def test_the_offer_opens_the_form_for_today_with_who_carried_least(rota: Rota):
    rota.on("raj", NOON + 10 * DAY, NOON + 11 * DAY)
    rota.on("kim", NOON + 12 * DAY, NOON + 13 * DAY)
    rang(rota, NOON + 14 * HOUR)
    rang(rota, NOON - 2 * DAY, NOON - 3 * DAY, person="U0RAJ")
    rang(rota, NOON - 2 * DAY, person="U0KIM")
    sync_at(rota, NOON + 20 * HOUR)
    [offer] = rota.messages("night", "U0ANA")

    rota.spy.press("Find cover for today", offer, by="U0ANA", channel="D0ANA", trigger="1.2.trigger")

    [form] = rota.spy.asked(OpenForm)
    assert (form.facts["free"], form.facts["pages"]) == ("U0KIM", 1)
    assert form.facts["when"] == "2026-11-24 08:00 - 2026-11-25 00:00"


# --- before cover -----------------------------------------------------------------------------------------


def test_who_would_rest_too_little_is_told_and_decides(rota: Rota):
    rota.on("raj", NOON + 30 * HOUR, NOON + 42 * HOUR)
    rota.sync()
    rota.spy.say("oncall cover 2026-11-24 10:00 - 2026-11-24 18:00 <@U0RAJ>", by="U0ANA")

    told = rota.spy.say("oncall cover accept 1", by="U0RAJ").message
    assert "With this you would have 4 h without a shift or an incident" in told.text
    assert "Your organisation looks for 11 h in 24 h" in told.text
    rota.spy.press("Cover anyway", told, by="U0RAJ")
    rota.deliver_promises()

    assert "is on call instead of Ana Lima" in rota.texts("covering", "U0RAJ")[0]


def test_who_rests_enough_is_told_nothing(rota: Rota):
    rota.spy.say("oncall cover 2026-11-24 10:00 - 2026-11-24 18:00 <@U0RAJ>", by="U0ANA")

    assert "Thank you" in rota.spy.say("oncall cover accept 1", by="U0RAJ").message.text


# --- the arithmetic ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "zone", "start", "end"),
    [
        (datetime(2026, 11, 24, 8, tzinfo=UTC), "UTC", "2026-11-23T22", "2026-11-24T07"),
        (datetime(2026, 11, 24, 3, tzinfo=UTC), "UTC", "2026-11-22T22", "2026-11-23T07"),
        (datetime(2026, 10, 25, 9, tzinfo=UTC), "Europe/Lisbon", "2026-10-24T21", "2026-10-25T07"),
        (datetime(2026, 3, 29, 9, tzinfo=UTC), "Europe/Lisbon", "2026-03-28T22", "2026-03-29T06"),
    ],
)
def test_the_last_night_is_by_the_clock_of_the_zone(now: datetime, zone: str, start: str, end: str):
    night = last_night(now, zone, Timers())

    assert night
    assert [f"{it:%Y-%m-%dT%H}" for it in (night.start, night.end)] == [start, end]


HOURS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=5)


@given(hours=HOURS)
def test_the_shortest_rest_is_that_of_an_independent_reckoning(hours: list[tuple[int, int]]) -> None:
    around = Span(start=NOON + 30 * HOUR, end=NOON + 38 * HOUR)
    busy = [Span(start=NOON + at * HOUR, end=NOON + (at + length) * HOUR) for at, length in hours] + [around]
    at_work = {hour for it in busy for hour in range(-24, 99) if it.start <= NOON + hour * HOUR < it.end}

    def free(first: int) -> int:
        best = run = 0
        for hour in range(first, first + 24):
            run = 0 if hour in at_work else run + 1
            best = max(best, run)
        return best

    begins = [hour for hour in at_work if hour - 1 not in at_work]
    ends = [hour + 1 - 24 for hour in at_work if hour + 1 not in at_work]
    touching = [hour for hour in begins + ends if 6 < hour < 38]
    assert shortest_rest(busy, around)[0] == min(map(free, touching), default=24) * HOUR
