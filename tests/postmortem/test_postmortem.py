"""What is owed after an incident: until when, what Spy says of it, and when it is over."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.incident.events import Declared, Reopened, Resolved
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.policy import Grace
from bot.domain.postmortem.deadline import awake, deadline
from bot.domain.postmortem.events import FollowUpDone, ReviewClosed
from bot.domain.postmortem.follow_up import Category, FollowUp, digest_agenda, follow_up_agenda
from bot.domain.postmortem.postmortem import Postmortem, due_by, missing, postmortem_agenda
from bot.domain.refusal import Refusal
from bot.testing import POLICY

MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def resolved(severity: str | None = "sev1", *, at: datetime = MONDAY) -> Incident:
    declared = Declared(at=at - HOUR, by="U0ANA", name="checkout", severity=severity)
    return Incident.declared(42, declared).after(Resolved(at=at, by="U0ANA"))


def said(incident: Incident, *, zone: str = "UTC", most: int = 6) -> list[str]:
    """Play the reminders through, each spoken when it is due: its name and its moment."""
    postmortem, told = Postmortem(incident=42), []
    while len(told) < most and (agenda := postmortem_agenda(postmortem, incident, POLICY, zone=zone)):
        [timer] = agenda
        told.append(f"{timer.occurrence.n} {timer.due_at:%a %H:%M}")
        postmortem = postmortem.after_sending(timer, to="U0ANA", at=timer.due_at)
    return told


# --- when -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "due"),
    [("sev1", MONDAY + 3 * DAY), ("sev2", MONDAY + 7 * DAY), ("sev3", None), (None, None)],
)
def test_it_is_due_by_its_severity(severity: str | None, due: datetime | None):
    assert due_by(Postmortem(incident=42), resolved(severity), POLICY, zone="UTC") == due


def test_business_days_leave_out_the_weekend():
    thursday, saturday = MONDAY + 3 * DAY, MONDAY + 5 * DAY

    assert deadline(thursday, Grace(days=5, business=True), "UTC") == thursday + 7 * DAY
    assert deadline(saturday, Grace(days=5, business=True), "UTC") == saturday + 6 * DAY


def test_a_day_is_a_day_on_the_owners_clock_whatever_summer_time_does():
    before_the_change = datetime(2026, 3, 27, 11, 0, tzinfo=UTC)

    assert deadline(before_the_change, Grace(days=3), "Europe/Lisbon") == before_the_change + 3 * DAY - HOUR


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        (MONDAY, MONDAY),
        (datetime(2026, 11, 23, 3, 0, tzinfo=UTC), datetime(2026, 11, 23, 10, 0, tzinfo=UTC)),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), datetime(2026, 11, 24, 10, 0, tzinfo=UTC)),
        (datetime(2026, 11, 28, 14, 0, tzinfo=UTC), datetime(2026, 11, 30, 10, 0, tzinfo=UTC)),
        (datetime(2026, 11, 27, 23, 0, tzinfo=UTC), datetime(2026, 11, 30, 10, 0, tzinfo=UTC)),
    ],
)
def test_nobody_is_asked_in_their_night_nor_at_their_weekend(moment: datetime, sent: datetime):
    assert awake(moment, "UTC", POLICY.timers, weekdays=True) == sent


def test_a_sev1_is_asked_for_at_half_time_a_day_before_at_its_time_and_daily_after():
    assert said(resolved("sev1", at=MONDAY - HOUR)) == [
        "half Wed 10:00",  # half-time is at 23:00: it is said the morning after
        "day Wed 11:00",
        "due Thu 11:00",
        "late1 Fri 11:00",
        "late2 Sat 11:00",
        "late3 Sun 11:00",
    ]


def test_a_sev2_that_is_late_is_not_asked_for_at_the_weekend():
    thursday = MONDAY + 3 * DAY

    assert said(resolved("sev2", at=thursday), most=5) == [
        "half Mon 10:00",
        "day Wed 12:00",
        "due Thu 12:00",
        "late1 Fri 12:00",
        "late2 Mon 10:00",
    ]


def test_what_fell_due_while_spy_was_away_is_said_once():
    incident = resolved("sev1")
    [first] = postmortem_agenda(Postmortem(incident=42), incident, POLICY, zone="UTC")
    back = MONDAY + 5 * DAY
    postmortem = Postmortem(incident=42).after_sending(first, to="U0ANA", at=back)

    [then] = postmortem_agenda(postmortem, incident, POLICY, zone="UTC")

    assert then.due_at == back + DAY


@pytest.mark.parametrize(
    "incident",
    [
        resolved("sev3"),
        replace(resolved(), drill=True),
        resolved().after(ReviewClosed(at=MONDAY, by="U0ANA")),
        resolved().after(Reopened(at=MONDAY, by="U0ANA")),
    ],
)
def test_nothing_is_asked_for_where_nothing_is_owed(incident: Incident):
    assert postmortem_agenda(Postmortem(incident=42), incident, POLICY, zone="UTC") == []


def test_a_drill_owes_no_postmortem_unless_somebody_wants_one():
    drill, friday = replace(resolved(), drill=True), MONDAY + 4 * DAY

    assert due_by(Postmortem(incident=42), drill, POLICY, zone="UTC") is None
    assert due_by(Postmortem(incident=42, due=friday), drill, POLICY, zone="UTC") == friday


def test_a_due_date_that_was_moved_begins_its_reminders_anew():
    incident, moved = resolved(), Postmortem(incident=42, due=MONDAY + 10 * DAY)

    [timer] = postmortem_agenda(moved, incident, POLICY, zone="UTC")

    assert timer.due_at == MONDAY + 5 * DAY


# --- closing ----------------------------------------------------------------------------------------------


def follow_up(category: Category | None, number: int = 1, **more: object) -> FollowUp:
    facts = {"number": number, "incident": 42, "what": "do", "added_by": "U0ANA", "added_at": MONDAY} | more
    return FollowUp(category=category, **facts)  # type: ignore[arg-type]  # facts of a follow-up


def test_a_review_is_not_closed_while_a_category_is_empty():
    postmortem = Postmortem(incident=42, nothing={"escalation": "because it went well"})
    there = [follow_up(Category.DETECTION), follow_up(Category.RECOVERY)]

    with pytest.raises(Refusal) as refused:
        postmortem.close(resolved(), there, by="U0ANA", at=MONDAY)

    assert "yet: prevention." in refused.value.sentence
    assert [it.say for it in refused.value.choices] == ["inc-42 postmortem none prevention"]


def test_a_review_is_closed_once_each_category_has_its_answer():
    reasons = {it.value: "because" for it in Category if it is not Category.DETECTION}
    postmortem = Postmortem(incident=42, nothing=reasons)

    closed = postmortem.close(resolved(), [follow_up(Category.DETECTION)], by="U0ANA", at=MONDAY)

    assert resolved().after(closed).phase is Phase.REVIEWED
    assert postmortem.after(closed).closed_by == "U0ANA"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("because it went well", "it went well"),
        ("Because: all did", "all did"),
        ("it became so", "it became so"),
    ],
)
def test_a_reason_for_none_is_kept_without_its_because(said: str, kept: str):
    none = Postmortem(incident=42).need_nothing(Category.RECOVERY, said, by="U0ANA", at=MONDAY)

    assert none.because == kept


@pytest.mark.parametrize("said", ["because", "because …", " ", "BECAUSE:"])
def test_because_alone_is_no_reason(said: str):
    with pytest.raises(Refusal, match="Why does recovery need none"):
        Postmortem(incident=42).need_nothing(Category.RECOVERY, said, by="U0ANA", at=MONDAY)


def test_an_open_incident_has_no_review_to_close():
    with pytest.raises(Refusal, match="still open"):
        Postmortem(incident=42).close(resolved().after(Reopened(at=MONDAY)), [], by="U0ANA", at=MONDAY)


def test_what_is_missing_is_named():
    lacks = missing(Postmortem(incident=42, parts={"lucky": "noon"}), resolved(), [follow_up(None)])

    assert "lucky" not in lacks
    assert {"impact", "summary", "detection", "an owner of follow-up 1", "the category of follow-up 1"} <= {
        *lacks
    }


def test_who_is_awake_until_midnight_is_reminded_until_then():
    late = replace(POLICY.timers, night_from=0, night_until=8)

    assert awake(MONDAY, "UTC", late) == MONDAY
    assert awake(MONDAY.replace(hour=3), "UTC", late) == MONDAY.replace(hour=10)


# --- follow-ups -------------------------------------------------------------------------------------------

FRIDAY = date(2026, 12, 4)


def test_a_follow_up_is_asked_for_two_days_before_of_a_morning():
    mine = follow_up(Category.RECOVERY, owner="U0RAJ", due=FRIDAY)

    [timer] = follow_up_agenda(mine, POLICY.timers, zone="Europe/Lisbon")

    assert timer.due_at == datetime(2026, 12, 2, 10, 0, tzinfo=UTC)
    assert follow_up_agenda(mine.after_sending(timer, at=timer.due_at), POLICY.timers, zone="UTC") == []


@pytest.mark.parametrize(
    "more",
    [
        {"owner": None, "due": FRIDAY},
        {"owner": "U0RAJ", "due": None},
        {"owner": "U0RAJ", "due": FRIDAY, "done_at": MONDAY},
        {"owner": "U0RAJ", "due": date(2026, 11, 24)},  # it was added later than it would be asked for
    ],
)
def test_a_follow_up_is_not_asked_for_without_need(more: dict[str, object]):
    assert follow_up_agenda(follow_up(None, **more), POLICY.timers, zone="UTC") == []


def test_the_digest_comes_on_mondays_while_anything_is_open():
    since = MONDAY + DAY

    [timer] = digest_agenda("U0RAJ", since, POLICY.timers, zone="UTC", now=since)

    assert (timer.due_at, str(timer.occurrence)) == (datetime(2026, 11, 30, 10, 0, tzinfo=UTC), "2026-W49")
    assert digest_agenda("U0RAJ", None, POLICY.timers, zone="UTC", now=since) == []


def test_a_follow_up_is_done_once():
    done = follow_up(None).after(FollowUpDone(at=MONDAY, by="U0RAJ", follow_up=1, what="do"))

    with pytest.raises(Refusal, match="done already"):
        done.finish(by="U0RAJ", at=MONDAY)
