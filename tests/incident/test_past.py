"""An incident that was handled without Spy is recorded after the fact."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.request import Response
from bot.domain.effects import UpsertMessage
from bot.domain.incident.state import Phase
from bot.domain.paging.effects import SendPage
from bot.domain.policy import Milestone
from bot.domain.service import Service
from bot.ports import Profile
from bot.services.people import People
from bot.services.postmortem.postmortems import Postmortems
from bot.testing import POLICY, SpyKit
from bot.testing.clock import FrozenClock
from tests.support.folders import PLUGINS
from tests.support.templates import shipped


def said(answer: Response) -> str:
    assert answer.message
    return answer.message.text


@pytest.fixture
def with_milestones() -> SpyKit:
    clock = FrozenClock()
    check = Milestone(
        name="status-page", when=(timedelta(minutes=1),), at_stop=True, message="Check the status page"
    )
    policy = replace(POLICY, milestones=(check,))
    return SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=policy)


def texts(spy: SpyKit) -> list[str]:
    return [it.text for it in [*spy.reminder_messages(), *spy.posts("U0ANA")]]


def test_it_is_open_as_resolved_with_its_own_times_and_rings_nobody(spy: SpyKit):
    answer = spy.say('incident was "checkout was down" sev1 from 10:05 to 11:40')

    it = spy.incident(1)
    assert said(answer).startswith("*INC-1 checkout was down* is recorded as resolved")
    assert (it.phase, it.severity) == (Phase.RESOLVED, "sev1")
    assert f"{it.declared_at:%H:%M}" == "10:05"
    assert it.resolved_at is not None
    assert f"{it.resolved_at:%H:%M}" == "11:40"
    assert not spy.asked(SendPage)


def test_what_is_recorded_already_is_recorded_again_only_if_it_is_meant(spy: SpyKit):
    spy.say('incident was "checkout was down" sev1 from 10:05 to 11:40')
    again = spy.say('incident was "Checkout was down" 10:05-11:40', by="U0RAJ")
    meant = spy.say('incident was "checkout was down" from 10:05 to 11:40 anyway')
    other = spy.say('incident was "checkout was down" from 10:05 to 11:45')

    assert again.is_refusal
    assert "INC-1 was recorded with this name and these times already" in said(again)
    assert said(meant).startswith("*INC-2 ")
    assert said(other).startswith("*INC-3 ")


def test_it_owes_its_postmortem_and_is_asked_about_nothing_else(spy: SpyKit):
    spy.say('incident was "checkout was down" sev1 from 10:05 to 11:40')
    with spy.tx() as tx:
        due = Postmortems(tx).due(tx.incident(1))

    spy.pass_time(days=4)

    asked = {it.message_type for it in spy.asked(UpsertMessage)}
    assert due is not None
    assert "review" in asked
    assert "relief" not in asked


def test_what_a_milestone_would_have_asked_for_during_it_is_not_asked_afterwards(
    with_milestones: SpyKit,
):
    spy = with_milestones
    spy.say('incident was "cards failed" sev1 from 10:05 to 11:40')

    spy.pass_time(hours=2)

    assert not any("Check the status page" in it for it in texts(spy))


def test_once_it_is_opened_again_its_milestones_count(with_milestones: SpyKit):
    spy = with_milestones
    spy.say('incident was "cards failed" sev1 from 10:05 to 11:40')
    spy.say("incident 1 reopen")

    spy.pass_time(hours=2)

    assert any("Check the status page" in it for it in texts(spy))


@pytest.mark.parametrize("words", ["sev1 affects checkout", "affects checkout sev1"])
def test_severity_and_services_may_follow_the_times(words: str):
    clock = FrozenClock()
    policy = replace(POLICY, services={"checkout": Service(key="checkout")})
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=policy)
    spy.say(f'incident was "cards failed" from 10:05 to 11:40 {words}')

    assert (spy.incident(1).severity, spy.incident(1).services) == ("sev1", ("checkout",))


def test_the_times_are_those_of_the_asker(spy: SpyKit):
    with spy.tx() as tx:
        People(tx).met("U0ANA", Profile(name="Ana Lima", zone="Europe/Helsinki"))

    spy.say('incident was "checkout was down" from 10:05 to 11:40')

    assert f"{spy.incident(1).declared_at:%H:%M}" == "08:05"


def test_yesterday_is_a_day_too(spy: SpyKit):
    spy.say('incident was "checkout was down" from yesterday 23:10 to yesterday 23:50')

    assert f"{spy.incident(1).declared_at:%d %H:%M}" == "22 23:10"


SPOKEN = [
    ("10:05 11:40", "23 10:05", "23 11:40"),
    ("10:05-11:40", "23 10:05", "23 11:40"),
    ("10:05 – 11:40", "23 10:05", "23 11:40"),  # noqa: RUF001  as phones write it
    ("10:05 to 11:40", "23 10:05", "23 11:40"),
    ("between 10:05 and 11:40", "23 10:05", "23 11:40"),
    ("2026-11-20 10:05 11:40", "20 10:05", "20 11:40"),
    ("yesterday 23:10 23:50", "22 23:10", "22 23:50"),
    ("from thursday 23:10 to 00:20", "19 23:10", "20 00:20"),
    ("from friday 9am until friday 10am", "20 09:00", "20 10:00"),
    ("2 hours ago to 30 minutes ago", "23 10:00", "23 11:30"),
]


@pytest.mark.parametrize(("times", "began", "ended"), SPOKEN)
@pytest.mark.parametrize("name", ['"checkout was down"', "checkout was down"])
def test_times_are_understood_as_people_write_them(
    spy: SpyKit, name: str, times: str, began: str, ended: str
):
    answer = spy.say(f"incident was {name} {times}")

    assert not answer.is_refusal, said(answer)
    it = spy.incident(1)
    assert it.resolved_at
    assert (it.name, f"{it.declared_at:%d %H:%M}", f"{it.resolved_at:%d %H:%M}") == (
        "checkout was down",
        began,
        ended,
    )


def test_severity_and_services_may_stand_beside_times_alone():
    clock = FrozenClock()
    policy = replace(POLICY, services={"checkout": Service(key="checkout")})
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=policy)
    spy.say("incident was cards failed sev2 10:05 11:40 affects checkout")

    it = spy.incident(1)
    assert (it.name, it.severity, it.services) == ("cards failed", "sev2", ("checkout",))


@pytest.mark.parametrize("times", ["from 10:05 to brunch", "10:05", "from 10:05"])
def test_times_that_cannot_be_read_record_nothing(spy: SpyKit, times: str):
    answer = spy.say(f'incident was "checkout was down" {times}')

    assert answer.is_refusal
    with spy.tx() as tx:
        assert tx.session.incidents.get(1) is None


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ("from 10:05 to tomorrow 11:40", "future"),
        ("from 11:40 to 10:05", "It can't end at 10:05 UTC, before it began (11:40 UTC)."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(spy: SpyKit, times: str, sentence: str):
    answer = spy.say(f'incident was "checkout was down" {times}')

    assert answer.is_refusal
    assert sentence in said(answer)


@pytest.mark.parametrize(
    "times", ["<!date^1995435200^{time}|x> <!date^1995435300^{time}|x>", "10:05 <!date^1995435300^{time}|x>"]
)
def test_a_date_of_slack_in_the_future_is_refused(spy: SpyKit, times: str):
    answer = spy.say(f'incident was "checkout was down" {times}')

    assert answer.is_refusal
    assert "is in the future" in said(answer)
