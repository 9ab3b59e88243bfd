"""On call, as stories: warned in time, answered or not, moved an hour before, handed over, down for three hours."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.effects import UpsertMessage
from bot.domain.oncall.ring import PagerRing
from bot.domain.subject import Occurrence
from bot.ports import Unreachable
from bot.services.reminders import Reminders
from bot.testing import POLICY
from tests.support.on_call import DAY, HOUR, NOON, Rota, turn
from tests.support.times import in_utc

MONDAY = NOON + 7 * DAY - 3 * HOUR  # 9:00 UTC, which is 9:00 in Lisbon
WEEK = 7 * DAY


@pytest.fixture
def rota() -> Rota:
    return Rota()


def warned(rota: Rota, who: str) -> list[str]:
    """Return the occurrences of the warnings somebody got, in order."""
    return [it.mark.removeprefix(":") for it in first_shows(rota, "warning") if it.to == who]


def first_shows(rota: Rota, message_type: str) -> list[UpsertMessage]:
    shows = [it for it in rota.spy.asked(UpsertMessage) if it.message_type == message_type]
    return list({it.slot: it for it in reversed(shows)}.values())[::-1]


# --- the usual week ---------------------------------------------------------------------------------------


def test_a_shift_is_warned_of_four_times_and_its_handover_asked_for(rota: Rota):
    rota.on("ana", MONDAY + WEEK, MONDAY + 2 * WEEK)
    rota.sync()

    rota.pass_time(4 * WEEK)

    assert warned(rota, "U0ANA") == ["7d", "1d", "1h", "start"]
    assert len(first_shows(rota, "handover")) == 1


def test_shifts_and_cover_go_by_what_the_configuration_says_now(rota: Rota):
    rota.on("ana", MONDAY + 2 * WEEK, MONDAY + 3 * WEEK)
    rota.sync()
    rota.pass_time(15 * DAY)
    rota.spy.say("oncall cover 2026-12-15 18:00-20:00", by="U0ANA")
    warnings, reminder_messages = (7 * DAY, 3 * DAY, HOUR), (2 * HOUR,)
    timers = replace(POLICY.timers, shift_warnings=warnings, cover_reminders=reminder_messages)
    rota.spy.adopt(replace(POLICY, timers=timers))

    with rota.spy.tx() as tx:
        Reminders(tx).replan()
    rota.pass_time(2 * WEEK)

    assert warned(rota, "U0ANA") == ["7d", "3d", "1h"]
    assert not any("comes late" in it for it in rota.texts("warning", "U0ANA"))
    assert [it.mark for it in first_shows(rota, "cover")] == [":asked", ":2h"]


def test_a_warning_tells_the_time_in_the_persons_own_zone(rota: Rota):
    rota.on("raj", MONDAY + WEEK, MONDAY + 2 * WEEK)
    rota.sync()

    rota.pass_time(WEEK)

    assert rota.texts("warning", "U0RAJ") == [
        "*You are on call for :imoc in 6 d 21 h*: Mon 7 Dec 14:30 to Mon 14 Dec 14:30 (Asia/Kolkata)."
    ]


def test_a_warning_offers_what_to_do(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + WEEK)
    rota.sync()
    message = rota.messages("warning", "U0ANA")[0]

    rota.spy.press("I'm ready", message, by="U0ANA")

    after = rota.messages("warning", "U0ANA")[0]
    assert "You confirmed that you are ready." in after.text
    assert "I'm ready" not in str(after.parts)


def test_nobody_elses_shift_can_be_answered(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + WEEK)
    rota.sync()

    answer = rota.spy.say("oncall ready 1", by="U0RAJ")

    assert answer.message
    assert "That shift is not yours" in answer.message.text


# --- no answer --------------------------------------------------------------------------------------------


def test_the_owner_hears_an_hour_before_of_who_did_not_answer():
    teams = {**POLICY.teams, "imoc": replace(POLICY.teams["imoc"], manager="U0KIM")}
    rota = Rota(replace(POLICY, teams=teams))
    rota.on("ana", MONDAY, MONDAY + WEEK)
    rota.sync()

    rota.pass_time(MONDAY - rota.now - HOUR)

    assert rota.texts("unready", "U0KIM")[0].startswith(
        "*Ana Lima has not confirmed yet* that they are ready for :imoc"
    )


def test_what_the_owner_heard_is_mended_when_the_answer_comes(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + WEEK)
    rota.sync()
    rota.pass_time(MONDAY - rota.now)

    rota.spy.say("oncall ready", by="U0ANA")

    assert "Ana Lima confirmed 09:00 UTC" in in_utc(rota.texts("unready", "C0IMOC")[0])


def test_the_owner_hears_nothing_of_who_is_ready(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + WEEK)
    rota.sync()
    rota.spy.say("oncall ready", by="U0ANA")

    rota.pass_time(WEEK)

    assert rota.texts("unready", "C0IMOC") == []


# --- moved ------------------------------------------------------------------------------------------------


def test_a_shift_that_is_overridden_an_hour_before_warns_the_other_and_takes_the_first_ones_back(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + DAY)
    rota.sync()
    rota.pass_time(MONDAY - rota.now - 62 * timedelta(minutes=1))

    rota.on("raj", MONDAY, MONDAY + DAY)
    rota.sync()
    rota.pass_time(2 * HOUR)

    assert warned(rota, "U0ANA") == ["7d", "1d"]
    assert all(
        it.startswith("*No longer yours*") and "Raj Patel has it." in it
        for it in rota.texts("warning", "U0ANA")
    )
    assert warned(rota, "U0RAJ") == ["1d", "start"]


def test_a_shift_that_moves_by_hours_is_warned_of_anew_and_not_for_the_old_hour(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + DAY)
    rota.sync()
    rota.pass_time(MONDAY - rota.now - 12 * HOUR)
    rota.empty()
    rota.on("ana", MONDAY + 6 * HOUR, MONDAY + DAY)

    rota.sync()
    rota.pass_time(DAY)

    assert warned(rota, "U0ANA") == ["7d", "1d", "1d", "1h", "start"]
    assert rota.texts("warning", "U0ANA")[1].startswith("*No longer yours*")


def test_a_shift_that_is_swapped_and_swapped_back_is_not_warned_of_twice_for_the_same_hour(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + DAY)
    rota.sync()
    rota.pass_time(MONDAY - rota.now - 12 * HOUR)
    for who in ("raj", "ana"):
        rota.on(who, MONDAY, MONDAY + DAY)
        rota.sync()

    rota.pass_time(DAY)

    assert warned(rota, "U0ANA") == ["7d", "1d", "1h", "start"]


def test_a_shift_that_ends_earlier_is_to_be_handed_over_earlier(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + DAY)
    rota.sync()
    rota.on("raj", MONDAY + 8 * HOUR, MONDAY + DAY)
    rota.sync()

    rota.pass_time(MONDAY - rota.now + 7 * HOUR)

    assert [it.to for it in first_shows(rota, "handover")] == ["U0ANA"]


def test_who_stays_on_call_week_after_week_is_told_once_that_it_begins(rota: Rota):
    for week in range(4):
        start = MONDAY + week * WEEK
        rota.pager.schedules["PSCH1"].append(turn("PSCH1", "ana@example.com", start, start + WEEK))
    rota.sync()

    for _ in range(25):
        rota.pass_time(DAY)
        rota.pager.schedules["PSCH1"] = [it for it in rota.pager.schedules["PSCH1"] if it.end > rota.now]
        rota.sync()

    assert warned(rota, "U0ANA") == ["7d", "1d", "1h", "start"]


# --- clocks and zones -------------------------------------------------------------------------------------


def test_a_person_who_travels_is_warned_by_the_clock_of_where_they_are(rota: Rota):
    spring = NOON.replace(year=2027, month=3, day=28, hour=7)  # in Europe clocks go forward that night
    rota.on("ana", spring, spring + DAY)
    rota.pass_time(spring - rota.now - 3 * DAY)
    rota.sync()
    rota.moves_to("America/Los_Angeles", person="U0ANA")
    rota.sync()

    rota.pass_time(2 * DAY)

    assert warned(rota, "U0ANA") == ["7d", "1d"]
    with rota.spy.tx() as tx:
        shift = tx.session.shifts.get(1)
    assert shift
    assert (shift.zone, shift.told[Occurrence("warning", "1d")].at) == ("America/Los_Angeles", spring - DAY)


# --- trouble ----------------------------------------------------------------------------------------------


def test_after_three_hours_down_what_is_overdue_comes_once_and_says_so(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + WEEK)
    rota.sync()
    rota.pass_time(MONDAY - rota.now - 2 * HOUR)

    rota.spy.clock.tick(hours=3)
    rota.spy.tick()
    rota.pass_time(DAY)

    assert warned(rota, "U0ANA") == ["7d", "1d", "1h"]
    last = rota.texts("warning", "U0ANA")[-1]
    assert last.startswith("*You are on call for :imoc now*")
    assert "This comes late" in last
    assert len(rota.texts("unready", "C0IMOC")) == 1


def test_what_became_moot_while_spy_was_down_is_not_said(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + 2 * HOUR)
    rota.sync()
    said = len(rota.spy.asked(UpsertMessage))

    rota.spy.clock.tick(days=10)
    rota.spy.tick()

    assert len(rota.spy.asked(UpsertMessage)) == said


def test_a_pager_that_does_not_answer_takes_no_shift_away(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + WEEK)
    rota.sync()
    rota.pager.troubles = [Unreachable("PagerDuty did not answer")] * 2
    rota.sync()

    rota.pass_time(MONDAY - rota.now)

    assert warned(rota, "U0ANA") == ["7d", "1d", "1h", "start"]


def test_who_has_no_slack_account_is_reported_once(rota: Rota):
    del rota.chat.profiles["U0ANA"]
    rota.on("ana", MONDAY, MONDAY + WEEK)
    for _ in range(3):
        rota.sync()
        rota.pass_time(2 * DAY)

    heard = rota.texts("stranger", "C0IMOC")

    assert len(heard) == 1
    assert heard[0].startswith("*Ana Lima is on call for :imoc and can't be found in Slack*")
    assert first_shows(rota, "warning") == []


def test_who_gets_a_slack_account_later_is_warned_from_then_on(rota: Rota):
    ana = rota.chat.profiles.pop("U0ANA")
    rota.on("ana", MONDAY + WEEK, MONDAY + 2 * WEEK)
    rota.sync()
    rota.chat.profiles["U0ANA"] = ana
    rota.pass_time(DAY)
    rota.sync()

    rota.pass_time(2 * WEEK)

    assert warned(rota, "U0ANA") == ["7d", "1d", "1h", "start"]


def test_an_address_is_asked_for_once_a_day(rota: Rota):
    rota.on("ana", MONDAY, MONDAY + WEEK)
    for _ in range(5):
        rota.sync()
    rota.pass_time(DAY)
    rota.sync()

    assert rota.chat.calls.count("find_by_email") == 2


# --- handover ---------------------------------------------------------------------------------------------


def test_the_handover_lists_the_incidents_of_the_shift_and_no_others(rota: Rota):
    rota.on("ana", NOON, NOON + DAY)
    rota.sync()
    rota.spy.say('incident me "checkout is down" sev1', by="U0RAJ")
    rota.spy.say('incident me "a fire drill" drill', by="U0ANA")
    rota.spy.say('incident me "none of hers"', by="U0RAJ")
    rota.spy.say('incident me "payroll leaked" private', by="U0RAJ")

    rota.pass_time(23 * HOUR)

    heard = rota.texts("handover", "U0ANA")[0]
    assert heard.startswith("*Write your handover*")
    assert "INC-1 checkout is down" in heard
    assert "DRILL · INC-2" in heard
    assert "INC-3" not in heard
    assert "payroll" not in heard


# --- too many incidents -----------------------------------------------------------------------------------


def opens(rota: Rota, *words: str, by: str = "U0ANA") -> None:
    for it in words:
        rota.spy.say(f"incident me {it}", by=by)
        rota.pass_time(timedelta(minutes=1))
        rota.sync()


def test_at_the_third_incident_of_a_shift_relief_is_offered_once(rota: Rota):
    rota.on("ana", NOON, NOON + DAY)
    rota.sync()
    rota.pass_time(HOUR)
    opens(rota, '"one"', '"a fire drill" drill', '"two"')
    opens(rota, '"none of hers"', by="U0RAJ")
    before = rota.texts("overload", "U0ANA")

    opens(rota, '"three"', '"four"')

    assert before == []
    assert len(first_shows(rota, "overload")) == 1
    heard = rota.messages("overload", "U0ANA")[0]
    assert heard.text.startswith("*3 incidents within 12 h of this shift* (INC-1, INC-3, INC-5)")
    assert "You can ask for cover for the rest" in heard.text
    assert "oncall find 1" in str(heard.parts)


def test_a_page_to_the_team_is_an_incident_of_its_shift(rota: Rota):
    rota.on("ana", NOON, NOON + DAY)
    rota.sync()
    rota.pass_time(HOUR)

    opens(rota, '"one" sev1', '"two" sev1', '"three" sev1', by="U0RAJ")

    assert len(rota.texts("overload", "U0ANA")) == 1


def test_pages_of_the_pager_that_are_no_incident_of_spy_count_and_a_storm_counts_once(rota: Rota):
    rota.on("ana", NOON, NOON + DAY)
    rota.sync()
    rota.pass_time(HOUR)
    opens(rota, '"one"')
    for n in range(6):
        paged(rota, f"Q{n}", service="PSVC1")
    before = rota.texts("overload", "U0ANA")

    paged(rota, "Q9", service="PSVC2")

    assert before == []
    assert rota.texts("overload", "U0ANA")[0].startswith(
        "*3 incidents within 12 h of this shift* (INC-1 and 2 more in PagerDuty)."
    )


def paged(rota: Rota, incident: str, *, service: str) -> None:
    with rota.spy.tx() as tx:
        tx.session.rings.put(
            PagerRing(incident=incident, user="PUANA", person="U0ANA", at=rota.now, service=service)
        )
    rota.pass_time(timedelta(minutes=1))
    rota.sync()


def test_the_offer_is_mended_when_somebody_else_has_the_rest(rota: Rota):
    rota.on("ana", NOON, NOON + DAY)
    rota.sync()
    rota.pass_time(HOUR)
    opens(rota, '"one"', '"two"', '"three"')

    rota.on("raj", rota.now, NOON + DAY)
    rota.sync()
    rota.pass_time(DAY)

    assert rota.texts("overload", "U0ANA") == [
        "*You are no longer on call for :imoc.* Your shift had 3 incidents within 12 h (INC-1, INC-2, INC-3)."
    ]
