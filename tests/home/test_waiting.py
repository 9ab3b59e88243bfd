"""What waits for a person is on their Home until it is done, with the button that does it."""

from dataclasses import replace

from bot.domain.message import Buttons, Message
from bot.services.channels import Channels
from bot.services.home.view import HomeView
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.testing import SpyKit
from tests.paging.test_paging import RINGING
from tests.support.on_call import DAY, HOUR, Rota

ANA, RAJ, KIM = "U0ANA", "U0RAJ", "U0KIM"


def home(spy: SpyKit, person: str) -> Message:
    with spy.tx() as tx:
        return spy.templates.render("home/home", HomeView(tx, person).facts(), names=People(tx).name)


def said(message: Message) -> set[str]:
    """Return the commands of a message's buttons."""
    return {it.say or "" for part in message.parts if isinstance(part, Buttons) for it in part.buttons}


def rota() -> Rota:
    """Return a rota with Raj on call now, and Kim tomorrow."""
    rota = Rota()
    rota.on("raj", rota.now - HOUR, rota.now + 8 * HOUR)
    rota.on("kim", rota.now + DAY, rota.now + DAY + 8 * HOUR)
    rota.sync()
    return rota


def test_a_shift_is_shown_until_it_is_over_and_asks_until_it_is_answered():
    spy = rota().spy
    assert "You are on call for :imoc" in home(spy, RAJ).text
    assert "You will be on call for :imoc" in home(spy, KIM).text
    assert "oncall ready 2" in said(home(spy, KIM))

    spy.say("oncall ready 2", by=KIM)

    assert "You are ready." in home(spy, KIM).text
    assert "oncall ready 2" not in said(home(spy, KIM))
    spy.clock.tick(days=3)
    assert "on call" not in home(spy, KIM).text


def test_cover_is_asked_of_one_person_or_of_the_team_until_somebody_accepts():
    spy = rota().spy
    spy.say("oncall cover tomorrow 5:00-7:00 <@U0RAJ>", by=KIM)
    spy.say("oncall cover today 19:00-20:00", by=RAJ)

    raj, kim = home(spy, RAJ), home(spy, KIM)

    assert "Kim Park asks you for cover" in raj.text
    assert "oncall cover accept 1" in said(raj)
    assert "Raj Patel asks your team for cover" in kim.text
    assert "oncall cover accept 2" in said(kim)
    assert not {it for it in said(home(spy, ANA)) if "cover" in it}
    spy.say("oncall cover decline 1", by=RAJ)
    spy.say("oncall cover decline 2", by=KIM)
    assert not {it for it in (*said(home(spy, RAJ)), *said(home(spy, KIM))) if "accept" in it}


def test_a_page_is_shown_to_whom_it_rings_for_until_somebody_answers():
    spy = rota().spy
    spy.say('page :imoc "please help"', by=ANA)
    spy.say('page <@U0KIM> "look at this"', by=ANA)
    with spy.tx() as tx:
        for number in (1, 2):
            PagerResults(tx).sent(number, replace(RINGING, id=f"PD{number}"))

    assert "please help" in home(spy, RAJ).text
    assert "look at this" in home(spy, KIM).text
    assert "rings since" not in home(spy, ANA).text

    spy.say("pager ack 1", by=RAJ)

    assert "please help" not in home(spy, RAJ).text


def test_a_page_about_a_private_incident_is_not_shown_to_who_was_removed_since():
    spy = rota().spy
    spy.say('incident me "payroll" private', by=ANA)
    spy.create_channel(1, channel="C0SECRET")
    spy.say('page <@U0KIM> "payroll is copied"', by=ANA, channel="C0SECRET")
    with spy.tx() as tx:
        PagerResults(tx).sent(1, replace(RINGING, id="PD1"))
    assert "payroll is copied" in home(spy, KIM).text
    assert "payroll" not in home(spy, RAJ).text

    with spy.tx() as tx:
        Channels(tx).left("C0SECRET", KIM)

    assert "payroll" not in home(spy, KIM).text


def test_what_does_not_fit_is_counted_and_private_incidents_are_not():
    spy = rota().spy
    for number in range(10):
        spy.say(f'incident me "trouble {number} in zone{number}"', by=ANA)
    spy.say('incident me "payroll" private', by=ANA)
    spy.clock.tick(minutes=1)

    assert "and 2 more: `incident list`" in home(spy, RAJ).text
    assert "and 3 more of yours: `incident list`" in home(spy, ANA).text
    assert "payroll" in home(spy, ANA).text
