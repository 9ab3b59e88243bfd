"""Pages follow PagerDuty's word, whatever order it comes in, and never claim more than it said."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands.testkit import NOON, POLICY, SpyKit
from bot.domain.effects import AnswerPage, SendPage, Show
from bot.domain.page import Page, PageState
from bot.domain.refusal import Refusal
from bot.ports import Duty, PagerNews, Ringing
from bot.services.desk import Desk
from bot.services.incidents import Incidents
from bot.services.oncall import OnCall
from bot.services.paging import Paging

PLUGINS = Path(__file__).parents[2] / "plugins"
RINGING = Ringing(id="PD1", url="https://pd/PD1", status="triggered")


def page(spy: SpyKit, number: int = 1) -> Page:
    with spy.desk() as desk:
        found = desk.work.pages.get(number)
    assert found
    return found


def sent(spy: SpyKit, number: int = 1) -> None:
    with spy.desk() as desk:
        Paging(desk).sent(number, replace(RINGING, id=f"PD{number}"))


def hear(spy: SpyKit, kind: str, **about: object) -> None:
    ringing = replace(RINGING, **about)  # type: ignore[arg-type]
    with spy.desk(source="pagerduty") as desk:
        Paging(desk).heard(PagerNews(id="n", kind=kind, page=ringing))


def kinds(spy: SpyKit) -> list[str]:
    return [it.kind for it in spy.timeline(1) if it.kind.startswith("page_")]


def test_a_page_for_a_severity_is_followed_on_the_card(spy: SpyKit):
    assert page(spy).line_at is None
    assert not [it for it in spy.asked(Show) if it.surface == "page"]


def test_a_page_asked_for_in_a_room_has_its_line_there(spy: SpyKit):
    spy.say("page :payments come", channel="C0ROOM")

    assert [it.to for it in spy.asked(Show) if it.surface == "page"] == ["room:1"]


def test_each_page_has_a_key_that_rings_once(spy: SpyKit):
    spy.say("page :payments come")
    spy.say("page :payments come")

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
    with spy.desk() as desk:
        OnCall(desk).synced([Duty(policy="PPOL1", level=1, name="Kim Park", phone="+1 2")])
    for _ in range(2):
        with spy.desk() as desk:
            Paging(desk).delayed(1, "PagerDuty does not answer")

    assert page(spy).fallback == ("Kim Park +1 2", "<#C0IMOC>")
    assert kinds(spy) == ["page_requested", "page_delayed"]


def test_a_page_that_fails_says_so_in_the_room(spy: SpyKit):
    with spy.desk() as desk:
        Paging(desk).failed(1, "no such policy")

    assert (page(spy).state, page(spy).why) == (PageState.FAILED, "no such policy")
    assert len(spy.lines(1)) == 1


def test_a_page_to_a_person_falls_back_to_that_person(spy: SpyKit):
    spy.say("page <@U0RAJ> come")
    with spy.desk() as desk:
        Paging(desk).failed(2, "no_such_user")

    assert page(spy, 2).fallback == ("<@U0RAJ>",)


def test_a_page_whose_line_can_not_stand_in_the_channel_is_followed_by_dm(spy: SpyKit):
    spy.say("page :imoc come", channel="C0SECRET", by="U0RAJ")
    for _ in range(2):
        spy.deliver()
        with spy.desk() as desk:
            Paging(desk).move_line(2)

    assert [it.to for it in spy.asked(Show) if it.surface == "page"] == ["C0SECRET", "U0RAJ"]


def test_ending_an_incident_resolves_what_still_rings(spy: SpyKit):
    spy.say("page :payments come", channel="C0ROOM")
    sent(spy, 1)
    sent(spy, 2)
    hear(spy, "resolved", id="PD1")
    with spy.desk() as desk:
        Incidents(desk).resolve(desk.incident(1), "", by="U0ANA")

    assert [(it.page, it.answer) for it in spy.asked(AnswerPage)] == [(2, "resolved")]


def test_a_page_is_acknowledged_once(spy: SpyKit):
    sent(spy)
    hear(spy, "acknowledged", who="Raj Patel", at=NOON)

    with spy.desk() as desk, pytest.raises(Refusal, match="already acknowledged by Raj Patel"):
        Paging(desk).acknowledge(page_at(desk), by="U0ANA")


def page_at(desk: Desk) -> Page:
    found = desk.work.pages.get(1)
    assert found
    return found


def test_a_team_without_pagerduty_can_not_be_paged(spy: SpyKit):
    mute = replace(POLICY.teams["imoc"], service=None)

    with spy.desk() as desk, pytest.raises(Refusal, match="Reach it in <#C0IMOC>"):
        Paging(desk).page_team(mute, "come", by="U0ANA")


def test_without_a_command_team_nobody_is_paged_by_name():
    lone = SpyKit(PLUGINS, policy=replace(POLICY, command_team=None))

    with lone.desk() as desk, pytest.raises(Refusal, match="Page a team instead"):
        Paging(desk).page_person("U0RAJ", "come", by="U0ANA")


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
