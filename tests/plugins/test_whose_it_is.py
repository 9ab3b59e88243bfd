"""What belongs to somebody is answered, taken and ended by them, by their team, or by who leads: not by anybody."""

from dataclasses import replace

import pytest

from bot.app.samples.failover_play import OK, FailoverPlay
from bot.domain.incident.timeline import Entry
from bot.domain.oncall.cover import CoverState
from bot.domain.oncall.effects import MakeOverride
from bot.domain.paging.effects import AnswerPage
from bot.ports import OnCallShift, Profile, Ringing
from bot.services.changes.locks import Locks
from bot.services.oncall.oncall import OnCall
from bot.services.oncall.shifts import Shifts
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.testing import POLICY, FrozenClock, SpyKit
from plugins import changes, incident, oncall, page, relief
from tests.support.on_call import DAY, HOUR, NOON, Rota
from tests.support.templates import shipped

ROLES = {"operator": frozenset({"U0OPS"}), "admin": frozenset({"U0ADM"})}


@pytest.fixture
def spy() -> SpyKit:
    """Return a Spy with an operator and an admin. Ana leads INC-1, and Kim is a member like others."""
    clock = FrozenClock()
    policy = replace(POLICY, permissions=ROLES)
    spy = SpyKit(
        incident, changes, page, oncall, relief, policy=policy, templates=shipped(clock), clock=clock
    )
    spy.say('incident me "checkout is down" sev3', by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")
    return spy


def said(spy: SpyKit, words: str, *, by: str, channel: str = "C0GENERAL") -> str:
    message = spy.say(words, by=by, channel=channel).message
    return message.text if message else ""


def kinds(spy: SpyKit) -> list[str]:
    return [it.kind for it in spy.timeline(1)]


def last(spy: SpyKit, kind: str) -> Entry:
    return [it for it in spy.timeline(1) if it.kind == kind][-1]


# --- what a team was told ---------------------------------------------------------------------------------


def test_only_people_of_a_team_say_that_it_has_seen_a_notice(spy: SpyKit):
    spy.say("tell :payments please look", by="U0ANA", channel="C0ROOM")

    refused = said(spy, "incident seen 1", by="U0ZOE")

    assert refused.startswith("Only :payments can say that :payments has seen it")
    assert "press *Seen* in that channel" in refused
    assert "team_notice_seen" not in kinds(spy)


@pytest.mark.parametrize("where", ["its channel", "on call", "its manager"])
def test_who_belongs_to_a_team_says_so_from_anywhere(spy: SpyKit, where: str):
    managed = replace(POLICY.teams["payments"], manager="U0MGR")
    spy.adopt(replace(spy.policy, teams={**POLICY.teams, "payments": managed}))
    with spy.tx() as tx:
        People(tx).met("U0KIM", Profile(name="Kim Park", email="kim@example.com"))
        kim = OnCallShift(policy="PPOL2", name="Kim Park", level=1, email="kim@example.com")
        OnCall(tx).synced([kim] if where == "on call" else [])
        Shifts(tx).found("kim@example.com", tx.session.people.get("U0KIM"))
    spy.say("tell :payments please look", by="U0ANA", channel="C0ROOM")
    person = {"on call": "U0KIM", "its manager": "U0MGR"}.get(where, "U0ZOE")

    spy.say("incident seen 1", by=person, channel="C0PAY" if where == "its channel" else "C0GENERAL")

    assert last(spy, "team_notice_seen").actor == person


def test_what_a_private_incident_told_a_team_is_not_there_for_others(spy: SpyKit):
    spy.say("incident me payroll private", by="U0ANA")
    spy.say("incident 2 tell :payments please rotate the keys", by="U0ANA")

    assert said(spy, "incident seen 1", by="U0ZOE") == said(spy, "incident seen 99", by="U0ZOE")


# --- deploy locks -----------------------------------------------------------------------------------------


def locked(spy: SpyKit, *, by: str, incident: int) -> None:
    """Lock checkout as somebody who was an operator then."""
    with spy.tx() as tx:
        Locks(tx).lock("checkout", "rolling back", by=by, incident=tx.incident(incident))


def test_a_lock_belongs_to_the_incident_in_whose_channel_it_was_set(spy: SpyKit):
    spy.say('lock checkout "rolling back"', by="U0OPS", channel="C0ROOM")

    with spy.tx() as tx:
        lock = Locks(tx).of("checkout")
    assert lock
    assert (lock.by, lock.incident) == ("U0OPS", 1)


def test_a_lock_is_removed_by_who_set_it_the_commander_or_an_operator(spy: SpyKit):
    locked(spy, by="U0RAJ", incident=1)

    refused = said(spy, "unlock checkout", by="U0ZOE")

    assert "Only <@U0RAJ> (whose it is), <@U0ANA> (commander of INC-1) or someone with the role" in refused
    assert "operator (<@U0ADM>, <@U0OPS>) can unlock checkout. It is locked since" in refused
    assert "rolling back" in said(spy, "locks", by="U0ZOE")


@pytest.mark.parametrize("person", ["U0RAJ", "U0ANA", "U0OPS", "U0ADM"])
def test_who_may_remove_a_lock_does(spy: SpyKit, person: str):
    locked(spy, by="U0RAJ", incident=1)

    assert "checkout" in said(spy, "locks", by="U0ZOE")
    spy.say("unlock checkout", by=person)

    assert "No deploy locks" in said(spy, "locks", by="U0ZOE")


def test_a_lock_does_not_tell_of_a_private_incident(spy: SpyKit):
    spy.say("incident me payroll private", by="U0ANA")
    spy.create_channel(2, channel="C0SECRET")
    locked(spy, by="U0RAJ", incident=2)

    assert "INC-2" not in said(spy, "unlock checkout", by="U0ZOE")


def test_the_lock_of_a_running_failover_is_taken_by_an_operator_or_who_runs_it():
    play = FailoverPlay.begin().begun().goes(OK)

    refused = play.say("unlock pod-7 anyway", by="U0KIM")

    assert "Only <@U0ANA> (whose it is) or someone with the role operator" in refused
    assert "pod-7" in play.say("locks")
    play.say("unlock pod-7 anyway", by="U0ANA")
    assert "No deploy locks" in play.say("locks")


def test_a_lock_of_a_run_that_is_gone_is_an_operators(spy: SpyKit):
    with spy.tx() as tx:
        Locks(tx).lock("checkout", "moving", by=None, holder="failover:12")

    assert "someone with the role operator" in said(spy, "unlock checkout anyway", by="U0ANA")
    spy.say("unlock checkout anyway", by="U0OPS")
    assert "No deploy locks" in said(spy, "locks", by="U0ANA")


# --- cover ------------------------------------------------------------------------------------------------


@pytest.fixture
def rota() -> Rota:
    """Ana is on call, and asks for cover. Zoe is a guest, and Lee is in no team."""
    rota = Rota()
    rota.on("ana", NOON - 3 * HOUR, NOON + 7 * DAY)
    rota.sync()
    with rota.spy.tx() as tx:
        People(tx).met("U0ZOE", Profile(name="Zoe Novak", is_guest=True))
        People(tx).met("U0LEE", Profile(name="Lee Wong"))
    return rota


def state(rota: Rota) -> CoverState:
    with rota.spy.tx() as tx:
        found = tx.session.covers.get(1)
        assert found
        return found.state


@pytest.mark.parametrize("answer", ["accept", "decline"])
@pytest.mark.parametrize(
    ("person", "channel", "why"),
    [
        ("U0LEE", "C0GENERAL", "This is for the people of :imoc"),
        ("U0ZOE", "C0IMOC", "you are a guest here"),
        ("U0ANA", "C0IMOC", "This is your own"),
    ],
)
def test_cover_that_a_team_is_asked_for_is_answered_by_its_people(
    rota: Rota, answer: str, person: str, channel: str, why: str
):
    rota.spy.say("oncall cover tomorrow 18:00-20:00", by="U0ANA")

    refused = said(rota.spy, f"oncall cover {answer} 1", by=person, channel=channel)

    assert why in refused
    assert state(rota) is CoverState.ASKED
    assert rota.spy.asked(MakeOverride) == []


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_cover_that_one_person_is_asked_for_is_answered_by_nobody_else(rota: Rota, answer: str):
    rota.spy.say("oncall cover tomorrow 18:00-20:00 <@U0RAJ>", by="U0ANA")

    refused = said(rota.spy, f"oncall cover {answer} 1", by="U0KIM", channel="C0IMOC")

    assert "<@U0ANA> asked <@U0RAJ> to cover this, so only they can answer" in refused
    assert "Can't:" not in rota.texts("cover", "U0RAJ")[0]
    rota.spy.say("oncall cover accept 1", by="U0RAJ", channel="D0RAJ")
    assert state(rota) is CoverState.PROMISED


def test_who_has_shifts_in_a_schedule_covers_from_anywhere(rota: Rota):
    rota.on("kim", NOON + 8 * DAY, NOON + 9 * DAY)
    rota.sync()
    rota.spy.say("oncall cover tomorrow 18:00-20:00", by="U0ANA")

    rota.spy.say("oncall cover accept 1", by="U0KIM", channel="C0GENERAL")

    assert state(rota) is CoverState.PROMISED


def test_a_request_for_cover_is_taken_back_by_who_made_it_alone(rota: Rota):
    rota.spy.say("oncall cover tomorrow 18:00-20:00", by="U0ANA")

    assert "Only <@U0ANA>" in said(rota.spy, "oncall cover withdraw 1", by="U0RAJ", channel="C0IMOC")


def test_nobody_is_ready_for_another(rota: Rota):
    with rota.spy.tx() as tx:
        [shift] = tx.session.shifts.of_person("U0ANA", since=NOON)

    assert "That shift is not yours" in said(rota.spy, f"oncall ready {shift.number}", by="U0RAJ")


# --- what is offered to one person, and what anybody may take -----------------------------------------------


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_command_that_is_offered_to_one_is_answered_by_them(spy: SpyKit, answer: str):
    spy.say("hand <@U0RAJ>", by="U0ANA", channel="C0ROOM")

    assert "is not offered to you" in said(spy, f"incident {answer}", by="U0ZOE", channel="C0ROOM")
    assert (spy.incident(1).commander, spy.incident(1).command_offered_to) == ("U0ANA", "U0RAJ")


def test_nobody_says_for_another_that_they_are_fine(spy: SpyKit):
    assert "You lead no open incident" in said(spy, "incident fine", by="U0ZOE", channel="C0ROOM")


def test_relief_leaves_command_where_it_is_until_the_brief_is_accepted(spy: SpyKit):
    spy.say("incident relieve <@U0ANA>", by="U0ZOE", channel="C0ROOM")

    assert spy.incident(1).commander == "U0ANA"


def test_a_page_for_another_is_acknowledged_in_the_name_of_who_did_it(spy: SpyKit):
    spy.say("page <@U0RAJ> look here", by="U0ANA", channel="C0ROOM")
    with spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="Q1", key="k", url="", status="triggered"))

    spy.say("pager ack 1", by="U0KIM", channel="C0ROOM")

    assert [it.by for it in spy.asked(AnswerPage)] == ["U0KIM"]


def test_a_failover_is_not_approved_by_who_proposed_it():
    play = FailoverPlay.begin()
    play.say("failover pod 7 to east", by="U0ANA")

    assert "A second person has to approve it" in play.say("failover approve 1", by="U0ANA")
