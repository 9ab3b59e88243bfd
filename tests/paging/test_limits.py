"""Nobody rings a phone a hundred times: limits for one person and one team, by every way, with a way out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.request import Response, Source
from bot.domain.limits import LimitSettings
from bot.domain.paging.effects import SendPage
from bot.services.paging.paging import Paging
from bot.testing import POLICY, FrozenClock, SpyKit
from plugins import incident, oncall, page
from tests.support.templates import shipped
from tests.support.times import in_utc

LIMITS = LimitSettings(incidents_per_person=3, pages_per_person=4, pages_per_team=6)


@pytest.fixture
def spy() -> SpyKit:
    """Return a Spy with small limits, where INC-1 is Ana's. Ada is an admin."""
    clock = FrozenClock()
    policy = replace(POLICY, limits=LIMITS, permissions={"admin": frozenset({"U0ADM"})})
    spy = SpyKit(incident, page, oncall, policy=policy, templates=shipped(clock), clock=clock)
    spy.say('incident me "checkout is down" sev3', by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")
    return spy


def said(answer: Response) -> str:
    assert answer.message
    return in_utc(answer.message.text)


def pages(spy: SpyKit, count: int, *, by: str, channel: str = "C0GENERAL") -> None:
    """Page different people, so that each page rings a phone of its own."""
    for number in range(count):
        spy.say(f"page <@U0{by[2:]}{number}> look", by=by, channel=channel)


def requested(spy: SpyKit) -> int:
    with spy.tx() as tx:
        return len(tx.session.pages.since(spy.clock.now() - timedelta(days=1)))


def number_of_incidents(spy: SpyKit) -> int:
    with spy.tx() as tx:
        return len(tx.session.incidents.open(limit=100))


# --- incidents --------------------------------------------------------------------------------------------


def test_a_single_person_does_not_open_sixty_incidents(spy: SpyKit):
    answers = [spy.say(f'incident me "trouble {number}" sev1', by="U0ZOE") for number in range(60)]

    assert number_of_incidents(spy) == 1 + LIMITS.incidents_per_person
    assert said(answers[-1]).startswith(
        "You have opened 3 incidents in the last 10 min, and 3 is the most for one person. Nothing was opened."
    )
    assert "To reach people now: `page`, or call them" in said(answers[-1])
    assert "Admins are not limited: <@U0ADM>." in said(answers[-1])


def test_who_may_not_open_another_is_offered_the_open_ones(spy: SpyKit):
    for number in range(3):
        spy.say(f'incident me "trouble {number}"', by="U0ZOE")

    refused = spy.say('incident me "one more"', by="U0ZOE")
    assert refused.message

    labels = [it.label for part in refused.message.parts for it in getattr(part, "buttons", ())]
    assert labels == ["Join INC-4 trouble 2", "Join INC-3 trouble 1", "Join INC-2 trouble 0"]


def test_others_still_open_incidents_and_so_does_who_waits(spy: SpyKit):
    for number in range(4):
        spy.say(f'incident me "trouble {number}"', by="U0ZOE")

    spy.say('incident me "a fire"', by="U0RAJ")
    spy.clock.tick(minutes=10)
    spy.say('incident me "a flood"', by="U0ZOE")

    assert number_of_incidents(spy) == 1 + 3 + 2


def test_an_admin_opens_as_many_as_needed(spy: SpyKit):
    for number in range(5):
        spy.say(f'incident me "trouble {number}"', by="U0ADM")

    assert number_of_incidents(spy) == 6


DECLARING: dict[str, Callable[[SpyKit], object]] = {
    "slash": lambda spy: spy.say("incident me one more", by="U0ZOE"),
    "mention": lambda spy: spy.say("incident me one more", by="U0ZOE", source=Source.MENTION),
    "button": lambda spy: spy.say("incident me one more anyway", by="U0ZOE", source=Source.BUTTON),
    "form": lambda spy: spy.say(
        "incident me", by="U0ZOE", source=Source.FORM, given={"name": "one more", "severity": "sev1"}
    ),
    "terminal": lambda spy: spy.say("incident me one more", by="U0ZOE", source=Source.TERMINAL, channel=None),
}


@pytest.mark.parametrize("way", DECLARING)
def test_the_limit_of_incidents_holds_by_every_way(spy: SpyKit, way: str):
    for number in range(3):
        spy.say(f'incident me "trouble {number}"', by="U0ZOE")

    DECLARING[way](spy)

    assert number_of_incidents(spy) == 4


@pytest.mark.parametrize("way", DECLARING)
def test_each_way_opens_an_incident_within_the_limit(spy: SpyKit, way: str):
    DECLARING[way](spy)

    assert number_of_incidents(spy) == 2


# --- pages ------------------------------------------------------------------------------------------------


def test_a_single_person_does_not_page_without_end(spy: SpyKit):
    pages(spy, 9, by="U0ZOE")

    refused = said(spy.say("page :payments look", by="U0ZOE"))

    assert requested(spy) == LIMITS.pages_per_person
    assert refused.startswith(
        "You have sent 4 pages in the last 10 min, and 4 is the most for one person. Nobody was paged now."
    )
    assert "Call them, or write in <#C0PAY>." in refused


PAGING: dict[str, Callable[[SpyKit], object]] = {
    "slash": lambda spy: spy.say("page :payments look", by="U0ZOE"),
    "button": lambda spy: spy.say("inc-1 page :payments look", by="U0ZOE", source=Source.BUTTON),
    "form": lambda spy: spy.say(
        "page", by="U0ZOE", source=Source.FORM, given={"team": ":payments", "person": "", "message": "look"}
    ),
    "terminal": lambda spy: spy.say("page :payments look", by="U0ZOE", source=Source.TERMINAL, channel=None),
    "test": lambda spy: spy.say("oncall test", by="U0ZOE"),
    "severity": lambda spy: spy.say("sev sev1", by="U0ZOE", channel="C0ROOM"),
    "report": lambda spy: spy.say("incident report sev sev1 look", by="U0ZOE", channel="C0ROOM"),
}


@pytest.mark.parametrize("way", PAGING)
def test_the_limit_of_pages_holds_by_every_way(spy: SpyKit, way: str):
    pages(spy, 4, by="U0ZOE")

    PAGING[way](spy)

    assert requested(spy) == 4
    assert len(spy.asked(SendPage)) == 4


@pytest.mark.parametrize("way", PAGING)
def test_each_way_pages_within_the_limit(spy: SpyKit, way: str):
    PAGING[way](spy)

    assert requested(spy) == 1


def test_a_commander_is_not_limited_in_their_own_incident(spy: SpyKit):
    pages(spy, 9, by="U0ANA", channel="C0ROOM")
    spy.say("sev sev1", by="U0ANA", channel="C0ROOM")

    assert requested(spy) == 10


def test_in_an_incident_the_refusal_names_its_commander(spy: SpyKit):
    pages(spy, 4, by="U0ZOE", channel="C0ROOM")

    refused = said(spy.say("page :imoc look", by="U0ZOE", channel="C0ROOM"))

    assert "<@U0ANA>, who commands INC-1, is not limited in it." in refused


def test_a_team_is_not_paged_without_end_by_many_people(spy: SpyKit):
    spy.adopt(replace(spy.policy, limits=replace(LIMITS, ring_again_after=timedelta())))
    answers = [spy.say(f"page :payments look {number}", by=f"U0P{number}") for number in range(8)]

    assert requested(spy) == LIMITS.pages_per_team
    assert said(answers[-1]).startswith(":payments was paged 6 times in the last 10 min")
    assert "Page 6 rings :payments since 12:00 UTC." in said(answers[-1])


def test_an_admin_pages_as_often_as_needed(spy: SpyKit):
    pages(spy, 6, by="U0ADM")

    assert requested(spy) == 6


def test_what_spy_pages_by_itself_is_never_refused(spy: SpyKit):
    spy.adopt(replace(spy.policy, limits=replace(LIMITS, pages_per_team=1, pages_per_person=1)))
    for number in range(3):
        with spy.tx() as tx:
            Paging(tx).page_team(POLICY.teams["payments"], f"look {number}", by=None)

    assert requested(spy) == 3


def test_an_incident_is_refused_before_it_is_stored(spy: SpyKit):
    before = spy.effects
    spy.adopt(replace(spy.policy, limits=replace(LIMITS, incidents_per_person=1)))

    spy.say('incident me "one more" sev1', by="U0ANA")

    assert [it for it in spy.effects if it not in before and isinstance(it, SendPage)] == []
    assert number_of_incidents(spy) == 1
