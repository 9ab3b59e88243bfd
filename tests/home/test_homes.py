"""What people's Home tabs show, when, and what they no longer show."""

import pytest

from bot.commands.request import Joined, Left, MadePrivateNotice
from bot.domain.effects import MeetPerson, Notify
from bot.domain.home.effects import PublishHome
from bot.domain.home.home import WATCHED_FOR
from bot.ports import Profile, Rejected
from bot.testing import SpyKit
from tests.home.conftest import HomeTabs

RAJ, ANA, KIM, ZOE = "U0RAJ", "U0ANA", "U0KIM", "U0ZOE"


def homes(spy: SpyKit) -> list[str]:
    return [it.person for it in spy.asked(PublishHome)]


# --- fresh --------------------------------------------------------------------------------------------------


def test_who_opens_the_tab_sees_the_open_incidents(tabs: HomeTabs, channel: str):
    tabs.open(RAJ)

    assert "*INC-1 checkout is down*" in tabs.of(RAJ)
    assert "Ana Lima leads" in tabs.of(RAJ)
    assert tabs.calls() == 1


def test_a_change_is_shown_a_second_later_by_one_call_for_each_who_looks(tabs: HomeTabs, channel: str):
    tabs.open(RAJ, KIM)
    tabs.pass_time(seconds=20)

    tabs.spy.say("incident sev sev3", channel=channel)
    tabs.spy.say("incident status identified", channel=channel)
    came = tabs.pass_time(seconds=5)

    assert sorted(came) == [KIM, RAJ]
    assert "sev3 · identified" in tabs.of(RAJ)


def test_the_last_state_always_arrives(tabs: HomeTabs, channel: str):
    tabs.open(RAJ)
    tabs.pass_time(seconds=20)

    came = []
    for severity in ("sev2", "sev3", "sev1", "sev3"):
        tabs.spy.say(f"incident sev {severity}", channel=channel)
        came += tabs.pass_time(seconds=2)
    came += tabs.pass_time(seconds=10)

    assert "sev3 · triage" in tabs.of(RAJ)
    assert came == [RAJ, RAJ]


def test_a_change_that_a_home_does_not_show_calls_nobody(tabs: HomeTabs, channel: str):
    tabs.open(RAJ)
    tabs.pass_time(seconds=20)

    tabs.spy.say('incident note "cpu is at 100 %"', channel=channel)
    tabs.spy.say('incident impact "nobody can pay"', channel=channel)

    assert tabs.pass_time(seconds=90) == []


def test_a_change_queues_nothing_while_nobody_looks(tabs: HomeTabs, channel: str):
    tabs.spy.say("incident sev sev3", channel=channel)

    with tabs.spy.tx() as tx:
        assert tx.session.homes.take(limit=10) == []
    assert tabs.look() == []


def test_a_change_costs_the_command_one_row_however_many_look(tabs: HomeTabs, channel: str):
    tabs.open(*(f"U0P{n}" for n in range(50)))
    tabs.pass_time(seconds=20)
    before = len(tabs.spy.effects)

    tabs.spy.say("incident sev sev3", channel=channel)

    queued = tabs.spy.effects[before:]
    assert not any(isinstance(it, PublishHome) for it in queued)
    with tabs.spy.tx() as tx:
        assert len(tx.session.homes.take(limit=100)) == 1


def test_fifty_who_look_get_the_last_state_with_one_call_each(tabs: HomeTabs, channel: str):
    crowd = [f"U0P{n}" for n in range(50)]
    tabs.open(*crowd)
    tabs.pass_time(seconds=120, step=10)

    tabs.spy.say("incident sev sev3", channel=channel)
    came = tabs.pass_time(seconds=8, step=0.5)

    assert sorted(came) == sorted(crowd)
    assert all("sev3" in tabs.of(it) for it in crowd)


def test_what_only_time_changes_is_shown_too(tabs: HomeTabs, channel: str):
    tabs.open(ANA)
    assert "your next update is due by" in tabs.of(ANA)

    tabs.pass_time(minutes=17, step=30)

    assert "*update overdue* since" in tabs.of(ANA)
    assert "min ago" not in tabs.of(ANA)


def test_a_change_that_nobody_watched_for_yet_is_found_by_a_second_look(tabs: HomeTabs, channel: str):
    tabs.open(RAJ)
    tabs.spy.say("incident sev sev3", channel=channel)
    with tabs.spy.tx() as tx:
        tx.session.homes.take(limit=10)  # as if its transaction had begun before the tab was opened

    assert tabs.pass_time(seconds=11) == [RAJ]
    assert "sev3" in tabs.of(RAJ)


# --- who has not looked lately --------------------------------------------------------------------------------


def test_a_home_is_emptied_an_hour_after_the_last_look_and_costs_nothing_from_then_on(
    tabs: HomeTabs, channel: str
):
    tabs.open(RAJ)

    tabs.pass_time(seconds=WATCHED_FOR.total_seconds() + 60, step=30)
    assert "checkout" not in tabs.of(RAJ)
    tabs.spy.say("incident sev sev3", channel=channel)
    assert tabs.pass_time(minutes=5, step=30) == []
    with tabs.spy.tx() as tx:
        assert tx.session.homes.all(limit=10) == []


def test_show_on_an_emptied_home_fills_it_again_without_an_answer(tabs: HomeTabs, channel: str):
    tabs.open(RAJ)
    tabs.pass_time(seconds=WATCHED_FOR.total_seconds() + 60, step=30)

    tabs.spy.press("Show", tabs.chat.homes[RAJ][-1], by=RAJ, channel=None)
    tabs.deliver()

    assert "checkout is down" in tabs.of(RAJ)
    assert tabs.spy.private() == []


def test_home_in_words_says_where_it_is(tabs: HomeTabs):
    answer = tabs.spy.say("home", by=RAJ)

    assert answer.message
    assert "*Apps*, *Spy*, *Home*" in answer.message.text
    assert homes(tabs.spy) == [RAJ]


def test_who_opens_it_again_is_kept_up_to_date_for_another_hour(tabs: HomeTabs, channel: str):
    tabs.open(RAJ)
    tabs.pass_time(minutes=50, step=60)
    tabs.open(RAJ)

    tabs.pass_time(minutes=50, step=60)

    assert "checkout is down" in tabs.of(RAJ)


# --- who may see what -------------------------------------------------------------------------------------------


@pytest.fixture
def secret(spy: SpyKit) -> str:
    """Return the channel of a private incident that Ana declared and Raj joined."""
    spy.say('incident me "payroll is copied" sev1 private', by=ANA)
    number = max(n for n in range(1, 5) if _exists(spy, n))
    spy.create_channel(number, channel="C0SECRET")
    spy.notice(Joined(id="Ev0", channel="C0SECRET", person=RAJ))
    return "C0SECRET"


def _exists(spy: SpyKit, number: int) -> bool:
    with spy.tx() as tx:
        return tx.session.incidents.look(number) is not None


def test_a_private_incident_is_for_its_members_also_in_the_counts(tabs: HomeTabs, secret: str):
    tabs.open(RAJ, KIM)

    assert "payroll" in tabs.of(RAJ)
    assert "payroll" not in tabs.of(KIM)
    assert "No incident is open" in tabs.of(KIM)


def test_a_change_of_a_private_incident_looks_at_its_members_only(tabs: HomeTabs, secret: str):
    tabs.open(RAJ, KIM)
    tabs.pass_time(seconds=20)

    tabs.spy.say("incident sev sev3", channel=secret)
    before = len(homes(tabs.spy))
    tabs.pass_time(seconds=5)

    assert homes(tabs.spy)[before:] == [RAJ]


def test_who_is_removed_from_a_private_incident_loses_it_at_once(tabs: HomeTabs, secret: str):
    tabs.spy.say('incident action "ask the bank" <@U0RAJ> by friday', channel=secret)
    tabs.open(RAJ)
    tabs.pass_time(seconds=20)
    assert "ask the bank" in tabs.of(RAJ)

    tabs.spy.notice(Left(id="Ev9", channel=secret, person=RAJ))
    tabs.pass_time(seconds=2)

    assert "payroll" not in tabs.of(RAJ)
    assert "ask the bank" not in tabs.of(RAJ)


def test_an_incident_that_becomes_private_leaves_the_homes_of_others(tabs: HomeTabs, channel: str):
    tabs.open(KIM)
    tabs.pass_time(seconds=20)

    tabs.spy.notice(MadePrivateNotice(id="Ev9", channel=channel, by=ANA))
    tabs.pass_time(seconds=2)

    assert "checkout" not in tabs.of(KIM)


def test_an_offer_of_command_that_is_over_takes_a_private_incident_off(tabs: HomeTabs, secret: str):
    tabs.spy.say(f"hand <@{KIM}>", channel=secret)
    tabs.open(KIM)
    tabs.pass_time(seconds=20)
    assert "payroll" in tabs.of(KIM)

    tabs.spy.press("Decline", tabs.chat.homes[KIM][-1], by=KIM, channel=None)
    tabs.pass_time(seconds=2)

    assert "payroll" not in tabs.of(KIM)


def test_a_guest_sees_only_incidents_in_whose_channel_they_are(tabs: HomeTabs, channel: str):
    tabs.met(ZOE, Profile(name="zoe", is_guest=True))
    tabs.open(ZOE, knows=False)
    assert "checkout" not in tabs.of(ZOE)
    assert "Open an incident" not in str(tabs.chat.homes[ZOE][-1].parts)

    tabs.spy.notice(Joined(id="Ev8", channel=channel, person=ZOE))
    tabs.pass_time(seconds=6)

    assert "checkout is down" in tabs.of(ZOE)


def test_a_stranger_sees_nothing_until_slack_has_said_who_they_are(tabs: HomeTabs, channel: str):
    tabs.open("U0NEW", knows=False)
    assert "checkout" not in tabs.of("U0NEW")
    assert [it.person for it in tabs.spy.asked(MeetPerson)][-1] == "U0NEW"

    tabs.met("U0NEW", Profile(name="new"))
    tabs.pass_time(seconds=6)

    assert "checkout is down" in tabs.of("U0NEW")


def test_a_deactivated_person_sees_nothing_and_a_refusal_is_told_to_nobody(tabs: HomeTabs, secret: str):
    tabs.open(RAJ)
    tabs.pass_time(seconds=20)

    tabs.met(RAJ, Profile(name="raj", is_deactivated=True))
    tabs.pass_time(seconds=2)
    assert "payroll" not in tabs.of(RAJ)

    tabs.open(RAJ, knows=False)
    tabs.chat.fail("publish_home", Rejected("user_not_found"))
    tabs.spy.say("home", by=RAJ)
    tabs.deliver()

    assert not [it for it in tabs.spy.asked(Notify) if it.reports_failure]


# --- Slack ------------------------------------------------------------------------------------------------------


def test_another_state_than_spy_knows_of_is_replaced(tabs: HomeTabs, channel: str):
    tabs.open(RAJ)
    tabs.pass_time(seconds=20)
    tabs.chat.home_marks[RAJ] = "of another process"

    tabs.spy.say("incident sev sev3", channel=channel)
    tabs.pass_time(seconds=2)

    assert "sev3" in tabs.of(RAJ)


def test_a_home_tab_that_is_off_is_left_alone(tabs: HomeTabs, channel: str):
    tabs.chat.fail("publish_home", Rejected("not_enabled"))
    tabs.open(RAJ)

    tabs.spy.say("incident sev sev3", channel=channel)
    tabs.pass_time(minutes=2, step=30)

    assert tabs.calls() == 1
    assert not [it for it in tabs.spy.asked(Notify) if it.reports_failure]


def test_what_slack_refuses_leaves_no_old_words_on_the_tab(tabs: HomeTabs, channel: str):
    tabs.open(RAJ)
    tabs.chat.fail("publish_home", Rejected("invalid_arguments"))

    tabs.spy.say("home", by=RAJ)
    with pytest.raises(Rejected):
        tabs.deliver()

    assert "checkout" not in tabs.of(RAJ)
    assert "`incident list`" in tabs.of(RAJ)


def test_the_form_of_an_incident_opens_from_the_tab(tabs: HomeTabs):
    tabs.open(RAJ)

    tabs.spy.press("Open an incident", tabs.chat.homes[RAJ][-1], by=RAJ, channel=None, trigger="T1")

    [form] = [it for it in tabs.spy.effects if type(it).__name__ == "OpenForm"]
    assert (form.form, form.command, form.person) == ("incident/declare", "incident me", RAJ)
