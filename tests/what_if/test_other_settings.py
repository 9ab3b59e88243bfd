"""Under other settings reminders come at other times, and other people are paged."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.policy import Milestone, Policy
from bot.domain.what_if import Comparison
from bot.ports import Profile, Ringing
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.what_if.compare import compare
from bot.services.what_if.past import read_past
from bot.testing import NOON, POLICY, FrozenClock, SpyKit
from plugins import incident, page
from plugins import time as time_commands

WHOLE = replace(POLICY, teams={**POLICY.teams, "imoc": replace(POLICY.teams["imoc"], manager="U0BEA")})
MINUTE = timedelta(minutes=1)


def timers(**changed: Any) -> Policy:
    return replace(WHOLE, timers=replace(WHOLE.timers, **changed))


def severity(key: str, **changed: Any) -> Policy:
    return replace(WHOLE, severities={**WHOLE.severities, key: replace(WHOLE.severities[key], **changed)})


def begun(at: datetime = NOON, words: str = "sev1") -> SpyKit:
    """Return a kit in which Ana opened an incident."""
    spy = SpyKit(incident, page, time_commands, policy=WHOLE, clock=FrozenClock(at))
    spy.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0BEA="Bea Sol")
    spy.say(f'incident me "checkout is down" {words}')
    spy.create_channel(1, channel="C0ROOM")
    return spy


def what_if(spy: SpyKit, policy: Policy) -> Comparison:
    """Return what would differ, where the replay of what was is exact."""
    found = compared(spy, policy)
    assert found.unlike == []
    return found


def compared(spy: SpyKit, policy: Policy) -> Comparison:
    now = spy.clock.now()
    with spy.sessions.read() as session:
        tx = Transaction(session=session, now=now, policy=spy.policy)
        past = read_past(tx, since=now - timedelta(days=30), policies=[policy])
    return compare(past, policy, before=spy.policy)


def minutes(found: Comparison, row: str) -> Mapping[str, list[int]]:
    """Return how many minutes after noon the reminders of a row are due, by what became of them."""
    every: dict[str, list[int]] = {}
    for kind, it in found.said:
        if it.row == row and it.is_posted:
            every.setdefault(kind.value, []).append((it.due_at - NOON) // MINUTE)
    return every


def pages(found: Comparison) -> list[tuple[str, int, str, str]]:
    every = sorted(found.rang, key=lambda pair: pair[1].at)
    return [(kind.value, (it.at - NOON) // MINUTE, it.why, it.person or it.team or "") for kind, it in every]


def test_updates_that_were_promised_by_the_severity_are_promised_anew():
    spy = begun()
    spy.pass_time(minutes=10)
    spy.say("update we look", channel="C0ROOM")
    spy.pass_time(minutes=30)
    spy.say('incident report next 1h "nothing new"', channel="C0ROOM")
    spy.pass_time(minutes=70)
    spy.say("incident resolve", channel="C0ROOM")

    found = what_if(spy, severity("sev1", update_every=25 * MINUTE))

    assert minutes(found, "the update is due") == {"gone": [25, 40], "new": [35], "same": [100]}


def test_the_question_for_relief_comes_earlier_and_its_page_with_it():
    spy = begun()
    spy.pass_time(minutes=80)
    spy.say("incident resolve", channel="C0ROOM")

    found = what_if(spy, timers(relief_ask=50 * MINUTE, relief_page=55 * MINUTE))

    assert minutes(found, "can someone take over?") == {"gone": [60], "new": [50]}
    assert pages(found) == [
        ("same", 0, "its severity", "imoc"),
        ("new", 55, "a page for relief", "imoc"),
        ("gone", 75, "a page for relief", "imoc"),
    ]


def test_a_step_that_would_come_after_the_end_is_gone():
    spy = begun()
    spy.pass_time(minutes=80)
    spy.say("incident resolve", channel="C0ROOM")

    found = what_if(spy, timers(relief_page=100 * MINUTE, relief_manager=110 * MINUTE))

    assert [it for it in pages(found) if it[0] != "same"] == [("gone", 75, "a page for relief", "imoc")]


def test_a_severity_that_pages_another_team_rings_it_and_not_the_first():
    spy = begun(words="sev3")
    spy.pass_time(minutes=5)
    spy.say("incident sev sev1", channel="C0ROOM")
    spy.pass_time(minutes=5)

    found = what_if(spy, severity("sev1", page=("payments",)))

    assert pages(found) == [("gone", 5, "its severity", "imoc"), ("new", 5, "its severity", "payments")]


def test_a_page_that_was_answered_in_time_is_not_under_a_shorter_wait():
    spy = begun()
    answered(spy, after=4)
    spy.pass_time(minutes=10)

    found = what_if(spy, timers(page_unanswered_after=3 * MINUTE))

    assert minutes(found, "a page is not acknowledged") == {"new": [3]}
    assert ("new", 3, "a page is not acknowledged", "imoc") in pages(found)


def test_a_longer_wait_spares_the_next_level():
    spy = begun()
    answered(spy, after=6)
    spy.pass_time(minutes=10)

    found = what_if(spy, timers(page_unanswered_after=8 * MINUTE))

    assert minutes(found, "a page is not acknowledged") == {"gone": [5]}
    assert ("gone", 5, "a page is not acknowledged", "imoc") in pages(found)


def answered(spy: SpyKit, *, after: int) -> None:
    """Let the page of the severity ring, and somebody answer it."""
    with spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="PD1", url="https://acme.test/1", status="triggered"))
    spy.pass_time(minutes=after)
    with spy.tx() as tx:
        ringing = Ringing(id="PD1", url="https://acme.test/1", status="acknowledged", at=spy.clock.now())
        PagerResults(tx).answered(1, "acknowledged", ringing, by="U0RAJ")


def test_milestones_come_and_go():
    spy = begun()
    spy.pass_time(minutes=30)
    usual = replace(WHOLE, milestones=(Milestone(name="impact", when=(5 * MINUTE,), message="Impact?"),))

    found = what_if(spy, usual)

    assert minutes(found, "milestone impact") == {"new": [5]}


def test_what_is_switched_off_is_gone():
    spy = begun(words="")
    spy.pass_time(minutes=70)

    found = what_if(spy, timers(switched_off=("relief",), no_severity_every=30 * MINUTE))

    assert minutes(found, "who could take over?") == {"gone": [45]}
    assert minutes(found, "no severity")["new"] == [30, 60]


def test_a_snooze_moves_the_new_promise_too():
    spy = begun()
    spy.pass_time(minutes=14)
    spy.say("incident snooze 10m", channel="C0ROOM")
    spy.pass_time(minutes=30)

    found = what_if(spy, severity("sev1", update_every=16 * MINUTE))

    assert minutes(found, "the update is due") == {"gone": [40], "same": [25], "new": [41]}


def test_whom_a_page_wakes_goes_by_their_own_clock():
    spy = begun(NOON + timedelta(hours=3))
    spy.pass_time(minutes=95)
    woken = {}
    for zone in ("Europe/Rome", "Asia/Tokyo"):
        with spy.tx() as tx:
            People(tx).met("U0BEA", Profile(name="Bea Sol", zone=zone))
        found = what_if(spy, timers(relief_manager=80 * MINUTE))
        woken[zone] = [(kind.value, it.is_night) for kind, it in found.rang if it.person == "U0BEA"]

    assert woken == {
        "Europe/Rome": [("gone", False), ("new", False)],
        "Asia/Tokyo": [("gone", True), ("new", True)],
    }


def test_what_no_reminder_explains_is_named_and_is_no_difference():
    spy = begun()
    spy.clock.tick(minutes=20)
    spy.say("update we look", channel="C0ROOM")
    spy.pass_time(minutes=1)

    found = compared(spy, spy.policy)

    assert {row for _, row in found.unlike} == {"the update is due"}
    assert found.said == []


def test_an_outage_that_a_late_reminder_tells_of_is_named_and_is_one_under_other_settings_too():
    spy = begun()
    spy.clock.tick(minutes=40)
    spy.tick()

    found = what_if(spy, severity("sev1", update_every=7 * MINUTE))

    assert [(it.start - NOON) // MINUTE for it in found.silent] == [15]
    assert minutes(found, "the update is due") == {"gone": [15], "new": [7, 14, 21]}
