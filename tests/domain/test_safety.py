"""Which safety reminders a changed configuration would make vanish, and how it may switch one off."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.incident.agenda import agenda
from bot.domain.policy import Policy, Severity
from bot.domain.safety import declared, safety_reminders, vanished
from bot.testing import POLICY, SpyKit

DAY = timedelta(days=1)
SEV1 = POLICY.severities["sev1"]


def timers(**changed: Any) -> Policy:
    return replace(POLICY, timers=replace(POLICY.timers, **changed))


def severities(**changed: Severity) -> Policy:
    return replace(POLICY, severities={**POLICY.severities, **changed})


def team(**changed: Any) -> Policy:
    return replace(POLICY, teams={**POLICY.teams, "imoc": replace(POLICY.teams["imoc"], **changed)})


def whats(before: Policy, after: Policy) -> list[str]:
    return [it.what for it in vanished(before, after)]


def test_nothing_vanishes_from_a_policy_that_stays():
    assert whats(POLICY, POLICY) == []


def test_the_usual_policy_has_each_kind():
    assert all(it.comes for it in safety_reminders(POLICY).values())
    assert len(safety_reminders(POLICY)) == 6 + 2 + 1 + 4 + 2


@pytest.mark.parametrize(
    ("after", "gone"),
    [
        (
            severities(sev1=replace(SEV1, update_every=None)),
            ["the update is due (sev1)", "the update is overdue (sev1)"],
        ),
        (
            severities(sev1=replace(SEV1, update_every=15 * DAY)),
            ["the update is due (sev1)", "the update is overdue (sev1)"],
        ),
        (timers(update_shown_after=8 * DAY), [f"the update is overdue ({it})" for it in POLICY.severities]),
        (timers(no_commander_every=2 * DAY), ["no commander", "no commander: the page"]),
        (timers(asked_at_most=100, no_commander_every=DAY / 50), ["no commander: the page"]),
        (timers(page_unanswered_after=5 * DAY), ["a page is not acknowledged"]),
        (timers(relief_manager=90 * DAY), ["who has worked too long (manager)"]),
        (timers(duty_urge=2 * DAY, day_urge=2 * DAY), ["hours add up", "a long day"]),
        (
            replace(POLICY, command_team=None),
            [
                "no commander: the page",
                "who has worked too long (page)",
                "who has worked too long (manager)",
            ],
        ),
        (
            team(service=None),
            [
                "no commander: the page",
                "who has worked too long (page)",
                "who has worked too long (manager)",
            ],
        ),
    ],
)
def test_what_a_change_makes_vanish_is_named(after: Policy, gone: list[str]):
    assert whats(POLICY, after) == gone


@pytest.mark.parametrize(
    "after",
    [
        timers(no_commander_every=timedelta(hours=3)),
        timers(page_unanswered_after=timedelta(hours=1)),
        severities(sev1=replace(SEV1, update_every=timedelta(days=2))),
        severities(sev1=replace(SEV1, update_every=None, is_quiet=True)),
        replace(POLICY, severities={"sev2": POLICY.severities["sev2"]}),
        timers(switched_off=("page_unanswered",), page_unanswered_after=9 * DAY),
        timers(switched_off=("relief", "no_commander", "long_hours", "page_unanswered")),
    ],
    ids=["later", "much later", "in days", "never", "no such severity", "off and late", "all off"],
)
def test_what_comes_later_or_is_switched_off_by_name_is_no_mistake(after: Policy):
    assert whats(POLICY, after) == []


def test_a_reminder_that_was_off_may_come_back_and_go_again_by_name_only():
    off = timers(switched_off=("relief",))

    assert whats(off, POLICY) == []
    assert whats(off, timers(relief_warn=9 * DAY, relief_ask=9 * DAY)) == []
    assert whats(POLICY, timers(relief_warn=9 * DAY)) != []


def test_each_says_how_to_switch_it_off():
    switches: Mapping[str, str] = {it.what: it.switch for it in safety_reminders(POLICY).values()}

    assert switches["the update is due (sev1)"] == "severities: {sev1: {update_every: never}}"
    assert switches["who has worked too long (page)"] == "timers: {switched_off: [relief]}"


def reminded(spy: SpyKit, **passed: float) -> set[str]:
    """Return which reminders about the incident were sent meanwhile."""
    spy.pass_time(**passed)
    return {str(it) for it in spy.incident(1).reminded}


def test_what_is_switched_off_is_never_sent(spy: SpyKit, channel: str):
    spy.adopt(timers(switched_off=("no_commander", "page_unanswered", "relief", "long_hours")))

    assert reminded(spy, hours=20).isdisjoint({"relief", "duty", "day"})
    assert len(spy.pages(1)) == 1


def test_nobody_is_asked_to_lead_where_that_is_switched_off():
    unled = replace(declared(SEV1), commander=None)

    assert "no_commander" in {it.reminder for it in agenda(unled, POLICY)}
    assert {it.reminder for it in agenda(unled, timers(switched_off=("no_commander",)))}.isdisjoint(
        {"no_commander", "no_commander_page"}
    )


def test_without_the_switch_they_are_sent(spy: SpyKit, channel: str):
    assert {"relief", "duty", "day"} <= reminded(spy, hours=20)
    assert len(spy.pages(1)) > 1
