"""Pages follow PagerDuty's word, whatever order it comes in, and never claim more than it said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.effects import UpsertMessage
from bot.domain.incident.effects import Invite, Welcome
from bot.domain.paging.effects import AnswerPage, EscalatePage, FindResponder, SendPage
from bot.domain.paging.page import Page, PageState
from bot.domain.policy import Account
from bot.domain.refusal import Refusal
from bot.domain.subject import IncidentChannel
from bot.ports import OnCallShift, PagerNews, Ringing
from bot.services.incident.channels import IncidentChannels
from bot.services.incident.incidents import Incidents
from bot.services.oncall.oncall import OnCall
from bot.services.paging.pager_results import PagerResults
from bot.services.paging.pages import Pages
from bot.services.paging.paging import Paging
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, SpyKit
from tests.support.folders import PLUGINS

pytestmark = pytest.mark.usefixtures("channel")

RINGING = Ringing(id="PD1", url="https://pd/PD1", status="triggered")


def page(spy: SpyKit, number: int = 1) -> Page:
    with spy.tx() as tx:
        found = tx.session.pages.get(number)
    assert found
    return found


def sent(spy: SpyKit, number: int = 1) -> None:
    with spy.tx() as tx:
        PagerResults(tx).sent(number, replace(RINGING, id=f"PD{number}"))


def hear(spy: SpyKit, kind: str, **about: object) -> None:
    ringing = replace(RINGING, **about)  # type: ignore[arg-type]
    with spy.tx(source="pagerduty") as tx:
        PagerResults(tx).record(PagerNews(id="n", kind=kind, page=ringing))


def kinds(spy: SpyKit) -> list[str]:
    return [it.kind for it in spy.timeline(1) if it.kind.startswith("page_")]


def test_a_page_for_a_severity_is_followed_on_the_card(spy: SpyKit):
    assert page(spy).line_at is None
    assert not [it for it in spy.asked(UpsertMessage) if it.message_type == "page"]


def test_a_page_asked_for_in_a_channel_has_its_line_there(spy: SpyKit):
    spy.say("page :payments come", channel="C0ROOM")

    assert [it.to for it in spy.asked(UpsertMessage) if it.message_type == "page"] == [IncidentChannel(1)]


def test_each_page_has_a_key_that_rings_once(spy: SpyKit):
    spy.say("page :payments come")
    spy.say("page <@U0RAJ> come")

    assert len({page(spy, number).key for number in (1, 2, 3)}) == 3
    assert len(spy.asked(SendPage)) == 3


def test_a_page_is_sent_once(spy: SpyKit):
    sent(spy)
    sent(spy)

    assert page(spy).state is PageState.SENT
    assert kinds(spy) == ["page_requested", "page_sent"]


def test_news_may_come_before_the_answer_to_the_sending(spy: SpyKit):
    hear(spy, "acknowledged", key=page(spy).key, who="Raj Patel", at=NOON)
    sent(spy)

    assert (page(spy).state, page(spy).acknowledged_by) == (PageState.ACKNOWLEDGED, "Raj Patel")
    assert kinds(spy) == ["page_requested", "page_sent", "page_acknowledged"]


def test_the_same_news_twice_changes_nothing(spy: SpyKit):
    sent(spy)
    for _ in range(2):
        hear(spy, "acknowledged", who="Raj Patel", at=NOON)
    for _ in range(2):
        hear(spy, "resolved", who="Raj Patel", at=NOON)

    assert kinds(spy) == ["page_requested", "page_sent", "page_acknowledged", "page_resolved"]


@pytest.mark.parametrize("late", ["acknowledged", "unacknowledged", "escalated"])
def test_what_is_resolved_stays_resolved(spy: SpyKit, late: str):
    sent(spy)
    hear(spy, "resolved", who="Raj Patel")

    hear(spy, late, who="Raj Patel", assigned="Kim Park")

    assert page(spy).state is PageState.RESOLVED


def test_an_acknowledgement_that_lapses_is_said_aloud(spy: SpyKit):
    sent(spy)
    hear(spy, "acknowledged", who="Raj Patel", at=NOON)

    hear(spy, "unacknowledged", at=NOON + timedelta(minutes=5))

    assert page(spy).state is PageState.SENT
    assert kinds(spy)[-1] == "page_unanswered"
    assert len(spy.lines(1)) == 1


def test_an_escalation_says_to_whom_and_once(spy: SpyKit):
    sent(spy)
    for _ in range(2):
        hear(spy, "escalated", assigned="Kim Park")

    assert page(spy).escalated_to == "Kim Park"
    assert kinds(spy).count("page_escalated") == 1


def test_news_of_a_page_that_is_not_ours_is_let_be(spy: SpyKit):
    hear(spy, "acknowledged", id="PD9", key="somebody-elses")

    assert kinds(spy) == ["page_requested"]


def test_news_that_means_nothing_to_us_changes_nothing(spy: SpyKit):
    sent(spy)
    hear(spy, "other")

    assert page(spy).state is PageState.SENT


def test_a_page_that_is_late_says_so_once_and_how_to_reach_people(spy: SpyKit):
    with spy.tx() as tx:
        OnCall(tx).synced([OnCallShift(policy="PPOL1", level=1, name="Kim Park", phone="+1 2")])
    for _ in range(2):
        with spy.tx() as tx:
            PagerResults(tx).delayed(1, "PagerDuty does not answer")

    assert page(spy).fallback == ("Kim Park", "<#C0IMOC>")
    assert kinds(spy) == ["page_requested", "page_delayed"]


def test_a_page_that_fails_says_so_in_the_channel(spy: SpyKit):
    with spy.tx() as tx:
        PagerResults(tx).failed(1, "no such policy")

    assert (page(spy).state, page(spy).why) == (PageState.FAILED, "no such policy")
    assert len(spy.lines(1)) == 1


def test_a_page_to_a_person_falls_back_to_that_person(spy: SpyKit):
    spy.say("page <@U0RAJ> come")
    with spy.tx() as tx:
        PagerResults(tx).failed(2, "no_such_user")

    assert page(spy, 2).fallback == ("<@U0RAJ>",)


def test_a_page_whose_line_can_not_stand_in_the_channel_is_followed_by_dm(spy: SpyKit):
    spy.say("page :imoc come", channel="C0SECRET", by="U0RAJ")
    for _ in range(2):
        spy.deliver()
        with spy.tx() as tx:
            Pages(tx).move_line(2)

    assert [it.to for it in spy.asked(UpsertMessage) if it.message_type == "page"] == ["C0SECRET", "U0RAJ"]


def test_ending_an_incident_resolves_what_still_rings(spy: SpyKit):
    spy.say("page :payments come", channel="C0ROOM")
    sent(spy, 1)
    sent(spy, 2)
    hear(spy, "resolved", id="PD1")
    with spy.tx() as tx:
        Incidents(tx).resolve(tx.incident(1), "", by="U0ANA")

    assert [(it.page, it.answer) for it in spy.asked(AnswerPage)] == [(2, "resolved")]


def test_a_page_is_acknowledged_once(spy: SpyKit):
    sent(spy)
    hear(spy, "acknowledged", who="Raj Patel", at=NOON)

    with spy.tx() as tx, pytest.raises(Refusal, match="already acknowledged by Raj Patel"):
        Paging(tx).acknowledge(page_at(tx), by="U0ANA")


def page_at(tx: Transaction) -> Page:
    found = tx.session.pages.get(1)
    assert found
    return found


def test_a_team_without_pagerduty_can_not_be_paged(spy: SpyKit):
    mute = replace(POLICY.teams["imoc"], service=None)

    with spy.tx() as tx, pytest.raises(Refusal, match="Reach it in <#C0IMOC>"):
        Paging(tx).page_team(mute, "come", by="U0ANA")


def test_without_a_command_team_nobody_is_paged_by_name():
    lone = SpyKit(PLUGINS, policy=replace(POLICY, command_team=None))

    with lone.tx() as tx, pytest.raises(Refusal, match="Page a team instead"):
        Paging(tx).page_person("U0RAJ", "come", by="U0ANA")


def test_an_escalation_to_nobody_in_particular_is_told_too(spy: SpyKit):
    sent(spy)

    hear(spy, "escalated")

    assert page(spy).escalated_to == "the next level"


@pytest.mark.parametrize("kind", ["unacknowledged", "escalated"])
def test_what_was_before_the_acknowledgement_and_comes_late_takes_nothing_back(spy: SpyKit, kind: str):
    sent(spy)
    hear(spy, "acknowledged", who="Raj", at=NOON + timedelta(minutes=3))

    hear(spy, kind, assigned="Kim", at=NOON + timedelta(minutes=2))

    assert page(spy).state is PageState.ACKNOWLEDGED
    assert "page_unanswered" not in kinds(spy)
    assert "page_escalated" not in kinds(spy)


@pytest.mark.parametrize("kind", ["unacknowledged", "escalated"])
def test_what_came_after_the_acknowledgement_lets_it_ring_again(spy: SpyKit, kind: str):
    sent(spy)
    hear(spy, "acknowledged", who="Raj", at=NOON + timedelta(minutes=3))

    hear(spy, kind, assigned="Kim", at=NOON + timedelta(minutes=4))

    assert page(spy).state is PageState.SENT


# --- merged in PagerDuty ----------------------------------------------------------------------------------


MERGED = {"status": "resolved", "merged_into": "PD9", "merged_url": "https://pd/PD9"}


def test_a_page_that_is_merged_is_followed_where_it_goes_on(spy: SpyKit):
    sent(spy)

    hear(spy, "resolved", who="Kim Park", **MERGED)
    hear(spy, "acknowledged", id="PD9", who="Kim Park", at=NOON)

    assert kinds(spy) == ["page_requested", "page_sent", "page_merged", "page_acknowledged"]
    assert (page(spy).pager_id, page(spy).state) == ("PD9", PageState.ACKNOWLEDGED)


def test_word_of_what_was_merged_away_counts_no_more(spy: SpyKit):
    sent(spy)
    for _ in range(2):
        hear(spy, "resolved", key=page(spy).key, who="Kim Park", **MERGED)

    assert (page(spy).state, kinds(spy).count("page_merged")) == (PageState.SENT, 1)


def test_two_pages_that_were_merged_into_one_are_both_followed(spy: SpyKit):
    spy.say("page :payments come", channel="C0ROOM")
    sent(spy, 1)
    sent(spy, 2)
    hear(spy, "resolved", id="PD2", status="resolved", merged_into="PD1")

    hear(spy, "acknowledged", who="Raj Patel", at=NOON)

    assert [page(spy, it).acknowledged_by for it in (1, 2)] == ["Raj Patel", "Raj Patel"]


def test_what_a_page_was_merged_into_is_answered_from_chat(spy: SpyKit):
    sent(spy)
    hear(spy, "resolved", **MERGED)
    with spy.tx() as tx:
        Paging(tx).acknowledge(page_at(tx), by="U0RAJ")

    assert page(spy).must_be_ringing() == "PD9"


def test_nobody_answers_what_was_merged_and_its_timers_go_on(spy: SpyKit):
    sent(spy)
    hear(spy, "resolved", **MERGED)

    spy.pass_time(minutes=6)

    assert [it.page for it in spy.asked(EscalatePage)] == [1]


# --- whoever leads is not rung again ----------------------------------------------------------------------


def lapse(spy: SpyKit, **when: float) -> None:
    spy.clock.tick(**when)
    hear(spy, "unacknowledged", at=spy.clock.now())


def confirm(spy: SpyKit, *, by: str = "U0RAJ", **about: object) -> None:
    ringing = replace(RINGING, status="acknowledged", at=spy.clock.now(), **about)  # type: ignore[arg-type]
    with spy.tx() as tx:
        PagerResults(tx).answered(1, "acknowledged", ringing, by=by)


def acknowledged(spy: SpyKit) -> None:
    sent(spy)
    hear(spy, "acknowledged", who="Raj Patel", user="PURAJ", at=NOON)
    spy.say("incident update on it", channel="C0ROOM")


def test_while_somebody_leads_in_time_the_page_is_acknowledged_anew(spy: SpyKit):
    acknowledged(spy)

    lapse(spy, minutes=10)
    confirm(spy)

    assert (page(spy).state, page(spy).acknowledged_by) == (PageState.ACKNOWLEDGED, "Raj Patel")
    assert [(it.answer, it.by) for it in spy.asked(AnswerPage)] == [("acknowledged", "U0ANA")]
    assert len(spy.lines(1)) == 1


@pytest.mark.parametrize("rounds", [2, 5])
def test_however_often_it_lapses_the_channel_hears_nothing(spy: SpyKit, rounds: int):
    acknowledged(spy)
    for _ in range(rounds):
        spy.say("incident update still at it", channel="C0ROOM")
        before = len(spy.lines(1))
        lapse(spy, minutes=10)
        confirm(spy)
        assert len(spy.lines(1)) == before

    assert len(spy.asked(AnswerPage)) == rounds
    assert spy.asked(EscalatePage) == []


def test_the_same_lapse_told_twice_is_answered_once(spy: SpyKit):
    acknowledged(spy)
    lapse(spy, minutes=10)
    confirm(spy)

    hear(spy, "unacknowledged", at=NOON + timedelta(minutes=10))

    assert len(spy.asked(AnswerPage)) == 1


def test_who_updates_too_late_is_rung(spy: SpyKit):
    acknowledged(spy)

    lapse(spy, minutes=20)

    assert page(spy).state is PageState.SENT
    assert spy.asked(AnswerPage) == []


def test_who_takes_an_acknowledgement_back_means_it(spy: SpyKit):
    acknowledged(spy)

    hear(spy, "unacknowledged", user="PUKIM", who="Kim Park", at=NOON + timedelta(minutes=5))

    assert page(spy).state is PageState.SENT


def test_it_can_be_switched_off(spy: SpyKit):
    spy.adopt(replace(POLICY, timers=replace(POLICY.timers, renew_acknowledgement=False)))
    acknowledged(spy)

    lapse(spy, minutes=10)

    assert page(spy).state is PageState.SENT


def test_where_pagerduty_would_not_renew_it_the_channel_hears_so(spy: SpyKit):
    acknowledged(spy)
    lapse(spy, minutes=10)
    with spy.tx() as tx:
        PagerResults(tx).not_answered(1)

    assert (page(spy).state, kinds(spy)[-1]) == (PageState.SENT, "page_unanswered")


@pytest.mark.parametrize(
    "news", [{"kind": "escalated"}, {"kind": "escalated", "at": NOON + timedelta(minutes=1)}]
)
def test_an_escalation_to_whom_it_rings_already_is_not_told(spy: SpyKit, news: dict[str, object]):
    with spy.tx() as tx:
        PagerResults(tx).sent(1, replace(RINGING, assigned="Raj Patel"))

    hear(spy, assigned="Raj Patel", **news)  # type: ignore[arg-type]
    with spy.tx() as tx:
        PagerResults(tx).escalated(1, 2, replace(RINGING, assigned="Raj Patel"))

    assert kinds(spy) == ["page_requested", "page_sent"]
    assert page(spy).level == 2


# --- who answers comes into the channel -------------------------------------------------------------------


def invited(spy: SpyKit) -> list[str]:
    return [it.people[0] for it in spy.asked(Invite) if it.key != "invite:1:declared"]


def test_who_acknowledges_is_looked_for_invited_and_welcomed_once(spy: SpyKit):
    sent(spy)
    for _ in range(2):
        hear(spy, "acknowledged", who="Raj Patel", user="PURAJ", at=NOON)
    [asked] = spy.asked(FindResponder)
    for _ in range(2):
        with spy.tx() as tx:
            PagerResults(tx).found(asked.page, "U0RAJ")
    with spy.tx() as tx:
        IncidentChannels(tx).joined("C0ROOM", "U0RAJ", origin="Ev1")

    assert (asked.user, invited(spy)) == ("PURAJ", ["U0RAJ"])
    assert [it.person for it in spy.asked(Welcome)] == ["U0RAJ"]
    assert "U0RAJ" in spy.incident(1).members


def test_who_came_by_themselves_later_is_welcomed_again(spy: SpyKit):
    hear(spy, "acknowledged", key=page(spy).key, who="Raj Patel", at=NOON)
    with spy.tx() as tx:
        IncidentChannels(tx).joined("C0ROOM", "U0RAJ", origin="Ev1")
        IncidentChannels(tx).joined("C0ROOM", "U0RAJ", origin="Ev2")

    assert len(spy.asked(Welcome)) == 2


def test_who_is_known_by_configuration_is_invited_at_once(spy: SpyKit):
    spy.adopt(replace(POLICY, people={"U0ZOE": Account(pager_id="PUZOE")}))
    sent(spy)

    hear(spy, "acknowledged", who="Zoe Novak", user="PUZOE", at=NOON)

    assert invited(spy) == ["U0ZOE"]
    assert page(spy).acknowledged_person == "U0ZOE"


def test_who_answers_from_elsewhere_in_slack_is_invited_before_pagerduty_knows(spy: SpyKit):
    sent(spy)

    spy.say("pager ack 1", by="U0RAJ", channel="C0GENERAL")

    assert invited(spy) == ["U0RAJ"]


@pytest.mark.parametrize(("private", "people"), [("", ["U0RAJ"]), (" private", [])])
def test_a_name_alone_opens_no_private_channel(spy: SpyKit, private: str, people: list[str]):
    spy.say(f"incident me cart is down sev1{private}")
    found = page(spy, 2)

    hear(spy, "acknowledged", id="PD2", key=found.key, who="Raj Patel", at=NOON)

    assert [it.people[0] for it in spy.asked(Invite) if it.incident == 2][1:] == people


def test_nobody_is_invited_to_what_is_over(spy: SpyKit):
    sent(spy)
    spy.say("incident stop fixed", channel="C0ROOM")

    hear(spy, "acknowledged", who="Raj Patel", at=spy.clock.now())

    assert invited(spy) == []


# --- nobody is on call ------------------------------------------------------------------------------------


RAJ = OnCallShift(policy="PPOL1", level=1, name="Raj Patel")


def on_call(spy: SpyKit, *on_calls: OnCallShift) -> None:
    with spy.tx() as tx:
        OnCall(tx).synced(on_calls)


@pytest.mark.parametrize("assigned", [None, ""])
def test_pagerdutys_answer_counts_where_the_copy_knew_better(spy: SpyKit, assigned: str | None):
    on_call(spy, RAJ)
    with spy.tx() as tx:
        PagerResults(tx).sent(1, replace(RINGING, assigned=assigned))

    assert page(spy).rings_nobody
    assert kinds(spy)[-1] == "page_rings_nobody"


def test_what_is_known_beforehand_is_said_once(spy: SpyKit):
    on_call(spy)
    spy.say("incident me cart is down sev1")
    with spy.tx() as tx:
        PagerResults(tx).sent(2, replace(RINGING, id="PD2", assigned=""))

    assert [it.kind for it in spy.timeline(2)].count("page_rings_nobody") == 1


def test_a_level_that_is_empty_is_told_and_asked_again(spy: SpyKit):
    with spy.tx() as tx:
        PagerResults(tx).sent(1, replace(RINGING, assigned="Raj Patel"))
    spy.pass_time(minutes=6)
    with spy.tx() as tx:
        PagerResults(tx).escalated(1, 2, replace(RINGING, assigned=""))
    spy.pass_time(minutes=6)
    with spy.tx() as tx:
        PagerResults(tx).escalated(1, 2, replace(RINGING, assigned="Kim Park"))

    assert [it.level for it in spy.asked(EscalatePage)] == [2, 1]
    assert (page(spy).assigned, kinds(spy)[-1]) == ("Kim Park", "page_escalated")


def test_a_policy_without_a_further_level_rings_the_last_one_again(spy: SpyKit):
    with spy.tx() as tx:
        PagerResults(tx).sent(1, replace(RINGING, assigned="Raj Patel"))
        PagerResults(tx).not_escalated(1)

    spy.pass_time(minutes=6)

    assert [it.level for it in spy.asked(EscalatePage)] == [1]


# --- timers end with what they are about ------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["incident stop fixed", "incident cancel false alarm", "pager ack 1", "pager resolve 1"]
)
def test_nobody_is_rung_for_what_somebody_has_answered(spy: SpyKit, words: str):
    sent(spy)
    spy.pass_time(minutes=2)

    spy.say(words, channel="C0ROOM")
    spy.pass_time(minutes=20)

    assert spy.asked(EscalatePage) == []
    assert "unanswered" not in page(spy).reminded


def test_an_answer_that_pagerduty_refused_is_waited_for_again(spy: SpyKit):
    sent(spy)
    spy.say("pager ack 1", channel="C0ROOM")
    with spy.tx() as tx:
        PagerResults(tx).not_answered(1)

    spy.pass_time(minutes=6)

    assert len(spy.asked(EscalatePage)) == 1


def test_what_is_reopened_is_waited_for_again(spy: SpyKit):
    sent(spy)
    spy.say("incident stop fixed", channel="C0ROOM")
    with spy.tx() as tx:
        PagerResults(tx).not_answered(1)
    spy.pass_time(minutes=20)
    spy.say("incident reopen", channel="C0ROOM")

    spy.pass_time(minutes=6)

    assert len(spy.asked(EscalatePage)) == 1


def test_a_page_that_is_asked_for_after_the_end_is_waited_for(spy: SpyKit):
    spy.say("incident stop fixed", channel="C0ROOM")
    spy.clock.tick(minutes=1)
    spy.say('page :payments "look at the bill"', channel="C0ROOM")
    sent(spy, 2)

    spy.pass_time(minutes=6)

    assert [it.page for it in spy.asked(EscalatePage)] == [2]
