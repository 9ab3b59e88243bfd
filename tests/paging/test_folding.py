"""A second page to people who are rung already joins the first one. Nothing is lost: it rings by itself in time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.incident.effects import Invite
from bot.domain.paging.effects import AnswerPage
from bot.domain.paging.page import PageState
from bot.services.paging.pager_results import PagerResults
from bot.testing import POLICY, SpyKit
from tests.support.folding import (
    acknowledges,
    is_gone,
    is_over_in_chat,
    kinds,
    news,
    of,
    opens,
    requested,
    ringing,
    sent,
    two_pages,
)
from tests.support.times import in_utc

LIMIT = POLICY.limits.ring_again_after


@pytest.fixture
def spy() -> SpyKit:
    return two_pages()


# --- one ring for both ------------------------------------------------------------------------------------


def test_a_phone_that_rings_already_is_not_rung_again_and_everybody_reads_why(spy: SpyKit):
    assert requested(spy) == [1]
    assert of(spy, 2).state is PageState.FOLDED
    assert in_utc(spy.lines(2)[-1]) == (
        "*Page to :imoc joins page 1* for INC-1, which has been paging Raj Patel since 12:00 UTC"
    )
    card = in_utc(spy.message_type("card", 2).text)
    assert (
        "joined page 1 for INC-1, which has been paging Raj Patel since 12:00 UTC; not acknowledged yet"
        in card
    )


def test_many_incidents_of_one_person_ring_a_phone_once(spy: SpyKit):
    for number in range(3, 18):
        spy.say(f'incident me "trouble {number}" sev1', by="U0ZOE")
        spy.say(f"incident {number} page :imoc look", by="U0ZOE")

    assert requested(spy) == [1]


def test_who_pages_reads_whom_the_other_page_rings_and_what_happens_next(spy: SpyKit):
    answer = spy.say("page :imoc come please", by="U0KIM", channel="C0INC2")

    assert answer.message is None or "joins page 1" in in_utc(answer.message.text)
    line = in_utc(spy.message_type("page", 3).text)
    assert (
        "*Page 3 to :imoc*: come please\njoined page 1 for INC-1, which has been paging Raj Patel since"
        in line
    )
    elsewhere = spy.say("page :imoc come please", by="U0KIM")
    assert elsewhere.message
    assert "If nobody answers soon, this page is sent too." in elsewhere.message.text


def test_the_first_page_shows_for_which_others_it_rings(spy: SpyKit):
    spy.say("page :payments look", by="U0ANA", channel="C0INC1")
    spy.say("page :payments look too", by="U0ZOE", channel="C0INC2")

    assert "The person who answers it has this page too: 4 (INC-2)" in spy.message_type("page", 3).text


def test_the_page_of_a_private_incident_rings_by_itself(spy: SpyKit):
    opens(spy, "payroll", by="U0KIM", number=3, more="sev1 private")

    assert requested(spy) == [1, 3]
    assert "joined" not in spy.message_type("page", 3).text


def test_no_other_page_joins_the_page_of_a_private_incident(spy: SpyKit):
    opens(spy, "payroll", by="U0KIM", number=3, more="sev1 private")
    spy.say("page :payments look", by="U0KIM", channel="C0INC3")
    spy.say("page :payments look", by="U0ZOE", channel="C0INC2")
    spy.say("page :payments lunch?", by="U0ZOE")

    assert requested(spy) == [1, 3, 4, 5]
    assert "INC-3" not in spy.message_type("page", 5).text + "".join(spy.lines(2))


def test_pages_of_one_private_incident_ring_once(spy: SpyKit):
    opens(spy, "payroll", by="U0KIM", number=3, more="sev1 private")
    spy.say("page :imoc are you there?", by="U0KIM", channel="C0INC3")

    assert requested(spy) == [1, 3]
    assert of(spy, 4).folded_into == 3


def test_one_person_is_rung_once_too(spy: SpyKit):
    spy.say("page <@U0RAJ> look", by="U0ANA", channel="C0INC1")
    spy.say("page <@U0RAJ> look", by="U0ZOE", channel="C0INC2")
    spy.say("page <@U0KIM> look", by="U0ZOE", channel="C0INC2")

    assert requested(spy) == [1, 3, 5]


def test_a_question_does_not_ring_for_an_incident(spy: SpyKit):
    spy.say("page :payments lunch?", by="U0KIM")
    spy.say("page :payments look", by="U0ZOE", channel="C0INC2")

    assert requested(spy) == [1, 3, 4]


def test_a_drill_does_not_ring_for_a_real_incident(spy: SpyKit):
    opens(spy, "practice", by="U0KIM", number=3, more="sev1 drill")
    spy.say("page :payments practice", by="U0KIM", channel="C0INC3")
    spy.say("page :payments look", by="U0ZOE", channel="C0INC2")

    assert requested(spy) == [1, 3, 4]


def test_a_worse_incident_rings_by_itself(spy: SpyKit):
    opens(spy, "typo", by="U0KIM", number=3, more="sev3")
    spy.say("page :payments typo", by="U0KIM", channel="C0INC3")
    spy.say("page :payments look", by="U0ZOE", channel="C0INC2")

    assert requested(spy) == [1, 3, 4]


def minor(spy: SpyKit) -> None:
    """Let a sev3 of Kim ring :payments as page 3, and one of Zoe join it as page 4."""
    opens(spy, "typo", by="U0KIM", number=3, more="sev3")
    opens(spy, "login is slow", by="U0ZOE", number=4, more="sev3")
    spy.say("page :payments typo", by="U0KIM", channel="C0INC3")
    spy.say("page :payments look", by="U0ZOE", channel="C0INC4")


def test_a_page_rings_at_once_when_its_incident_becomes_more_severe(spy: SpyKit):
    minor(spy)

    spy.say("sev sev2", by="U0ZOE", channel="C0INC4")

    assert requested(spy) == [1, 3, 4]
    assert any(it.endswith("It had joined page 3, which is less severe") for it in spy.lines(4))


def test_a_page_does_not_ring_again_when_its_incident_becomes_less_severe(spy: SpyKit):
    spy.say("sev sev2", by="U0ZOE", channel="C0INC2")

    assert requested(spy) == [1]


def test_a_page_that_rang_for_a_minor_incident_does_not_ring_for_a_worse_one(spy: SpyKit):
    minor(spy)
    spy.say("sev sev1", by="U0KIM", channel="C0INC3")

    spy.say("page :payments look", by="U0ZOE", channel="C0INC2")
    spy.say("page :payments now it is bad", by="U0KIM", channel="C0INC3")

    assert requested(spy) == [1, 3, 6]
    assert of(spy, 7).folded_into == 6


# --- it is never lost -------------------------------------------------------------------------------------


def fails(spy: SpyKit) -> None:
    with spy.tx() as tx:
        PagerResults(tx).failed(1, "PagerDuty is down")
    spy.tick()


def is_delayed(spy: SpyKit) -> None:
    with spy.tx() as tx:
        found = tx.session.pages.get(1)
        assert found
        tx.session.pages.put(replace(found, state=PageState.REQUESTED, pager_id=None, rings_since=None))
    with spy.tx() as tx:
        PagerResults(tx).delayed(1, "PagerDuty does not answer")
    spy.tick()


def rings_nobody(spy: SpyKit) -> None:
    with spy.tx() as tx:
        found = tx.session.pages.get(1)
        assert found
        tx.session.pages.put(replace(found, assigned=""))
    spy.pass_time(seconds=15)


def is_not_answered(spy: SpyKit) -> None:
    spy.pass_time(seconds=LIMIT.total_seconds())


def is_answered_by_a_stranger(spy: SpyKit) -> None:
    """Somebody whom Spy does not find in Slack acknowledges in PagerDuty."""
    news(spy, "acknowledged", who="Somebody", user="PUNKNOWN")
    spy.pass_time(minutes=2)


ENDS: dict[str, Callable[[SpyKit], None]] = {
    "resolved in the pager": lambda spy: news(spy, "resolved"),
    "resolved in chat, not confirmed": is_over_in_chat,
    "failed": fails,
    "delayed": is_delayed,
    "nobody on call": rings_nobody,
    "gone without a word": is_gone,
    "not answered": is_not_answered,
    "answered by somebody unknown": is_answered_by_a_stranger,
}


@pytest.mark.parametrize("end", ENDS)
def test_a_page_rings_by_itself_when_the_one_that_it_joined_does_not_ring_for_it(spy: SpyKit, end: str):
    ENDS[end](spy)

    assert requested(spy) == [1, 2]
    assert of(spy, 2).state is PageState.REQUESTED
    assert "*Page to :imoc is sent by itself now*" in spy.lines(2)[-1]


@pytest.mark.parametrize("end", ENDS)
def test_it_rings_by_itself_once_and_also_after_a_restart(spy: SpyKit, end: str):
    spy = spy.restarted()
    ENDS[end](spy)
    spy.pass_time(minutes=30)

    assert requested(spy).count(2) == 1


def test_of_many_that_waited_one_rings_and_the_others_join_it(spy: SpyKit):
    for number in range(3, 8):
        opens(spy, f"trouble {number}", by="U0ZOE", number=number)

    news(spy, "resolved")

    assert requested(spy) == [1, 2]
    assert {of(spy, number).folded_into for number in range(3, 8)} == {2}
    spy.pass_time(seconds=LIMIT.total_seconds())
    assert requested(spy) == [1, 2, 3]


def test_a_page_that_is_asked_for_later_rings_by_itself(spy: SpyKit):
    spy.clock.tick(seconds=LIMIT.total_seconds())
    opens(spy, "orders fail", by="U0KIM", number=3)

    assert 3 in requested(spy)


def test_after_an_acknowledgement_a_new_page_rings(spy: SpyKit):
    acknowledges(spy)
    opens(spy, "orders fail", by="U0KIM", number=3)

    assert requested(spy) == [1, 3]


# --- whoever acknowledges has both ------------------------------------------------------------------------


def test_who_acknowledges_has_both_is_told_and_invited(spy: SpyKit):
    acknowledges(spy)

    assert (of(spy, 2).state, of(spy, 2).acknowledged_person) == (PageState.ACKNOWLEDGED, "U0RAJ")
    assert requested(spy) == [1]
    assert {it.incident for it in spy.asked(Invite) if "U0RAJ" in it.people} == {1, 2}
    told = in_utc(spy.message_type("also_paged", 1).text)
    assert told.startswith(
        "*You acknowledged page 1 to :imoc. It also stands for another page, which you have as well:*"
    )
    assert "• Page 2 for INC-2, requested 12:00 UTC by <@U0ZOE>: search is slow" in told
    assert "page_acknowledged" in kinds(spy, 2)


def test_an_acknowledgement_that_expires_opens_both_and_neither_is_lost(spy: SpyKit):
    acknowledges(spy)
    spy.clock.tick(minutes=30)
    spy.adopt(replace(spy.policy, timers=replace(spy.policy.timers, renew_acknowledgement=False)))
    news(spy, "unacknowledged")

    assert of(spy, 2).state is PageState.FOLDED
    spy.clock.tick(seconds=1)
    news(spy, "resolved")
    assert requested(spy) == [1, 2]


def test_the_page_of_one_person_is_not_acknowledged_by_another(spy: SpyKit):
    spy.say("page <@U0KIM> look", by="U0ANA", channel="C0INC1")
    sent(spy, 3)
    spy.say("page <@U0KIM> look", by="U0ZOE", channel="C0INC2")

    spy.say("pager ack 3", by="U0RAJ", channel="C0INC1")
    with spy.tx() as tx:
        PagerResults(tx).answered(3, "acknowledged", ringing(3, "acknowledged"), by="U0RAJ")
    spy.tick()

    assert requested(spy) == [1, 3, 4]


# --- answers in chat --------------------------------------------------------------------------------------


def test_a_page_that_joined_another_is_acknowledged_in_chat_and_the_other_rings_on(spy: SpyKit):
    answer = spy.say("pager ack 2", by="U0KIM", channel="C0INC2")
    spy.pass_time(minutes=30)

    assert answer.message is None or "rings on" in answer.message.text
    assert (of(spy, 2).state, of(spy, 2).acknowledged_person) == (PageState.ACKNOWLEDGED, "U0KIM")
    assert of(spy, 1).state is PageState.SENT
    assert requested(spy).count(2) == 0
    assert spy.asked(AnswerPage) == []


def test_an_incident_that_ends_takes_its_page_with_it(spy: SpyKit):
    spy.say("stop fixed", by="U0ZOE", channel="C0INC2")
    news(spy, "resolved")
    spy.pass_time(minutes=30)

    assert of(spy, 2).state is PageState.RESOLVED
    assert requested(spy) == [1]


def test_without_the_setting_each_page_rings(spy: SpyKit):
    spy.adopt(replace(spy.policy, limits=replace(spy.policy.limits, ring_again_after=timedelta())))
    opens(spy, "orders fail", by="U0KIM", number=3)

    assert requested(spy) == [1, 3]
