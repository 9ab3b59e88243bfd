"""Odd rotas, on the moving clock: clocks that change, overlapping and empty schedules, many teams, no Slack."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.effects import UpsertMessage
from bot.domain.oncall.cover import CoverRequest
from bot.domain.oncall.shift import Shift
from bot.domain.policy import Policy, Team
from bot.testing import POLICY
from tests.support.on_call import DAY, HOUR, NOON, Rota, turn

MONDAY = NOON + 7 * DAY - 3 * HOUR
WEEK = 7 * DAY


@pytest.fixture
def rota() -> Rota:
    return Rota()


def said(rota: Rota, words: str, *, by: str, channel: str | None = None) -> str:
    message = rota.spy.say(words, by=by, channel=channel).message
    assert message
    return message.text


def warnings(rota: Rota, who: str) -> list[UpsertMessage]:
    shows = [it for it in rota.spy.asked(UpsertMessage) if it.message_type == "warning" and it.to == who]
    return list({it.slot: it for it in shows}.values())


def shifts_of(rota: Rota, who: str) -> Sequence[Shift]:
    with rota.spy.tx() as tx:
        return tx.session.shifts.of_person(who, since=rota.now)


# --- clocks that change -----------------------------------------------------------------------------------


def test_a_shift_over_the_night_when_clocks_go_forward_keeps_its_hours(rota: Rota):
    """In Lisbon 01:00 becomes 02:00 on 28 March 2027: from 22:00 to 08:00 are nine hours."""
    start, end = datetime(2027, 3, 27, 22, tzinfo=UTC), datetime(2027, 3, 28, 7, tzinfo=UTC)
    rota.pass_time(start - 8 * DAY - NOON)
    rota.on("ana", start, end)
    rota.sync()

    assert "Sat 27 Mar 22:00 to Sun 28 Mar 08:00 (Europe/Lisbon)" in said(rota, "oncall me", by="U0ANA")
    rota.pass_time(end - rota.now)
    sent = {str(it): told.at for it, told in _ended(rota, "U0ANA", start).told.items()}
    assert sent["7d"] == start - 7 * DAY
    assert sent["1h"] == start - HOUR
    assert sent["20270328T070000Z"] == end - HOUR


def _ended(rota: Rota, who: str, start: datetime) -> Shift:
    with rota.spy.tx() as tx:
        found = tx.session.shifts.on("PSCH1", since=start, until=start + HOUR)
    return next(it for it in found if it.person == who)


def test_cover_of_an_hour_that_comes_twice_is_of_the_first_one_or_named_in_utc(rota: Rota):
    """In Lisbon 01:30 comes twice on 31 October 2027."""
    start, end = datetime(2027, 10, 30, 20, tzinfo=UTC), datetime(2027, 10, 31, 8, tzinfo=UTC)
    rota.pass_time(start - 2 * DAY - NOON)
    rota.on("ana", start, end)
    rota.sync()

    said(rota, "oncall cover 2027-10-31 01:30z-03:00z", by="U0ANA")

    [cover] = _covers(rota)
    assert (cover.start, cover.end) == (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), end.replace(hour=3))


def _covers(rota: Rota) -> Sequence[CoverRequest]:
    with rota.spy.tx() as tx:
        return tx.session.covers.open()


# --- overlapping and empty schedules ----------------------------------------------------------------------


def test_on_two_schedules_at_once_each_is_warned_of_and_cover_is_asked_of_both_teams(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + WEEK)
    rota.pager.schedules["PSCH2"] = [turn("PSCH2", "ana@example.com", MONDAY + DAY, MONDAY + WEEK)]
    rota.sync()

    said(rota, "oncall cover 2026-12-02 18:00-20:00", by="U0ANA")
    rota.pass_time(MONDAY + 2 * DAY - rota.now)

    assert sorted((it.schedule, it.team) for it in _covers(rota)) == [
        ("PSCH1", "imoc"),
        ("PSCH2", "payments"),
    ]
    assert len(warnings(rota, "U0ANA")) == 8


def test_a_schedule_that_becomes_empty_warns_nobody_more_and_says_whose_shift_went(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + WEEK)
    rota.sync()
    rota.pass_time(HOUR)
    before = len(warnings(rota, "U0ANA"))

    rota.empty()
    rota.sync()
    rota.pass_time(2 * WEEK)

    assert len(warnings(rota, "U0ANA")) == before
    assert "I found no shifts of yours" in said(rota, "oncall me", by="U0ANA")


def test_entries_of_one_person_that_overlap_are_one_shift(rota: Rota):
    rota.beside("ana", MONDAY, MONDAY + 2 * DAY)
    rota.beside("ana", MONDAY + DAY, MONDAY + 3 * DAY)

    rota.sync()

    assert [(it.start, it.end) for it in shifts_of(rota, "U0ANA")] == [(MONDAY, MONDAY + 3 * DAY)]


# --- day shifts -------------------------------------------------------------------------------------------


def week_of_days(rota: Rota, who: str, monday: datetime) -> None:
    """Put a person on call from 9 to 17 on five days."""
    for day in range(5):
        rota.beside(who, monday + day * DAY, monday + day * DAY + 8 * HOUR)


def marks(rota: Rota, who: str) -> list[str]:
    return [it.mark.removeprefix(":") for it in warnings(rota, who)]


def test_day_shifts_of_a_week_are_warned_of_days_before_only_once(rota: Rota):
    week_of_days(rota, "ana", MONDAY)
    rota.sync()
    said(rota, "oncall ready", by="U0ANA")

    for _ in range(12 * 24):
        rota.pass_time(HOUR)
        rota.sync()

    assert marks(rota, "U0ANA") == ["7d", "1d"] + ["1h", "start"] * 5
    assert rota.texts("unready", "C0IMOC") == []


def test_the_week_after_is_warned_of_again(rota: Rota):
    week_of_days(rota, "ana", MONDAY)
    week_of_days(rota, "ana", MONDAY + WEEK)
    rota.sync()

    rota.pass_time(MONDAY + 2 * WEEK - rota.now)

    assert sorted(marks(rota, "U0ANA")).count("7d") == 2


def test_when_the_day_before_goes_to_another_the_next_one_is_warned_of_in_full(rota: Rota):
    week_of_days(rota, "ana", MONDAY)
    rota.sync()
    rota.pager.schedules["PSCH1"] = [
        it if it.start != MONDAY else replace(it, user="PURAJ", name="Raj Patel", email="raj@example.com")
        for it in rota.pager.schedules["PSCH1"]
    ]

    rota.sync()

    tuesday = next(it for it in shifts_of(rota, "U0ANA"))
    assert (tuesday.start, tuesday.goes_on) == (MONDAY + DAY, False)


def test_only_the_first_of_them_is_to_be_answered(rota: Rota):
    week_of_days(rota, "ana", MONDAY)
    rota.sync()

    said(rota, "oncall ready", by="U0ANA")

    assert said(rota, "oncall me", by="U0ANA").count("continues, no answer needed") == 4
    assert "You have confirmed all your shifts." in said(rota, "oncall ready", by="U0ANA")


# --- many teams -------------------------------------------------------------------------------------------


def in_three_teams(schedules: Sequence[str]) -> Policy:
    keys = ("imoc", "payments", "search")
    teams = {
        key: Team(key=key, channel=f"C0{key[:3].upper()}", service="PSVC1", schedule=schedule)
        for key, schedule in zip(keys, schedules, strict=True)
    }
    return replace(POLICY, teams=teams)


def test_someone_in_three_teams_hears_of_each_shift():
    rota = Rota(in_three_teams(("PSCH1", "PSCH2", "PSCH3")))
    for schedule in ("PSCH1", "PSCH2", "PSCH3"):
        rota.pager.schedules[schedule] = [turn(schedule, "raj@example.com", MONDAY, MONDAY + WEEK)]
    rota.sync()

    assert sorted(it.team for it in shifts_of(rota, "U0RAJ")) == ["imoc", "payments", "search"]
    assert said(rota, "oncall me", by="U0RAJ").count("not answered yet") == 3


def test_one_schedule_of_three_teams_is_one_shift_and_warned_of_once():
    rota = Rota(in_three_teams(("PSCH1", "PSCH1", "PSCH1")))
    rota.on("raj", MONDAY, MONDAY + WEEK)

    for _ in range(3):
        rota.sync()
    rota.pass_time(MONDAY + HOUR - rota.now)

    assert len(shifts_of(rota, "U0RAJ")) == 1
    assert len(warnings(rota, "U0RAJ")) == 4


# --- no Slack ---------------------------------------------------------------------------------------------


def test_a_partner_without_slack_does_not_keep_the_other_from_being_warned(rota: Rota):
    del rota.chat.profiles["U0KIM"]
    rota.beside("kim", MONDAY, MONDAY + WEEK)
    rota.beside("ana", MONDAY, MONDAY + WEEK)

    rota.sync()
    rota.pass_time(MONDAY + HOUR - rota.now)

    assert len(warnings(rota, "U0ANA")) == 4
    assert len(rota.texts("stranger", "C0IMOC")) == 1
    assert "Kim Park" in rota.texts("stranger", "C0IMOC")[0]


# --- shifts that grow together ----------------------------------------------------------------------------


def test_who_covers_right_before_their_own_shift_keeps_it_and_reads_so(rota: Rota):
    """Raj is on call from Tuesday 18:00, and covers the two hours before."""
    rota.on("ana", NOON - 3 * HOUR, NOON + 30 * HOUR)
    rota.on("raj", NOON + 30 * HOUR, NOON + 54 * HOUR)
    rota.sync()
    said(rota, "oncall ready", by="U0RAJ")
    said(rota, "oncall cover 2026-11-24 16:00 - 2026-11-24 18:00 <@U0RAJ>", by="U0ANA")
    said(rota, "oncall cover accept 1 anyway", by="U0RAJ")
    rota.deliver_promises()

    rota.sync()

    [text] = rota.texts("warning", "U0RAJ")
    assert "now part of a longer one of yours: Tue 24 Nov 21:30 to Wed 25 Nov 23:30 (Asia/Kolkata)" in text
    assert "no longer yours" not in text.casefold()
    assert "Tue 24 Nov 21:30 to Wed 25 Nov 23:30" in said(rota, "oncall me", by="U0RAJ")


def test_a_shift_that_begins_earlier_in_the_pager_is_not_said_to_be_lost(rota: Rota):
    rota.on("raj", NOON + 20 * HOUR, NOON + 44 * HOUR)
    rota.sync()
    rota.on("raj", NOON + 10 * HOUR, NOON + 20 * HOUR)
    rota.sync()

    texts = rota.texts("warning", "U0RAJ")
    assert not any("no longer yours" in it.casefold() for it in texts)
    assert any("This is new" in it for it in texts)


def test_the_owner_reads_that_an_unconfirmed_shift_became_longer(rota: Rota):
    rota.on("raj", NOON + HOUR, NOON + 20 * HOUR)
    rota.sync()
    rota.pass_time(HOUR / 2)
    rota.on("raj", rota.now, NOON + HOUR)
    rota.sync()

    text = rota.texts("unready", "C0IMOC")[0]
    assert "now part of a longer one of Raj Patel" in text
    assert "They have not confirmed it." in text


def test_a_shift_beside_others_that_goes_to_nobody_of_its_own_names_who_has_it(rota: Rota):
    rota.on("raj", NOON + 20 * HOUR, NOON + 44 * HOUR)
    rota.sync()
    rota.on("kim", NOON + 20 * HOUR, NOON + 44 * HOUR)
    rota.sync()

    assert "*No longer yours*" in rota.texts("warning", "U0RAJ")[0]
    assert "Kim Park has it." in rota.texts("warning", "U0RAJ")[0]
