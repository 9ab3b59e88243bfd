"""The past of an incident is the fold of its timeline: it leads to the very state that is stored."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.commands.request import Joined, Left, MadePrivateNotice
from bot.domain.incident.replay import PastState, replayed, state_at
from bot.testing import SpyKit
from tests.conftest import knows_people
from tests.support.folding import news, sent

COMMANDS = (
    "status investigating",
    "status mitigated",
    "sev sev2",
    "sev sev1",
    'impact "nobody can pay" since 11:50',
    'cause "the new release"',
    'update "rolling back"',
    'update "still rolling back" next 5m',
    'note "cpu is at 100 %"',
    'note "disk is full" at 11:50',
    "link https://example.com/graph the graph",
    "affects checkout",
    "unaffected checkout",
    'tell :payments "checkout is down"',
    "role scribe @kim",
    "hand @raj",
    "accept",
    "decline",
    "take",
    "snooze 10m",
    "quiet 10m",
    "next",
    "nothing changed",
    "timeline hide 3",
    "timeline keep 2",
    'timeline edit 5 "other words"',
    "timeline move 6 to 11:40",
    'timeline merge "5 6"',
    "suspect 1",
    "clear 1",
    'stop "rolled back"',
    'cancel "a false alarm"',
    "reopen",
    'still broken "cards fail"',
    "merge {other}",
    "unmerge",
)
SAID = st.tuples(st.sampled_from((1, 2)), st.sampled_from(COMMANDS), st.sampled_from(("U0ANA", "U0RAJ")))
HAPPENED = st.tuples(
    st.sampled_from((1, 2)),
    st.sampled_from(("joined", "left", "acknowledged", "resolved", "time", "private")),
)


def two_incidents() -> SpyKit:
    spy = knows_people().restarted()
    for number, name in ((1, "checkout is down"), (2, "cart hangs")):
        spy.say(f'incident me "{name}" sev1', by="U0ANA")
        spy.create_channel(number, channel=f"C0INC{number}")
        sent(spy, number)
    spy.say('change "checkout 1.2" on checkout')
    return spy


def happens(spy: SpyKit, number: int, what: str, *, at: int) -> None:
    channel, who = f"C0INC{number}", "U0RAJ"
    match what:
        case "joined":
            spy.notice(Joined(id=f"Ev{at}", channel=channel, person=who))
        case "left":
            spy.notice(Left(id=f"Ev{at}", channel=channel, person=who))
        case "private":
            spy.notice(MadePrivateNotice(id=f"Ev{at}", channel=channel, by=who))
        case "time":
            spy.pass_time(minutes=25)
        case _:
            news(spy, what, number)


def past(spy: SpyKit, number: int) -> list[PastState]:
    with spy.tx() as tx:
        return list(replayed(number, tx.session.timeline.events(number)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SAID | HAPPENED, max_size=30))
def test_the_fold_of_its_timeline_is_the_stored_incident(life: list[tuple[int, str] | tuple[int, str, str]]):
    spy = two_incidents()
    for at, (number, what, *by) in enumerate(life):
        spy.clock.tick(seconds=7)
        if by:
            words = what.format(other=3 - number)
            spy.say(f"inc-{number} {words}", by=by[0], channel=f"C0INC{number}")
        else:
            happens(spy, number, what, at=at)

    for number in (1, 2):
        states, stored = past(spy, number), spy.incident(number)
        assert replace(states[-1].incident, entries=stored.entries) == stored
        assert [it.at for it in states] == sorted(it.at for it in states)
        now = {it.number: it.state for it in spy.pages(number)}
        then = {page: it.state for page, it in states[-1].pages.items()}
        came = {
            it.data["page"] for it in spy.timeline(number) if it.data.get("merged_from") and "page" in it.data
        }
        assert then.items() <= now.items()
        assert now.keys() - then.keys() <= came


def test_the_state_at_a_moment_is_what_people_saw_then():
    spy = two_incidents()
    began = spy.clock.now()
    spy.clock.tick(minutes=5)
    spy.say("inc-1 hand @raj", by="U0ANA", channel="C0INC1")
    spy.clock.tick(minutes=1)
    spy.say("inc-1 accept", by="U0RAJ", channel="C0INC1")

    states = past(spy, 1)
    led = [state_at(states, began + timedelta(minutes=it)) for it in (0, 5, 6)]
    assert [(it.incident.commander, it.incident.command_offered_to) for it in led if it] == [
        ("U0ANA", None),
        ("U0ANA", "U0RAJ"),
        ("U0RAJ", None),
    ]
    assert state_at(states, began - timedelta(days=1)) is None


def test_a_correction_of_the_timeline_does_not_change_what_the_card_showed():
    spy = two_incidents()
    spy.say('inc-1 impact "nobody can pay"', by="U0ANA", channel="C0INC1")
    line = spy.timeline(1)[-1].seq
    spy.say(f'inc-1 timeline edit {line} "some can not pay"', by="U0ANA", channel="C0INC1")

    assert past(spy, 1)[-1].incident.impact == "nobody can pay" == spy.incident(1).impact


def test_an_incident_that_was_recorded_afterwards_is_replayed_at_its_own_times():
    spy = knows_people().restarted()
    spy.say('incident was "checkout was down" sev1 from 10:05 to 11:40')

    assert [f"{it.at:%H:%M} {it.incident.phase}" for it in past(spy, 1)] == ["10:05 triage", "11:40 resolved"]
