"""What is due when, given what happened: each rule on an incident that the test tells in a few events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.event import Event
from bot.domain.incident import events
from bot.domain.incident.agenda import agenda, open_asks, reminder_of, snooze, status
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.paging import events as paging_events
from bot.domain.paging.page import Page, PageState
from bot.domain.paging.reminders import page_agenda
from bot.domain.policy import Milestone, Policy, Severity
from bot.domain.refusal import Refusal
from bot.domain.reminder import Status, may_post, may_send
from bot.domain.subject import IncidentChannel, MilestoneName
from bot.domain.timer import Timer

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SEV1 = Severity(key="sev1", update_every=timedelta(minutes=15))
SEV2 = Severity(key="sev2", update_every=timedelta(minutes=30))
POLICY = Policy(severities={"sev1": SEV1, "sev2": SEV2})


def after(**by: float) -> datetime:
    return NOON + timedelta(**by)


def declared(severity: str | None = "sev1") -> Incident:
    due = {"sev1": after(minutes=15), "sev2": after(minutes=30), None: None}[severity]
    return Incident.declared(
        42, events.Declared(at=NOON, by="U0ANA", name="checkout is down", severity=severity, next_due=due)
    )


def timer(incident: Incident, reminder: str, policy: Policy = POLICY) -> Timer | None:
    return next((it for it in agenda(incident, policy) if it.reminder == reminder), None)


def due(incident: Incident, reminder: str, policy: Policy = POLICY) -> datetime | None:
    found = timer(incident, reminder, policy)
    return found.due_at if found else None


def spoken(incident: Incident, reminder: str, *, at: datetime, policy: Policy = POLICY) -> Incident:
    found = timer(incident, reminder, policy)
    assert found
    return incident.after(found.sent_event(at, to="U0ANA"))


def updated(incident: Incident, *, at: datetime, severity: Severity = SEV1) -> Incident:
    return incident.after(incident.post_update("x", by="U0ANA", at=at, severity=severity))


# --- the update -------------------------------------------------------------------------------------------


def test_the_first_update_is_promised_when_an_incident_opens():
    assert due(declared(), "update_due") == after(minutes=15)
    assert due(declared(), "update_late") == after(minutes=20)
    assert due(declared(severity=None), "update_due") is None


def test_an_update_by_any_route_moves_the_nag_to_the_next_promise():
    incident = updated(declared(), at=after(minutes=14))

    assert due(incident, "update_due") == after(minutes=29)
    assert due(incident, "update_late") == after(minutes=34)


def test_an_overdue_update_is_nagged_again_each_period():
    incident = spoken(declared(), "update_due", at=after(minutes=15))

    assert due(incident, "update_due") == after(minutes=30)
    assert due(spoken(incident, "update_due", at=after(minutes=30)), "update_due") == after(minutes=45)


def test_what_was_missed_for_hours_is_said_once():
    incident = spoken(declared(), "update_due", at=after(hours=3, minutes=2))

    assert due(incident, "update_due") == after(hours=3, minutes=15)


def test_each_occurrence_has_a_key_of_its_own():
    incident, keys = declared(), set()
    for minutes in (15, 30, 45):
        found = timer(incident, "update_due")
        assert found
        keys.add(found.key)
        incident = spoken(incident, "update_due", at=after(minutes=minutes))
    incident = updated(incident, at=after(minutes=50))

    found = timer(incident, "update_due")
    assert found
    assert len(keys | {found.key}) == 4


def test_a_severity_that_changes_promises_anew():
    raised = declared("sev2").set_severity(SEV1, by="U0ANA", at=after(minutes=5))
    late = declared("sev2").set_severity(SEV1, by="U0ANA", at=after(minutes=25))
    assert raised
    assert late

    assert due(declared("sev2").after(raised), "update_due") == after(minutes=15)
    assert due(declared("sev2").after(late), "update_due") == after(minutes=40)


def test_a_snooze_moves_the_nag_once_and_the_channels_with_it():
    incident = spoken(declared(), "update_due", at=after(minutes=15))
    incident = incident.after(snooze(incident, timedelta(minutes=5), by="U0RAJ", at=after(minutes=16)))

    assert due(incident, "update_due") == after(minutes=21)
    assert due(incident, "update_late") == after(minutes=26)
    with pytest.raises(Refusal, match="U0RAJ"):
        snooze(incident, timedelta(minutes=5), by="U0ANA", at=after(minutes=22))
    again = updated(incident, at=after(minutes=22))
    assert snooze(again, timedelta(minutes=5), by="U0ANA", at=after(minutes=23)).until == after(minutes=42)


def test_nothing_is_due_of_what_is_over():
    resolved = declared().after(events.Resolved(at=after(minutes=5), by="U0ANA"))

    assert agenda(resolved, POLICY) == []


def test_what_is_reopened_promises_an_update_again():
    resolved = declared().after(events.Resolved(at=after(minutes=5), by="U0ANA"))
    reopened = resolved.after(resolved.reopen(by="U0ANA", at=after(hours=2), severity=SEV1))

    assert due(reopened, "update_due") == after(hours=2, minutes=15)


# --- who leads, and how bad it is -------------------------------------------------------------------------


def test_a_commander_is_asked_for_five_times_and_then_the_backup_is_paged():
    incident = replace(declared(), commander=None, command_since=None)
    for minutes in (2, 4, 6, 8, 10):
        assert due(incident, "no_commander") == after(minutes=minutes)
        assert due(incident, "no_commander_page") is None
        incident = spoken(incident, "no_commander", at=after(minutes=minutes))

    assert due(incident, "no_commander") is None
    assert due(incident, "no_commander_page") == after(minutes=12)
    assert due(spoken(incident, "no_commander_page", at=after(minutes=12)), "no_commander_page") is None


def test_a_severity_is_asked_for_until_it_is_set():
    incident = declared(severity=None)

    assert due(incident, "no_severity") == after(minutes=5)
    assert due(spoken(incident, "no_severity", at=after(minutes=5)), "no_severity") == after(minutes=10)
    assert due(declared(), "no_severity") is None


# --- roll back, still open --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "is_asked"),
    [("the deploy of 11:50", True), ("a flag was flipped", True), ("a dead disk", False)],
)
def test_rolling_back_is_asked_about_where_a_change_is_suspected(cause: str, is_asked: bool):  # noqa: FBT001
    incident = declared().after(events.CauseSuspected(at=after(minutes=3), cause=cause))

    assert due(incident, "roll_back") == (after(minutes=10) if is_asked else None)


def test_rolling_back_is_not_asked_about_once_it_is_mitigated_or_asked():
    incident = declared().after(events.CauseSuspected(at=after(minutes=30), cause="the release"))
    mitigated = incident.after(events.PhaseChanged(at=after(minutes=31), phase="mitigated", before="triage"))

    assert due(incident, "roll_back") == after(minutes=30)
    assert due(mitigated, "roll_back") is None
    assert due(spoken(incident, "roll_back", at=after(minutes=30)), "roll_back") is None
    assert due(replace(incident, severity="sev3"), "roll_back") is None


@pytest.mark.parametrize(
    ("opened", "zone", "asked"),
    [
        (datetime(2026, 11, 23, 12, tzinfo=UTC), "UTC", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (datetime(2026, 11, 23, 12, tzinfo=UTC), "Asia/Tokyo", datetime(2026, 11, 24, 1, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, tzinfo=UTC), "Europe/Lisbon", datetime(2026, 3, 29, 9, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), "Europe/Lisbon", datetime(2026, 10, 25, 10, tzinfo=UTC)),
    ],
    ids=["utc", "tokyo", "into summer time", "out of summer time"],
)
def test_still_open_is_asked_in_the_owners_morning(opened: datetime, zone: str, asked: datetime):
    incident = replace(declared(), declared_at=opened)

    found = next(it for it in agenda(incident, POLICY, zone=zone) if it.reminder == "still_open")

    assert found.due_at == asked


@pytest.mark.parametrize(
    ("mitigated", "zone", "said"),
    [
        (datetime(2026, 11, 24, 2, tzinfo=UTC), "UTC", datetime(2026, 11, 24, 2, tzinfo=UTC)),
        (datetime(2026, 11, 23, 12, tzinfo=UTC), "UTC", datetime(2026, 11, 23, 22, tzinfo=UTC)),
        (datetime(2026, 11, 23, 17, tzinfo=UTC), "Asia/Kolkata", datetime(2026, 11, 23, 17, tzinfo=UTC)),
        (datetime(2026, 10, 24, 20, tzinfo=UTC), "Europe/Lisbon", datetime(2026, 10, 24, 21, tzinfo=UTC)),
    ],
    ids=["at night", "by day", "night in India", "before the clocks go back"],
)
def test_what_is_mitigated_can_wait_for_the_morning(mitigated: datetime, zone: str, said: datetime):
    incident = declared().after(
        events.PhaseChanged(at=mitigated, by="U0ANA", before=Phase.INVESTIGATING, phase=Phase.MITIGATED)
    )

    found = next(it for it in agenda(incident, POLICY, zone=zone) if it.reminder == "till_morning")

    assert found.due_at == said


def test_what_is_not_mitigated_or_is_over_cannot_wait():
    mitigated = declared().after(
        events.PhaseChanged(at=NOON, by="U0ANA", before=Phase.INVESTIGATING, phase=Phase.MITIGATED)
    )
    over = mitigated.after(events.Resolved(at=after(hours=1), by="U0ANA", how="rolled back"))

    assert timer(declared(), "till_morning") is None
    assert timer(over, "till_morning") is None
    assert timer(spoken(mitigated, "till_morning", at=after(hours=10)), "till_morning") is None


def test_still_open_is_asked_daily():
    incident = spoken(declared(), "still_open", at=datetime(2026, 11, 24, 10, tzinfo=UTC))

    found = next(it for it in agenda(incident, POLICY, zone="UTC") if it.reminder == "still_open")

    assert found.due_at == datetime(2026, 11, 25, 10, tzinfo=UTC)


# --- milestones -------------------------------------------------------------------------------------------

TWICE = Milestone(name="page", when=(timedelta(seconds=30), timedelta(minutes=5)), at_stop=True, message="x")
PLAN = replace(POLICY, milestones=(TWICE,))


def test_a_milestone_comes_at_each_of_its_times_and_at_the_stop():
    incident = declared()
    assert due(incident, MilestoneName("page"), PLAN) == after(seconds=30)

    incident = spoken(incident, MilestoneName("page"), at=after(seconds=30), policy=PLAN)
    assert due(incident, MilestoneName("page"), PLAN) == after(minutes=5)

    incident = spoken(incident, MilestoneName("page"), at=after(minutes=5), policy=PLAN)
    assert due(incident, MilestoneName("page"), PLAN) is None

    incident = incident.after(events.Resolved(at=after(hours=1), by="U0ANA"))
    assert due(incident, MilestoneName("page", at_stop=True), PLAN) == after(hours=1)
    incident = spoken(incident, MilestoneName("page", at_stop=True), at=after(hours=1), policy=PLAN)
    assert agenda(incident, PLAN) == []


def test_a_milestone_that_was_missed_is_not_made_up_for_twice():
    incident = spoken(declared(), MilestoneName("page"), at=after(hours=2), policy=PLAN)

    assert due(incident, MilestoneName("page"), PLAN) is None


def test_what_a_false_alarm_leaves_behind_has_no_stop():
    assert agenda(declared().after(events.Cancelled(at=after(hours=1), by="U0ANA")), PLAN) == []


def test_a_milestone_is_for_its_severities_and_counts_from_when_it_is_one():
    plan = replace(POLICY, milestones=(replace(TWICE, severities=("sev1",)),))
    raised = declared("sev2").set_severity(SEV1, by="U0ANA", at=after(minutes=20))
    assert raised

    assert due(declared("sev2"), MilestoneName("page"), plan) is None
    assert due(declared("sev2").after(raised), MilestoneName("page"), plan) == after(minutes=20)


def test_a_milestone_that_was_said_does_not_come_again_with_another_severity():
    plan = replace(POLICY, milestones=(replace(TWICE, severities=("sev1", "sev2")),))
    incident = spoken(declared("sev1"), MilestoneName("page"), at=after(seconds=30), policy=plan)

    changed = incident.after(
        events.SeveritySet(at=after(minutes=2), by="U0ANA", severity="sev2", before="sev1")
    )

    assert due(changed, MilestoneName("page"), plan) == after(minutes=5)


@pytest.mark.parametrize(
    ("unless", "done"),
    [
        ("updated", events.UpdatePosted(at=NOON, by="U0ANA", message="x", next_due=None)),
        ("impact", events.ImpactStated(at=NOON, by="U0ANA", impact="x", since=NOON)),
        ("cause", events.CauseSuspected(at=NOON, by="U0ANA", cause="x")),
        ("severity", events.SeveritySet(at=NOON, by="U0ANA", severity="sev2", before=None)),
        ("mitigated", events.PhaseChanged(at=NOON, by="U0ANA", phase="mitigated", before="triage")),
        ("told", events.TeamNotified(at=NOON, by="U0ANA", notice=1, team="payments", message="x")),
        ("told :payments", events.TeamNotified(at=NOON, by="U0ANA", notice=1, team="payments", message="x")),
        ("role support", events.RoleGiven(at=NOON, by="U0ANA", role="support", person="U0RAJ")),
    ],
)
def test_a_milestone_is_skipped_if_its_unless_holds(unless: str, done: Event):
    plan = replace(POLICY, milestones=(replace(TWICE, unless=unless),))
    incident = declared(severity=None)

    assert due(incident, MilestoneName("page"), plan) == after(seconds=30)
    assert due(incident.after(done), MilestoneName("page"), plan) is None


def test_milestones_are_counted_anew_from_when_it_is_reopened():
    resolved = declared().after(events.Resolved(at=after(seconds=20), by="U0ANA"))
    reopened = resolved.after(events.Reopened(at=after(days=3), by="U0ANA"))

    assert due(reopened, MilestoneName("page"), PLAN) == after(days=3, seconds=30)
    said = spoken(reopened, MilestoneName("page"), at=after(days=3, seconds=30), policy=PLAN)
    assert due(said, MilestoneName("page"), PLAN) == after(days=3, minutes=5)


def test_what_a_milestone_said_before_it_was_reopened_does_not_stand_for_what_follows():
    said = spoken(declared(), MilestoneName("page"), at=after(minutes=5), policy=PLAN)
    resolved = said.after(events.Resolved(at=after(minutes=6), by="U0ANA"))
    reopened = resolved.after(events.Reopened(at=after(minutes=7), by="U0ANA"))

    assert due(reopened, MilestoneName("page"), PLAN) == after(minutes=7, seconds=30)


def test_a_milestone_of_what_is_done_is_skipped_after_a_reopening_too():
    plan = replace(POLICY, milestones=(replace(TWICE, unless="updated"),))
    resolved = updated(declared(), at=after(minutes=1)).after(events.Resolved(at=after(hours=1), by="U0ANA"))

    assert (
        due(resolved.after(events.Reopened(at=after(hours=2), by="U0ANA")), MilestoneName("page"), plan)
        is None
    )


# --- what is reopened counts from then --------------------------------------------------------------------

REOPENED = events.Reopened(at=after(days=3), by="U0ANA")


def test_an_update_is_promised_from_the_reopening_when_the_severity_changes():
    resolved = updated(declared(), at=after(minutes=10)).after(events.Resolved(at=after(hours=1), by="U0ANA"))
    reopened = resolved.after(REOPENED)

    changed = reopened.set_severity(SEV2, by="U0ANA", at=after(days=3, minutes=10))

    assert changed
    assert changed.next_due == after(days=3, minutes=30)


@pytest.mark.parametrize("reminder", ["no_severity", "still_open", "mitigate_first"])
def test_what_was_asked_before_it_was_resolved_is_not_open_once_it_is_reopened(reminder: str):
    suspected = events.CauseSuspected(at=after(minutes=1), by="U0ANA", cause="a full disk")
    asked = spoken(declared(severity=None).after(suspected), reminder, at=after(hours=13))
    said = asked.reminded[reminder]
    reopened = asked.after(events.Resolved(at=after(hours=14), by="U0ANA")).after(REOPENED)

    assert status(reopened, POLICY, reminder, said) is Status.MOOT
    assert open_asks(reopened, POLICY) == []


# --- pages ------------------------------------------------------------------------------------------------

SENT = Page(
    number=17,
    key="k",
    message="x",
    requested_by="U0ANA",
    requested_at=NOON,
    state=PageState.SENT,
    sent_at=NOON,
    rings_since=NOON,
)


def page_due(page: Page) -> datetime | None:
    return next((it.due_at for it in page_agenda(page, POLICY)), None)


def test_a_page_is_unanswered_after_five_minutes():
    assert page_due(SENT) == after(minutes=5)
    assert page_due(replace(SENT, state=PageState.REQUESTED)) is None
    acknowledged = SENT.after(
        paging_events.PageAcknowledged(at=after(minutes=1), page=17, whom=":imoc", who="Raj")
    )
    assert page_due(acknowledged) is None


def test_an_escalation_gives_the_next_level_its_own_five_minutes():
    escalated = SENT.after(paging_events.PageEscalated(at=after(minutes=4), page=17, whom=":imoc", to="Kim"))

    assert page_due(escalated) == after(minutes=9)
    assert escalated.level == 2


def test_an_acknowledgement_that_lapsed_counts_from_then():
    lapsed = replace(SENT, state=PageState.ACKNOWLEDGED).after(
        paging_events.PageUnanswered(at=after(minutes=40), page=17, whom=":imoc")
    )

    assert page_due(lapsed) == after(minutes=45)


def test_a_page_is_spoken_of_five_times():
    page = SENT
    for minutes in (5, 10, 15, 20, 25):
        found = page_agenda(page, POLICY)[0]
        assert found.due_at == after(minutes=minutes)
        page = page.after(found.sent_event(after(minutes=minutes), to=IncidentChannel(42)))

    assert page_agenda(page, POLICY) == []


# --- what became of it ------------------------------------------------------------------------------------


def test_a_nag_stands_open_until_its_duty_is_done_by_any_route():
    incident = spoken(declared(), "update_due", at=after(minutes=15))
    said = incident.reminded["update_due"]

    def stands(later: Incident) -> Status:
        return status(later, POLICY, "update_due", said)

    assert stands(incident) is Status.OPEN
    assert stands(updated(incident, at=after(minutes=16))) is Status.DONE
    assert stands(spoken(incident, "update_due", at=after(minutes=30))) is Status.AGAIN
    assert stands(incident.after(events.Resolved(at=after(minutes=16)))) is Status.MOOT
    snoozed = snooze(incident, timedelta(minutes=5), by="U0ANA", at=after(minutes=16))
    assert stands(incident.after(snoozed)) is Status.SNOOZED
    lowered = incident.set_severity(SEV2, by="U0ANA", at=after(minutes=16))
    assert lowered
    assert stands(incident.after(lowered)) is Status.MOOT


# --- peace ------------------------------------------------------------------------------------------------


def test_the_channel_gets_one_unsolicited_post_in_five_minutes():
    incident = replace(declared("sev2"), reminded_at=NOON)

    assert not may_post(incident, after(minutes=4), POLICY)
    assert may_post(incident, after(minutes=5), POLICY)


def is_urgent(incident: Incident, name: str) -> bool:
    declared_once = reminder_of(name)
    assert declared_once
    return declared_once.is_urgent(incident)


@pytest.mark.parametrize("name", ["no_commander", "no_commander_page", "update_late"])
def test_urgent_reminders_pass_whatever_was_said(name: str):
    incident = replace(declared(), reminded_at=NOON, quiet_until=after(minutes=15))

    assert may_post(incident, after(minutes=1), POLICY, is_urgent=is_urgent(incident, name))


def test_quiet_hushes_everything_else_and_ends():
    incident = replace(declared("sev2"), quiet_until=after(minutes=15))

    for name in ("update_late", "update_due", "no_severity", MilestoneName("page")):
        assert not may_send(incident, after(minutes=14), is_urgent=is_urgent(incident, name))
        assert may_send(incident, after(minutes=15), is_urgent=is_urgent(incident, name))


def test_only_what_still_stands_open_is_asked_for_on_the_card():
    incident = spoken(
        spoken(declared(), "update_due", at=after(minutes=15)), "update_late", at=after(minutes=20)
    )

    assert open_asks(incident, POLICY) == ["update_late"]
    assert open_asks(updated(incident, at=after(minutes=21)), POLICY) == []
    assert incident.phase is Phase.TRIAGE
