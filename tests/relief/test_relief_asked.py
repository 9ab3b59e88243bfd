"""The relief escalation told as stories: to its end, its ways out, by night, late, and over several incidents."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.effects import Effect, UpsertMessage
from bot.domain.incident.effects import Invite
from bot.domain.message import Buttons
from bot.domain.paging.effects import AnswerPage, SendPage
from bot.domain.policy import Policy
from bot.domain.subject import IncidentChannel, Subject
from bot.ports import Contact, OnCallCopy, OnCallShift, Person, Profile, Ringing
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.services.relief.relief import Relief
from bot.services.reminders import Reminders
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, FrozenClock, SpyKit
from plugins import incident, page, relief
from plugins import time as time_plugin
from tests.support.templates import shipped
from tests.support.times import in_utc

TOKYO = Profile(name="Ana Lima", zone="Asia/Tokyo")
QUIET = replace(POLICY.severities["sev3"], update_every=None)
IMOC = replace(POLICY.teams["imoc"], manager="U0MGR")
TEAM = replace(POLICY, teams={**POLICY.teams, "imoc": IMOC}, severities={**POLICY.severities, "sev3": QUIET})
"""A severity that promises no updates, so that only the escalation speaks."""


class Night(SpyKit):
    """Spy with its real words, a team, and its backup."""

    def __init__(self, *, start: datetime = NOON, policy: Policy = TEAM) -> None:
        clock = FrozenClock(start)
        super().__init__(
            incident,
            page,
            relief,
            time_plugin,
            policy=policy,
            clock=clock,
            templates=shipped(clock),
        )
        self.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park", U0MGR="Mia Gruber")
        kim = OnCallShift(policy="PPOL1", level=2, name="Kim Park", email="kim@example.com")
        with self.tx() as tx:
            tx.session.on_calls.replace(OnCallCopy(on_calls=(kim,), synced_at=start))
            tx.session.contacts.put(Contact(email="kim@example.com", person="U0KIM"))

    def declare(self, name: str = "checkout is down", *, by: str = "U0ANA", more: str = "sev3") -> int:
        self.say(f'incident me "{name}" {more}', by=by)
        with self.tx() as tx:
            number = tx.session.incidents.open(limit=1)[0].number
        self.create_channel(number, channel=f"C0INC{number}")
        return number

    def wait(self, minutes: float) -> Sequence[Effect]:
        """Let time pass; give what was asked of the world meanwhile."""
        before = len(self.effects)
        self.pass_time(minutes=minutes)
        return self.effects[before:]

    def stands(self, show: UpsertMessage) -> str:
        """Read a message of the escalation as it stands now."""
        return self.message_type(show.message_type, show.ref, show.mark).text


def told(effects: Sequence[Effect]) -> list[tuple[str, str]]:
    """Where messages of the escalation went, and which."""
    return [(it.to, it.mark.partition("@")[0]) for it in shows(effects)]


def shows(effects: Sequence[Effect]) -> list[UpsertMessage]:
    return [it for it in effects if isinstance(it, UpsertMessage) and it.message_type in {"relief", "rest"}]


def labels(spy: SpyKit, show: UpsertMessage) -> list[str]:
    parts = spy.message_type(show.message_type, show.ref, show.mark).parts
    return [it.label for part in parts if isinstance(part, Buttons) for it in part.buttons]


@pytest.fixture
def spy() -> Night:
    return Night()


# --- the escalation to its end --------------------------------------------------------------------------------


def test_after_45_minutes_the_commander_gets_a_word(spy: Night):
    spy.declare()

    assert told(spy.wait(44.5)) == []
    [word] = shows(spy.wait(0.5))

    assert word.to == "U0ANA"
    assert spy.stands(word).startswith("*You have led INC-1 for 45 min.*")
    assert labels(spy, word) == ["Hand over", "I'm fine, 30 more minutes", "Why?"]


def test_after_an_hour_the_channel_and_the_team_are_asked(spy: Night):
    spy.declare()
    spy.wait(45)

    asked = shows(spy.wait(15))

    assert [it.to for it in asked if "ask" in it.mark] == [IncidentChannel(1), "C0IMOC"]
    assert spy.stands(asked[-1]).startswith("*Ana Lima has led INC-1 for 1 h 00.* Can someone take over?")
    assert labels(spy, asked[-1]) == ["I can take over", "Why?"]


def test_after_75_minutes_the_backup_is_paged_and_after_90_the_manager(spy: Night):
    spy.declare()

    spy.wait(75)
    assert [it.person for it in spy.pages(1)] == ["U0KIM"]
    spy.wait(15)

    assert [it.person for it in spy.pages(1)] == ["U0KIM", "U0MGR"]
    assert spy.pages(1)[1].message == "Ana Lima has led INC-1 for 1 h 30. Can you step in?"


def test_the_question_tells_how_its_pages_stand(spy: Night):
    spy.declare()
    question = next(it for it in shows(spy.wait(75)) if it.to == "C0IMOC")

    with spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="PD1", url="https://example.com/PD1", status="triggered"))

    assert shows(spy.effects)[-1].to == "C0IMOC"
    assert "• Kim Park: sent 13:15 UTC" in in_utc(spy.stands(question))


def test_who_led_only_the_last_part_is_not_said_to_have_led_all_of_it(spy: Night):
    spy.declare()
    spy.say("incident role scribe <@U0RAJ>", channel="C0INC1")
    spy.wait(40)
    spy.say("incident hand <@U0RAJ>", channel="C0INC1")
    spy.say("incident accept", by="U0RAJ", channel="C0INC1")

    word = next(it for it in shows(spy.wait(36)) if it.to == "U0RAJ")

    assert spy.stands(word).startswith(
        "*You have worked on incidents for 1 h 16, in command of INC-1 for 36 min.*"
    )
    assert spy.pages(1)[0].message == (
        "Raj Patel has worked on incidents for 1 h 15, now in command of INC-1. Can you step in?"
    )


def test_no_phone_rings_on_for_relief_that_was_found(spy: Night):
    spy.declare()
    spy.wait(75)
    with spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="PD1", url="https://example.com/PD1", status="triggered"))
    spy.wait(6)

    spy.say("incident relieve", by="U0RAJ", channel="C0INC1")
    spy.say("incident accept", by="U0RAJ", channel="C0INC1")

    assert [(it.person, it.team) for it in spy.pages(1)] == [("U0KIM", None), (None, "imoc")]
    hung_up = [(it.page, it.answer, it.by) for it in spy.asked(AnswerPage)]
    assert hung_up == [(1, "resolved", "U0RAJ"), (2, "resolved", "U0RAJ")]


def test_relief_in_one_incident_leaves_the_page_about_another(spy: Night):
    spy.declare()
    spy.declare("search is slow")
    spy.wait(75)

    spy.say("incident hand <@U0RAJ>", channel="C0INC2")
    spy.say("incident accept", by="U0RAJ", channel="C0INC2")

    assert spy.pages(1)
    assert spy.asked(AnswerPage) == []


def test_then_everybody_is_asked_each_hour(spy: Night):
    spy.declare()
    spy.wait(90)

    asked = shows(spy.wait(120))

    renewed = [it.mark for it in asked if it.to == IncidentChannel(1) and "again" in it.mark]
    assert list(dict.fromkeys(renewed)) == [":relief-again1@incident:1", ":relief-again2@incident:1"]
    assert len(spy.pages(1)) == 4


def test_only_the_newest_question_has_buttons(spy: Night):
    spy.declare()
    asked = shows(spy.wait(150))

    first = next(it for it in asked if it.mark == ":relief-ask@incident:1")

    assert labels(spy, first) == []


def test_a_backup_whom_slack_does_not_know_is_reached_through_the_team(spy: Night):
    with spy.tx() as tx:
        tx.session.on_calls.replace(OnCallCopy())
    spy.declare()

    spy.wait(75)

    assert [it.team for it in spy.pages(1)] == ["imoc"]


def test_a_drill_pages_nobody_and_says_so(spy: Night):
    spy.declare(more="sev3 drill")

    asked = shows(spy.wait(90))

    assert not spy.asked(SendPage)
    assert spy.stands(asked[-1]).startswith("DRILL · *Ana Lima has led INC-1 for 1 h 30.*")
    assert "a drill pages nobody" in spy.stands(asked[-1])


# --- its ways out -----------------------------------------------------------------------------------------


def asked_after_an_hour(spy: Night) -> UpsertMessage:
    spy.declare()
    return next(it for it in shows(spy.wait(60)) if it.to == "C0IMOC")


def test_way_out_somebody_takes_over(spy: Night):
    question = asked_after_an_hour(spy)

    spy.press(
        "I can take over",
        spy.message_type("relief", question.ref, question.mark),
        by="U0RAJ",
        channel="C0IMOC",
    )
    [brief] = [it for it in spy.asked(UpsertMessage) if it.message_type == "brief"]

    assert (brief.to, spy.incident(1).commander) == ("U0RAJ", "U0ANA"), (
        "until *I have command* it has not moved"
    )
    assert "Raj Patel is reading the brief" in spy.stands(question)

    spy.clock.tick(minutes=2)
    spy.press("I have command", spy.message_type("brief", 1, brief.mark), by="U0RAJ", channel="D0RAJ")

    rest = shows(spy.effects)[-1]
    assert (rest.message_type, rest.to, spy.incident(1).commander) == ("rest", "U0ANA", "U0RAJ")
    assert "Raj Patel has command since 13:02 UTC" in in_utc(spy.stands(rest))
    assert "You led for 1 h 02. Take a break" in spy.stands(rest)
    assert spy.stands(question) == "Ana Lima is off INC-1 after 1 h 02. Raj Patel has command of INC-1."
    assert re.search(
        r"Raj Patel has command\* since 13:02 UTC, taken over from Ana Lima", in_utc(spy.lines(1)[-1])
    )


def test_the_successors_clock_starts_at_zero(spy: Night):
    asked_after_an_hour(spy)
    spy.say("incident 1 relieve", by="U0RAJ")
    spy.say("incident 1 accept", by="U0RAJ")

    assert told(spy.wait(44)) == []
    assert told(spy.wait(1)) == [("U0RAJ", ":relief-warn")]


def test_a_successor_is_brought_into_the_channel(spy: Night):
    asked_after_an_hour(spy)

    spy.say("incident 1 relieve", by="U0RAJ", channel="C0IMOC")

    assert spy.asked(Invite)[-1].people == ("U0RAJ",)


def test_way_out_the_commander_hands_over(spy: Night):
    spy.declare()
    spy.wait(50)
    spy.say("incident 1 hand <@U0RAJ>", by="U0ANA")
    spy.say("incident 1 accept", by="U0RAJ")

    assert not [it for it in told(spy.wait(40)) if "ask" in it[1]]


def test_way_out_it_is_over(spy: Night):
    spy.declare()
    spy.wait(50)
    spy.say("incident 1 stop", by="U0ANA")

    assert told(spy.wait(120)) == []
    word = shows(spy.effects)[0]
    assert spy.stands(word) == "You are off INC-1 after 50 min."
    assert labels(spy, word) == []


def test_way_out_fine_once_and_for_all_to_see(spy: Night):
    spy.declare()
    [word] = shows(spy.wait(45))
    spy.wait(5)

    spy.press("I'm fine, 30 more minutes", spy.message_type("relief", word.ref, word.mark))

    assert spy.lines(1)[-1].startswith("*Ana Lima is fine for now*: Spy asks nobody to take over before ")
    assert labels(spy, word) == ["Hand over", "Why?"]
    assert "ask" not in str(told(spy.wait(29.5)))
    assert [it[0] for it in told(spy.wait(0.5)) if "ask" in it[1]] == [IncidentChannel(1), "C0IMOC"]


def test_fine_is_said_once(spy: Night):
    spy.declare()
    spy.wait(46)
    spy.say("incident fine", by="U0ANA")
    spy.wait(40)

    answer = spy.say("incident fine", by="U0ANA")

    assert "already used this once" in answer.message.text


def test_who_leads_nothing_need_not_be_fine(spy: Night):
    spy.declare()

    assert "You lead no open incident" in spy.say("incident 1 fine", by="U0RAJ").message.text


def test_a_question_that_was_answered_is_refused_kindly(spy: Night):
    question = asked_after_an_hour(spy)
    message = spy.message_type("relief", question.ref, question.mark)
    spy.say("incident 1 relieve", by="U0RAJ")
    spy.say("incident 1 accept", by="U0RAJ")

    spy.press("I can take over", message, by="U0KIM", channel="C0IMOC")

    assert "off INC-1 already" in spy.private()[-1].text


def test_who_declines_leaves_the_question_as_it_was(spy: Night):
    question = asked_after_an_hour(spy)
    spy.say("incident 1 relieve", by="U0RAJ")
    before = spy.stands(question)

    spy.say("incident 1 decline", by="U0RAJ")

    assert "reading the brief" in before
    assert "reading the brief" not in spy.stands(question)
    assert shows(spy.effects)[-1].to == "C0IMOC", "the question is shown anew"


def test_the_brief_tells_what_waits_for_an_answer(spy: Night):
    spy.declare(more="sev1")
    spy.say('incident 1 tell :payments "cards fail"', by="U0ANA")
    spy.say("incident 1 role scribe <@U0KIM>", by="U0ANA")
    spy.wait(20)
    spy.say("incident 1 relieve", by="U0RAJ")

    text = spy.message_type("brief", 1, shows_brief(spy).mark).text

    assert "*Not seen yet* :payments 12:00 UTC" in in_utc(text)
    assert "*Roles* scribe Kim Park" in text
    assert "*Waiting for*: the update, 5 min overdue" in text
    assert "*Next reminders*" in text


def shows_brief(spy: Night) -> UpsertMessage:
    return [it for it in spy.asked(UpsertMessage) if it.message_type == "brief"][-1]


def test_why_names_the_rule_and_since_when(spy: Night):
    spy.declare()
    spy.wait(75)

    assert "relief" in spy.say("incident 1 why relief").message.text
    why = spy.say("why page 1").message.text
    assert "the backup after 1 h 15" in why
    assert "Ana Lima has worked on incidents without a break since 12:00 UTC" in in_utc(why)


# --- across incidents -------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [0.1, 5, 29])
def test_who_led_for_less_than_half_an_hour_is_not_told_to_take_a_break(spy: Night, minutes: float):
    spy.declare()
    spy.wait(minutes)
    spy.say("incident 1 hand <@U0RAJ>")
    spy.say("incident 1 accept", by="U0RAJ")

    assert shows(spy.effects) == []


def test_a_short_command_beside_a_long_one_is_no_reason_to_speak_of_breaks(spy: Night):
    spy.declare()
    spy.wait(40)
    spy.declare("search is slow")
    spy.say("incident 2 hand <@U0RAJ>")
    spy.say("incident 2 accept", by="U0RAJ")

    assert [it for it in shows(spy.effects) if it.message_type == "rest"] == []


def test_who_led_for_a_part_of_a_long_time_at_work_has_worked_and_not_led_so_long(spy: Night):
    spy.declare()
    spy.wait(20)
    spy.declare("search is slow")
    spy.wait(20)
    for number in (1, 2):
        spy.say(f"incident {number} hand <@U0RAJ>")
        spy.say(f"incident {number} accept", by="U0RAJ")
        spy.wait(20)

    assert "You worked on incidents for 1 h. Take a break" in spy.stands(shows(spy.effects)[-1])


def test_handing_over_one_while_leading_another_is_no_rest(spy: Night):
    spy.declare()
    spy.wait(40)
    spy.declare("search is slow")
    spy.say("incident 1 hand <@U0RAJ>", by="U0ANA")
    spy.say("incident 1 accept", by="U0RAJ")

    rest = shows(spy.effects)[-1]
    asked = shows(spy.wait(20))

    assert "You still have INC-2. Who could take it?" in spy.stands(rest)
    assert [it.to for it in asked if "ask" in it.mark] == [IncidentChannel(2), "C0IMOC"]
    words = "*Ana Lima has worked on incidents for 1 h 00, in command of INC-2 for 20 min.*"
    assert spy.stands(asked[-1]).startswith(words)


def test_who_leads_two_is_asked_about_in_both_channels_once_each(spy: Night):
    spy.declare()
    spy.declare("search is slow")

    asked = [it for it in shows(spy.wait(60)) if "ask" in it.mark]

    assert [it.to for it in asked] == [IncidentChannel(1), IncidentChannel(2), "C0IMOC"]
    assert spy.stands(asked[-1]).startswith("*Ana Lima has led INC-1 and INC-2 for 1 h 00.*")
    assert labels(spy, asked[-1]) == ["I can take over INC-1", "I can take over INC-2", "Why?"]


def test_the_time_told_of_a_role_is_the_roles_own(spy: Night):
    spy.declare()
    spy.wait(20)
    spy.say("incident 1 role scribe <@U0ANA>", by="U0RAJ")
    spy.say("incident 1 hand <@U0RAJ>", by="U0ANA")
    spy.say("incident 1 accept", by="U0RAJ")
    spy.wait(3)
    spy.say("incident 1 role scribe <@U0ANA>", by="U0RAJ")

    asked = [it for it in shows(spy.wait(37)) if it.to == "C0IMOC"]

    assert spy.stands(asked[0]).startswith(
        "*Ana Lima has worked on incidents for 1 h 00, scribe on INC-1 for 40 min.*"
    )


def test_a_role_counts_too(spy: Night):
    spy.declare()
    spy.wait(10)
    spy.say("incident 1 role scribe <@U0RAJ>", by="U0ANA")
    spy.say("incident 1 hand <@U0KIM>", by="U0ANA")
    spy.say("incident 1 accept", by="U0KIM")

    asked = [it for it in shows(spy.wait(60)) if "Raj" in spy.stands(it) and it.to == "C0IMOC"]
    assert spy.stands(asked[0]).startswith("*Raj Patel has been scribe on INC-1 for 1 h 00.*")
    spy.say("incident 1 relieve <@U0RAJ>", by="U0MGR")

    assert spy.incident(1).roles == {"scribe": "U0MGR"}
    assert shows(spy.effects)[-1].to == "U0RAJ"


def test_a_private_incident_is_asked_about_in_its_own_channel_only(spy: Night):
    spy.declare(more="sev3 private")

    asked = [it for it in shows(spy.wait(60)) if "ask" in it.mark]

    assert [it.to for it in asked] == [IncidentChannel(1)]


def test_a_public_question_does_not_tell_of_a_private_incident(spy: Night):
    spy.declare()
    spy.declare("a leak", more="sev3 private")

    asked = {it.to: spy.stands(it) for it in shows(spy.wait(60)) if "ask" in it.mark}

    assert "INC-2" not in asked[IncidentChannel(1)] + asked["C0IMOC"]
    assert "INC-2" in asked[IncidentChannel(2)]


# --- by night, late, and far away -------------------------------------------------------------------------


def lives_in(spy: SpyKit, zone: str) -> None:
    with spy.tx() as tx:
        tx.session.people.put(Person(id="U0ANA", name="Ana Lima", zone=zone))


def test_by_night_the_ladder_is_halved():
    spy = Night(start=datetime(2026, 11, 23, 3, 0, tzinfo=UTC))
    spy.declare()

    assert [it[0] for it in told(spy.wait(30)) if "ask" in it[1]] == [IncidentChannel(1), "C0IMOC"]


def test_it_is_night_where_the_person_lives(spy: Night):
    lives_in(spy, "Asia/Tokyo")
    spy.clock.tick(hours=3)
    spy.declare()

    assert "relief-ask" in str(told(spy.wait(30)))


def test_who_turns_out_to_live_elsewhere_has_a_ladder_by_that_clock(spy: Night):
    spy.clock.tick(hours=3)
    spy.declare()
    with spy.tx() as tx:
        People(tx).met("U0ANA", TOKYO)

    assert "relief-ask" in str(told(spy.wait(30)))


def test_after_three_hours_of_silence_the_highest_rung_is_spoken_once_and_says_it_is_late(spy: Night):
    spy.declare()
    spy.clock.tick(hours=3)

    before = len(spy.effects)
    spy.tick()
    spy.tick()
    asked = shows(spy.effects[before:])

    assert told(asked) == [(IncidentChannel(1), ":relief-again1"), ("C0IMOC", ":relief-again1")]
    assert "This comes late: it was due 14:30 UTC" in in_utc(spy.stands(asked[0]))
    assert len(spy.pages(1)) == 1
    assert told(spy.wait(29)) == []


def test_what_was_over_before_spy_came_back_is_not_spoken(spy: Night):
    spy.declare()
    spy.say("incident 1 stop", by="U0ANA")
    spy.clock.tick(hours=3)

    spy.tick()

    assert shows(spy.effects) == []


# --- hours that add up ------------------------------------------------------------------------------------


def test_eight_hours_are_said_to_the_person_and_twelve_to_all(spy: Night):
    spy.declare()
    first = spy.wait(60 * 8)
    second = spy.wait(60 * 4)

    [eight] = [it for it in shows(first) if it.mark.startswith(":duty-warn")]
    twelve = [it for it in shows(second) if it.mark.startswith(":duty-ask")]

    assert eight.to == "U0ANA"
    assert [it.to for it in twelve] == ["U0ANA", IncidentChannel(1), "C0IMOC"]
    assert "on duty for 12 h 00 of the last 24 h" in spy.stands(twelve[-1])


def test_the_hours_of_an_earlier_incident_count(spy: Night):
    spy.declare()
    spy.wait(60 * 6)
    spy.say("incident 1 stop", by="U0ANA")
    spy.wait(60)
    spy.declare("search is slow")

    assert ("U0ANA", ":duty-warn") not in told(spy.wait(60 * 2 - 1))
    assert ("U0ANA", ":duty-warn") in told(spy.wait(1))


# --- what may go wrong ------------------------------------------------------------------------------------


def test_a_question_that_slack_does_not_take_is_said_in_the_channel(spy: Night):
    question = asked_after_an_hour(spy)

    with spy.tx() as tx:
        Relief(tx).report_undelivered(question.ref, question.to, "is_archived")

    assert "The word about relief to <#C0IMOC>" in spy.lines(1)[-1]


def test_a_policy_that_changes_moves_what_is_due(spy: Night):
    spy.declare()
    hasty = replace(TEAM, timers=replace(TEAM.timers, relief_warn=timedelta(minutes=20)))
    with spy.sessions.begin() as session:
        Reminders(Transaction(session=session, now=spy.clock.now(), policy=hasty)).replan()

        [due] = session.timers.due(Subject("person", "U0ANA"), NOON + timedelta(minutes=20))

    assert due.reminder == "relief"
