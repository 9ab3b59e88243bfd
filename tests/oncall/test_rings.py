"""All rings count: what the pager's webhook and its log say of alerts that Spy did not send."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.oncall.ring import PagerRing, RingKind, RingNews
from bot.domain.policy import Account
from bot.domain.relief.relief import LONG_DAY, on_duty
from bot.domain.subject import Subject
from bot.ports import Rejected, Ringing
from bot.services.oncall.load import Loads
from bot.services.oncall.rings import FIRST_LOOK, Rings
from bot.services.paging.pager_results import PagerResults
from bot.testing import POLICY
from tests.support.on_call import DAY, HOUR, NOON, Rota

MINUTE = timedelta(minutes=1)


@pytest.fixture
def rota() -> Rota:
    rota = Rota()
    rota.on("ana", NOON - 3 * DAY, NOON + 7 * DAY)
    rota.sync()
    return rota


def rang(incident: str, at: datetime, *users: str, kind: RingKind = RingKind.ASSIGNED) -> RingNews:
    return RingNews(incident=incident, kind=kind, at=at, users=users, service="PSVC2")


def hear(rota: Rota, *news: RingNews) -> None:
    """Let the webhook tell."""
    for it in news:
        with rota.spy.tx() as tx:
            Rings(tx).hear([it])


def every(rota: Rota) -> list[PagerRing]:
    with rota.spy.tx() as tx:
        return list(tx.session.rings.since(NOON - 99 * DAY, NOON + 99 * DAY))


def load(rota: Rota, person: str = "U0ANA") -> tuple[int, int]:
    with rota.spy.tx() as tx:
        of = {it.person: it for it in Loads(tx).recent().week}
    return (of[person].pages, of[person].night_pages) if person in of else (0, 0)


def test_who_was_woken_four_times_by_alerts_has_four_night_pages(rota: Rota):
    for n in range(4):
        rota.pager.log.append(rang(f"Q{n}", NOON - (11 - n) * HOUR, "PUANA"))

    rota.read_rings()

    assert load(rota) == (4, 4)
    text = rota.spy.say("oncall load").message.text
    assert "Ana Lima: 4 pages, 4 at night" in text
    assert "Counts every PagerDuty page since" in text


def test_the_webhook_and_the_log_together_count_once(rota: Rota):
    told = [
        rang("Q1", NOON - HOUR, "PUANA"),
        rang("Q1", NOON - HOUR + MINUTE, "PUANA", kind=RingKind.ACKNOWLEDGED),
    ]
    rota.read_rings()
    hear(rota, *told)
    rota.pager.log += [
        RingNews(incident=it.incident, kind=it.kind, at=it.at + timedelta(seconds=1), users=it.users)
        for it in told
    ]
    rota.spy.clock.tick(minutes=1)
    rota.read_rings()
    rota.read_rings()

    assert load(rota) == (1, 0)
    assert [(it.key, it.at, it.person) for it in every(rota)] == [("Q1:PUANA", NOON - HOUR, "U0ANA")]


def test_a_page_that_spy_sent_and_the_pager_reports_counts_once_and_for_whom_it_reached(rota: Rota):
    rota.spy.say('incident me "checkout is down" sev1', by="U0KIM")
    ringing = rota.pager.page_policy(key="k1", title="x", details="", service="PSVC1", policy="PPOL1")
    with rota.spy.tx() as tx:
        PagerResults(tx).sent(1, ringing)
    rota.pager.log = [rang(ringing.id, NOON, "PUANA"), rang(ringing.id, NOON + 5 * MINUTE, "PURAJ")]
    rota.spy.clock.tick(minutes=6)
    rota.read_rings()

    assert (load(rota), load(rota, "U0RAJ")) == ((1, 0), (1, 0))


def test_a_drill_does_not_count_although_the_pager_reports_it(rota: Rota):
    rota.spy.say('incident drill "checkout is down" sev1', by="U0KIM")
    with rota.spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="QDRILL", url="", status="triggered"))
    hear(rota, rang("QDRILL", NOON, "PUANA"))

    assert load(rota) == (0, 0)


def test_a_person_without_slack_is_kept_by_their_pagers_id_and_does_no_harm(rota: Rota):
    rota.pager.log.append(rang("Q1", NOON - HOUR, "PUEVE", "PUANA"))

    rota.read_rings()

    assert [(it.user, it.person) for it in every(rota)] == [("PUANA", "U0ANA"), ("PUEVE", None)]
    text = rota.spy.say("oncall load").message.text
    assert "1 person whom PagerDuty paged is not matched to Slack yet, so their pages are not counted" in text


def test_test_pages_and_drills_make_nobody_a_person_who_is_not_matched(rota: Rota):
    rota.spy.say("oncall test", by="U0ANA")
    with rota.spy.tx() as tx:
        test = tx.session.pages.get(1)
        assert test
        tx.session.pages.put(replace(test, pager_id="QTEST"))

    hear(rota, rang("QTEST", NOON, "PUNEW"))

    assert "not matched" not in rota.spy.say("oncall load").message.text


def test_a_stranger_is_asked_after_once_a_day(rota: Rota):
    for n in range(3):
        rota.pager.log.append(rang(f"Q{n}", NOON - HOUR + n * MINUTE, "PUEVE"))
    asked: list[str] = []
    rota.pager.address = asked.append  # type: ignore[method-assign]
    rota.read_rings()
    hear(rota, rang("Q7", NOON, "PUEVE"))
    rota.read_rings()
    assert asked == ["PUEVE"]

    rota.spy.clock.tick(hours=25)
    hear(rota, rang("Q8", rota.now, "PUEVE"))
    rota.read_rings()

    assert asked == ["PUEVE", "PUEVE"]


def test_who_is_found_in_slack_later_has_the_rings_of_before(rota: Rota):
    hear(rota, rang("Q1", NOON - HOUR, "PURAJ"), rang("Q2", NOON - HOUR, "PURAJ"))
    with rota.spy.tx() as tx:
        Rings(tx).found("PURAJ", None)
    assert load(rota, "U0RAJ") == (0, 0)

    with rota.spy.tx() as tx:
        Rings(tx).found("PURAJ", "U0RAJ")

    assert load(rota, "U0RAJ") == (2, 0)


def test_who_joins_slack_days_later_has_the_pages_of_before(rota: Rota):
    raj = rota.chat.profiles.pop("U0RAJ")
    hear(rota, rang("Q1", NOON - HOUR, "PURAJ"), rang("Q2", NOON - 2 * HOUR, "PURAJ"))
    rota.read_rings()
    assert load(rota, "U0RAJ") == (0, 0)

    rota.chat.profiles["U0RAJ"] = raj
    rota.spy.clock.tick(hours=23)
    rota.read_rings()
    before = load(rota, "U0RAJ")
    rota.spy.clock.tick(hours=2)
    rota.read_rings()

    assert before == (0, 0)
    assert load(rota, "U0RAJ") == (2, 0)


def test_whom_the_settings_name_has_the_pages_of_before_at_once():
    rota = Rota(replace(POLICY, people={"U0EVE": Account(pager_id="PUEVE")}))
    with rota.spy.tx() as tx:
        old = PagerRing(incident="Q1", user="PUEVE", at=NOON - HOUR, asked_at=NOON - MINUTE)
        tx.session.rings.put(old)

    rota.read_rings()

    assert load(rota, "U0EVE") == (1, 0)


def test_an_end_that_is_heard_before_the_page_counts(rota: Rota):
    hear(
        rota,
        rang("Q1", NOON - 10 * MINUTE, kind=RingKind.RESOLVED),
        rang("Q1", NOON - 40 * MINUTE, "PUANA", kind=RingKind.ACKNOWLEDGED),
        rang("Q1", NOON - 45 * MINUTE, "PUANA"),
    )
    rota.read_rings()

    with rota.spy.tx() as tx:
        [period] = tx.session.periods.of("U0ANA", since=NOON - DAY)
    assert (period.started_at, period.ended_at) == (NOON - 40 * MINUTE, NOON - 10 * MINUTE)
    assert load(rota) == (1, 0)
    assert "not matched" not in rota.spy.say("oncall load").message.text


def test_after_a_gap_the_log_is_read_from_where_it_ended(rota: Rota):
    rota.read_rings()
    rota.spy.clock.tick(hours=30)
    rota.pager.log.append(rang("Q1", NOON + 15 * HOUR, "PUANA"))
    rota.pager.asked_for.clear()

    rota.read_rings()

    assert load(rota) == (1, 1)
    assert rota.pager.asked_for[0][0] == NOON - timedelta(minutes=2)
    with rota.spy.tx() as tx:
        copy = tx.session.ring_copy.copy()
    assert (copy.since, copy.until) == (NOON - FIRST_LOOK, NOON + 30 * HOUR)


def test_a_log_that_stops_in_the_middle_is_read_on_from_there(rota: Rota):
    rota.pager.log.append(rang("Q1", NOON - HOUR, "PUANA"))
    rota.pager.fails_after = 3
    rota.read_rings()
    with rota.spy.tx() as tx:
        halfway = tx.session.ring_copy.copy()
    assert halfway.trouble == "PagerDuty did not answer"
    assert (
        halfway.until == NOON - FIRST_LOOK + (6 + 12 + 24) * HOUR
    )  # few entries: each part is twice as long
    assert "Spy can't read PagerDuty's log since then" in rota.spy.say("oncall load").message.text

    rota.pager.fails_after = None
    rota.read_rings()

    with rota.spy.tx() as tx:
        copy = tx.session.ring_copy.copy()
    assert (copy.until, copy.trouble) == (NOON, None)
    assert load(rota) == (1, 0)


def test_after_a_gap_of_weeks_all_rings_are_known_only_since_a_week(rota: Rota):
    rota.read_rings()
    rota.spy.clock.tick(days=20)
    rota.read_rings()

    with rota.spy.tx() as tx:
        assert tx.session.ring_copy.copy().since == NOON + 20 * DAY - FIRST_LOOK


def test_a_part_of_the_log_that_is_too_long_is_halved(rota: Rota):
    rota.pager.longest_log = 3
    for n in range(8):
        rota.pager.log.append(rang(f"Q{n}", NOON - 8 * MINUTE + n * MINUTE, "PUANA"))

    for _ in range(4):
        rota.read_rings()

    assert load(rota) == (8, 0)


def test_a_pager_without_a_log_is_no_trouble_for_the_rest(rota: Rota):
    rota.pager.troubles.append(Rejected("forbidden", "The token may not do this."))

    rota.read_rings()

    assert (
        "Spy can't read PagerDuty's log: The token may not do this."
        in rota.spy.say("oncall load").message.text
    )


# --- the long day and the hours ---------------------------------------------------------------------------


def answered(rota: Rota, incident: str, start: datetime, end: datetime, user: str = "PUANA") -> None:
    hear(
        rota,
        rang(incident, start, user),
        rang(incident, start, user, kind=RingKind.ACKNOWLEDGED),
        rang(incident, end, kind=RingKind.RESOLVED),
    )


def test_a_ring_at_six_begins_the_day(rota: Rota):
    answered(rota, "Q1", NOON - 6 * HOUR, NOON - 6 * HOUR + 20 * MINUTE)
    rota.read_rings()

    rota.spy.say('incident me "checkout is down" sev3', by="U0ANA")

    assert day_begins(rota) == NOON - 6 * HOUR


def test_a_ring_that_is_heard_later_moves_the_day_of_somebody_at_work(rota: Rota):
    rota.spy.say('incident me "checkout is down" sev3', by="U0ANA")
    assert day_begins(rota) == NOON

    answered(rota, "Q1", NOON - 6 * HOUR, NOON - 6 * HOUR + 20 * MINUTE)
    rota.read_rings()

    assert day_begins(rota) == NOON - 6 * HOUR


def day_begins(rota: Rota) -> datetime:
    """Return when Spy believes that Ana's day began, by the reminder of a long day."""
    with rota.spy.tx() as tx:
        found = tx.session.timers.due(Subject("person", "U0ANA"), NOON + 2 * DAY)
        return next(it.due_at for it in found if it.reminder == LONG_DAY) - tx.policy.timers.day_warn


def test_rings_at_the_same_time_as_an_incident_are_worked_once(rota: Rota):
    answered(rota, "Q1", NOON - 2 * HOUR, NOON - HOUR)
    answered(rota, "Q2", NOON - 90 * MINUTE, NOON - 45 * MINUTE)

    rota.read_rings()

    with rota.spy.tx() as tx:
        periods = tx.session.periods.of("U0ANA", since=NOON - DAY)
    assert on_duty(periods, until=NOON) == 75 * MINUTE


def test_a_page_that_nobody_acknowledged_was_a_quarter_of_an_hour_of_work(rota: Rota):
    hear(rota, rang("Q1", NOON - 2 * HOUR, "PUANA"), rang("Q1", NOON - HOUR, "PURAJ"))
    rota.read_rings()

    with rota.spy.tx() as tx:
        periods = tx.session.periods.of("U0ANA", since=NOON - DAY)
    assert on_duty(periods, until=NOON) == 15 * MINUTE
