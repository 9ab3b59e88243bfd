"""Work periods and the relief escalation: by day, by night, over several incidents, and hours that add up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.policy import Timers
from bot.domain.refusal import Refusal
from bot.domain.relief.relief import (
    COMMAND,
    WorkPeriod,
    adds_up,
    began,
    climb,
    day_began,
    due,
    fine,
    next_step,
    on_duty,
    overdue,
    people_working,
    work_period_agenda,
)
from bot.domain.subject import IncidentChannel
from bot.domain.timer import Timer

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TIMERS = Timers()
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def leading(*, since: datetime = NOON, number: int = 7) -> WorkPeriod:
    return began(number, "U0ANA", 42, COMMAND, at=since)


def past(start: timedelta, end: timedelta, *, number: int = 1) -> WorkPeriod:
    """A work period that began and ended so long before noon."""
    return replace(leading(since=NOON - start, number=number), on={}, ended_at=NOON - end)


def minutes(period: WorkPeriod, most: int, zone: tzinfo = UTC) -> list[float]:
    """How many minutes after its start each step comes."""
    return [(at - period.started_at) / MINUTE for _, at in islice(climb(period, zone, TIMERS), most)]


def send(period: WorkPeriod, timer: Timer, at: datetime | None = None) -> WorkPeriod:
    return period.after(timer.sent_event(at or timer.due_at, to=IncidentChannel(42)))


def declared(number: int = 42) -> Incident:
    return Incident.declared(number, events.Declared(at=NOON, by="U0ANA", name="checkout is down"))


# --- the escalation -------------------------------------------------------------------------------------------


def test_by_day_the_ladder_is_45_60_75_90_and_then_hourly():
    assert minutes(leading(), 7) == [45, 60, 75, 90, 150, 210, 270]


def test_by_night_the_ladder_is_halved():
    period = leading(since=datetime(2026, 11, 23, 23, 0, tzinfo=UTC))

    assert minutes(period, 5) == [22.5, 30, 37.5, 45, 75]


def test_night_is_where_the_person_is():
    noon_is_morning_there = leading(since=datetime(2026, 11, 23, 11, 0, tzinfo=UTC))

    assert minutes(noon_is_morning_there, 2, NEW_YORK) == [22.5, 30]
    assert minutes(noon_is_morning_there, 2, BERLIN) == [45, 60]


def test_a_stretch_into_the_night_is_halved_from_ten_o_clock_on():
    period = leading(since=datetime(2026, 11, 23, 21, 40, tzinfo=UTC))

    assert minutes(period, 2) == [32.5, 40]


def test_a_stretch_into_the_morning_weighs_double_only_until_seven():
    period = leading(since=datetime(2026, 11, 23, 6, 40, tzinfo=UTC))

    assert minutes(period, 2) == [25, 40]


def test_the_night_in_which_the_clocks_go_back_is_an_hour_longer():
    before_midnight = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)

    morning = due(before_midnight, timedelta(hours=20), BERLIN, TIMERS)

    assert morning == datetime(2026, 10, 25, 6, 0, tzinfo=UTC), "22:00 to 07:00 that night are ten hours"


def test_the_night_in_which_the_clocks_go_forward_is_an_hour_shorter():
    evening = datetime(2026, 3, 28, 21, 0, tzinfo=UTC)

    morning = due(evening, timedelta(hours=16), BERLIN, TIMERS)

    assert morning == datetime(2026, 3, 29, 5, 0, tzinfo=UTC), "22:00 to 07:00 that night are eight hours"


def test_a_night_may_lie_within_one_day():
    sleeps_by_day = replace(TIMERS, night_from=9, night_until=17)

    assert due(NOON, HOUR, UTC, sleeps_by_day) == NOON + 30 * MINUTE


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  hypothesis takes its bounds naive
    st.timedeltas(MINUTE, timedelta(days=3)),
    st.timedeltas(MINUTE, timedelta(days=3)),
)
def test_a_ladder_never_takes_longer_than_by_day_nor_shorter_than_by_night(
    start: datetime, load: timedelta, more: timedelta
):
    at = due(start, load, BERLIN, TIMERS)

    assert start + load / 2 <= at <= start + load
    assert due(start, load + more, BERLIN, TIMERS) > at


def test_the_next_rung_follows_the_last_one_spoken():
    period = leading()

    period = send(period, next_step(period, UTC, TIMERS))

    assert next_step(period, UTC, TIMERS).due_at == NOON + 60 * MINUTE


def test_of_several_missed_rungs_the_highest_speaks_for_all():
    missed = overdue(leading(), UTC, TIMERS, now=NOON + 100 * MINUTE)

    assert [(it.occurrence.n, it.due_at) for it in missed] == [("manager", NOON + 90 * MINUTE)]


def test_after_a_missed_stretch_the_ladder_goes_on_above():
    period = leading()
    [missed] = overdue(period, UTC, TIMERS, now=NOON + 100 * MINUTE)

    period = send(period, missed, NOON + 100 * MINUTE)

    assert next_step(period, UTC, TIMERS).due_at == NOON + 150 * MINUTE
    assert not overdue(period, UTC, TIMERS, now=NOON + 149 * MINUTE)


def test_each_rung_of_each_stretch_has_a_key_of_its_own():
    keys = [next_step(leading(number=number), UTC, TIMERS).key for number in (7, 8)]

    assert keys == ["person:U0ANA/relief/7.warn", "person:U0ANA/relief/8.warn"]


# --- I'm fine ---------------------------------------------------------------------------------------------


def test_fine_holds_up_the_next_rung_for_half_an_hour_and_the_others_with_it():
    period = fine(leading(), at=NOON + 50 * MINUTE, zone=UTC, timers=TIMERS)

    assert minutes(period, 5) == [45, 80, 95, 110, 170]


def test_fine_is_half_an_hour_by_night_too():
    late = leading(since=datetime(2026, 11, 23, 23, 0, tzinfo=UTC))

    period = fine(late, at=late.started_at + 25 * MINUTE, zone=UTC, timers=TIMERS)

    assert minutes(period, 3) == [22.5, 55, 62.5]


def test_fine_is_said_once_a_stretch():
    period = fine(leading(), at=NOON + 50 * MINUTE, zone=UTC, timers=TIMERS)

    with pytest.raises(Refusal, match="already used this once"):
        fine(period, at=NOON + 82 * MINUTE, zone=UTC, timers=TIMERS)


def test_fine_is_kept_for_when_it_helps():
    with pytest.raises(Refusal, match="before 12:45"):
        fine(leading(), at=NOON + 5 * MINUTE, zone=UTC, timers=TIMERS)


# --- work periods --------------------------------------------------------------------------------------------


def test_handing_over_one_incident_while_leading_another_is_no_rest():
    period = leading().joined(43, COMMAND).left(42, at=NOON + 50 * MINUTE)

    assert period.is_running
    assert next_step(period, UTC, TIMERS).due_at == NOON + 45 * MINUTE
    assert (period.led, period.was_on) == ((43,), (42, 43))


def test_leaving_the_last_incident_ends_the_stretch_and_all_that_was_due():
    period = leading().left(42, at=NOON + 50 * MINUTE)

    assert period.lasted(NOON + 3 * HOUR) == 50 * MINUTE
    assert work_period_agenda(period, UTC, TIMERS) == []
    assert overdue(period, UTC, TIMERS, now=NOON + 3 * HOUR) == []


def test_at_work_are_the_commander_and_who_has_a_role():
    incident = declared().after(events.RoleGiven(at=NOON, by="U0ANA", role="scribe", person="U0RAJ"))

    assert people_working(incident) == {"U0ANA": COMMAND, "U0RAJ": "scribe"}


def test_a_commander_who_has_a_role_as_well_leads():
    incident = declared().after(events.RoleGiven(at=NOON, by="U0ANA", role="scribe", person="U0ANA"))

    assert people_working(incident) == {"U0ANA": COMMAND}


def test_nobody_is_at_work_on_what_is_over():
    assert people_working(declared().after(events.Resolved(at=NOON, by="U0ANA"))) == {}


# --- hours that add up ------------------------------------------------------------------------------------


def test_eight_hours_in_one_stretch_are_eight_hours():
    assert adds_up(leading(), [], 8 * HOUR) == NOON + 8 * HOUR


def test_hours_of_earlier_stretches_count():
    earlier = [past(10 * HOUR, 5 * HOUR), past(3 * HOUR, 2 * HOUR, number=2)]

    assert on_duty(earlier, until=NOON) == 6 * HOUR
    assert adds_up(leading(), earlier, 8 * HOUR) == NOON + 2 * HOUR


def test_hours_of_more_than_a_day_ago_do_not_count():
    assert adds_up(leading(), [past(40 * HOUR, 30 * HOUR)], 8 * HOUR) == NOON + 8 * HOUR


def test_while_as_much_falls_out_of_the_day_as_is_added_it_stays_as_it_is():
    yesterday = past(23 * HOUR, 17 * HOUR)

    due_at = adds_up(leading(), [yesterday], 8 * HOUR)

    assert due_at == NOON + 8 * HOUR
    assert on_duty([yesterday, leading()], until=due_at) == 8 * HOUR


def test_who_comes_back_above_the_mark_hears_so_at_once():
    assert adds_up(leading(), [past(10 * HOUR, HOUR)], 8 * HOUR) == NOON


@given(st.lists(st.integers(1, 300), max_size=12), st.integers(1, 23))
def test_the_moment_found_is_the_first_at_which_the_hours_add_up(gaps: list[int], hours: int):
    earlier, edge = [], timedelta()
    for off, on in zip(gaps[::2], gaps[1::2], strict=False):
        earlier.append(past(edge + (off + on) * MINUTE, edge + off * MINUTE))
        edge += (off + on) * MINUTE
    period = leading()

    due_at = adds_up(period, earlier, hours * HOUR)

    assert on_duty([*earlier, period], until=due_at) >= hours * HOUR
    if due_at > NOON:
        assert on_duty([*earlier, period], until=due_at - MINUTE) < hours * HOUR


def test_the_day_begins_with_the_first_duty_after_a_night():
    yesterday, morning = past(30 * HOUR, 15 * HOUR), past(6 * HOUR, 5 * HOUR)

    assert day_began(leading(), [yesterday, morning], UTC) == NOON - 6 * HOUR


def test_an_afternoon_off_duty_is_no_night():
    evening = leading(since=NOON + 7 * HOUR)

    assert day_began(evening, [past(6 * HOUR, 5 * HOUR)], UTC) == NOON - 6 * HOUR


def test_sixteen_hours_off_duty_are_a_rest_at_any_time():
    evening = leading(since=NOON + 10 * HOUR)

    assert day_began(evening, [past(7 * HOUR, 6 * HOUR)], UTC) == evening.started_at


def test_four_warnings_are_given_of_the_hours_each_once():
    period = leading()
    heard = []
    for _ in range(4):
        rest = [it for it in work_period_agenda(period, UTC, TIMERS) if it.reminder != "relief"]
        soonest = min(rest, key=lambda it: it.due_at)
        heard.append((soonest.reminder, soonest.occurrence.n, (soonest.due_at - NOON) / HOUR))
        period = send(period, soonest)

    assert heard == [
        ("duty", "warn", 8),
        ("duty", "ask", 12),
        ("day", "warn", 14),
        ("day", "ask", 16),
    ]
    assert [it.reminder for it in work_period_agenda(period, UTC, TIMERS)] == ["relief"]


def test_fourteen_hours_after_the_days_first_duty_a_new_stretch_is_warned_at_its_start():
    earlier = [past(15 * HOUR, 14 * HOUR), past(8 * HOUR, 7 * HOUR)]

    [warned] = overdue(leading(), UTC, TIMERS, earlier=earlier, now=NOON)

    assert (warned.reminder, warned.occurrence.n, warned.due_at) == ("day", "warn", NOON)


def test_what_an_earlier_stretch_of_the_day_heard_is_not_said_again():
    tired = past(11 * HOUR, 2 * HOUR)
    [warned] = [it for it in work_period_agenda(tired_running(tired), UTC, TIMERS) if it.reminder == "duty"]

    agenda = work_period_agenda(leading(), UTC, TIMERS, earlier=[send(tired, warned)])

    assert [it.occurrence.n for it in agenda if it.reminder == "duty"] == ["ask"]


def tired_running(period: WorkPeriod) -> WorkPeriod:
    return replace(period, ended_at=None, on={42: COMMAND})
