"""Bots and deactivated accounts are given nothing to do, and what they had is asked for once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.slack.identity import Identity
from bot.adapters.slack.people import profile
from bot.commands.request import Response, Source
from bot.domain.effects import MeetPerson
from bot.domain.oncall.shift import Turn
from bot.ports import OnCallShift, Profile
from bot.services.oncall.oncall import OnCall
from bot.services.oncall.shifts import Shifts
from bot.services.people import People
from bot.services.permissions import Permissions
from bot.testing import NOON, POLICY, SpyKit

US = Identity(team="T", team_name="a", url="https://a.slack.com/", user="U0SPY", bot="B", name="spy")
GONE = profile({"id": "U0GONE", "deleted": True, "profile": {"real_name": "Gus Gone"}}, US)
APP = profile({"id": "U0APP", "is_bot": True, "profile": {"real_name": "Jira"}}, US)


def text(answer: Response) -> str:
    assert answer.message
    return answer.message.text


def meet(spy: SpyKit, person: str, known: Profile) -> None:
    with spy.tx() as tx:
        People(tx).met(person, known)


def leave(spy: SpyKit, person: str, name: str) -> None:
    meet(spy, person, Profile(name=name, is_deactivated=True))


@pytest.fixture
def staff(spy: SpyKit) -> SpyKit:
    """Return a Spy that knows a former colleague and an app, and that Raj is on call."""
    meet(spy, "U0GONE", GONE)
    meet(spy, "U0APP", APP)
    meet(spy, "U0RAJ", Profile(name="Raj Patel", email="raj@example.com"))
    with spy.tx() as tx:
        Shifts(tx).found("raj@example.com", tx.session.people.get("U0RAJ"))
        OnCall(tx).synced(
            [OnCallShift(policy="PPOL1", level=1, user="PRAJ", name="Raj", email="raj@example.com")]
        )
    return spy


GIVING = (
    "incident hand {}",
    "incident role scribe {}",
    'incident action "alert on queue age" {}',
    "follow-up owner 1 {}",
    "page {} come",
    "postmortem owner {}",
)


@pytest.mark.parametrize("whom", ["<@U0GONE>", "@gus", "<@U0APP>", "<@USLACKBOT>", "<@U0SPY>"])
@pytest.mark.parametrize("words", GIVING)
def test_what_somebody_can_not_do_is_refused_with_who_could(
    staff: SpyKit, channel: str, words: str, whom: str
):
    staff.say('incident action "write a runbook"', channel=channel)
    said = text(staff.say(words.format(whom), channel=channel))

    assert "they can't" in said
    assert "Who could: Raj Patel (on call for :imoc)" in said
    assert not any(page.person for page in staff.pages(1))


def test_a_button_gives_it_to_who_could(staff: SpyKit, channel: str):
    refused = staff.say("incident hand <@U0GONE>", channel=channel).message
    assert refused

    staff.press("Raj Patel", refused, channel=channel)

    assert refused.text.startswith("The Slack account of Gus Gone is deactivated: they can't lead INC-1.")
    assert staff.incident(1).command_offered_to == "U0RAJ"


@pytest.mark.parametrize(
    "words", ["role scribe {}", 'action "alert on \\"age\\" now" {}', "page {} come now"]
)
def test_every_button_does_what_was_asked_for_somebody_else(staff: SpyKit, channel: str, words: str):
    refused = staff.say(f"incident {words}".format("<@U0GONE>"), channel=channel).message
    assert refused

    staff.press("Raj Patel", refused, channel=channel)

    with staff.tx() as tx:
        todo = tx.session.follow_ups.open_of("U0RAJ")
    paged = [it for it in staff.pages(1) if it.person == "U0RAJ"]
    assert [*todo, *paged, *staff.incident(1).roles.values()]


def test_cover_is_not_asked_of_who_has_left(staff: SpyKit):
    with staff.tx() as tx:
        turn = Turn(
            schedule="PSCH1",
            user="PRAJ",
            name="Raj",
            email="raj@example.com",
            start=NOON,
            end=NOON + timedelta(days=1),
        )
        Shifts(tx).synced(tx.policy.team("imoc"), [turn])

    refused = text(staff.say("oncall cover today 18:00-20:00 <@U0GONE>", by="U0RAJ"))

    assert "they can't cover a shift" in refused


def test_nobody_of_that_name_who_has_left_hides_who_is_here(staff: SpyKit, channel: str):
    leave(staff, "U0RAJ2", "Raj Singh")

    staff.say("incident hand @raj", channel=channel)

    assert staff.incident(1).command_offered_to == "U0RAJ"


def test_somebody_unknown_is_asked_for_in_slack(spy: SpyKit, channel: str):
    spy.say("incident hand <@U0NEW>", channel=channel)

    assert [it.person for it in spy.asked(MeetPerson) if it.person == "U0NEW"] == ["U0NEW"]


def test_an_offer_to_who_turns_out_to_have_left_is_taken_back(spy: SpyKit, channel: str):
    spy.say("incident hand <@U0GONE>", channel=channel)

    meet(spy, "U0GONE", GONE)

    assert spy.incident(1).command_offered_to is None
    assert spy.lines(1)[-1] == (
        "*The Slack account of Gus Gone is deactivated.* Command is no longer offered to them."
    )


def test_the_channel_is_asked_once_who_takes_over_from_who_has_left(spy: SpyKit, channel: str):
    spy.say("incident hand @kim", channel=channel)
    spy.say("incident accept", by="U0KIM", channel=channel)
    spy.say("incident role scribe @kim", channel=channel)

    for _ in range(2):
        leave(spy, "U0KIM", "Kim Park")

    incident = spy.incident(1)
    told = [line for line in spy.lines(1) if "deactivated" in line]
    assert (incident.commander, incident.roles) == (None, {})
    assert told == [
        (
            "*The Slack account of Kim Park is deactivated.* Nobody has command now. Who takes it?"
            " Nobody is scribe now: `incident role scribe @person`."
        )
    ]


def test_whoever_takes_command_of_what_nobody_leads_has_it_at_once(spy: SpyKit, channel: str):
    leave(spy, "U0ANA", "Ana Lima")
    spy.clock.tick(minutes=1)

    spy.say("incident take", by="U0RAJ", channel=channel)

    assert spy.incident(1).commander == "U0RAJ"
    assert "Nobody has command" not in spy.message_type("card", 1).text


def test_a_missing_commander_is_asked_for_again_only_after_a_while(spy: SpyKit, channel: str):
    spy.pass_time(minutes=12)
    leave(spy, "U0ANA", "Ana Lima")
    spy.tick()

    before = [it.text for it in spy.reminder_messages() if "Nobody has command" in it.text]
    spy.pass_time(minutes=16)

    after = [it.text for it in spy.reminder_messages() if "Nobody has command" in it.text]
    assert (before, len(after) > 0) == ([], True)


def test_follow_ups_and_the_postmortem_are_nobodys_then(spy: SpyKit, channel: str):
    spy.say('incident action "alert on queue age" @kim', channel=channel)
    spy.say('incident stop "rolled back"', channel=channel)
    spy.say("postmortem owner @kim", channel=channel)

    for _ in range(3):
        leave(spy, "U0KIM", "Kim Park")
        spy.clock.tick(days=1)

    told = [line for line in spy.lines(1) if "deactivated" in line]
    assert told == [spy.lines(1)[-1]]
    assert told[0] == (
        "*The Slack account of Kim Park is deactivated.* Follow-up 1 has no owner now:"
        " `follow-up owner 1 @person`. Who writes the postmortem? `postmortem owner @person`."
    )
    assert "no owner" in text(spy.say("follow-ups", channel=channel))


def test_what_is_over_is_not_asked_for(spy: SpyKit, channel: str):
    spy.say("incident role scribe @kim", channel=channel)
    spy.say('incident cancel "false alarm"', channel=channel)

    leave(spy, "U0KIM", "Kim Park")

    assert not any("deactivated" in line for line in spy.lines(1))
    assert spy.incident(1).roles == {"scribe": "U0KIM"}


def test_who_has_left_is_not_named_among_those_who_may_approve(spy: SpyKit):
    spy.adopt(replace(POLICY, permissions={"operator": frozenset({"U0GONE", "U0RAJ", "S0SRE"})}))
    meet(spy, "U0GONE", GONE)
    meet(spy, "U0APP", APP)
    with spy.tx() as tx:
        permissions = Permissions(tx)
        permissions.synced("S0SRE", ["U0KIM", "U0APP"])

        holders = permissions.holders("operator")

        assert (holders.people, holders.groups[0].members) == (("U0RAJ",), ("U0KIM",))
        assert not permissions.may("U0APP", "operator")


def test_slack_is_asked_often_about_who_is_at_work_on_an_incident(spy: SpyKit, channel: str):
    for person, name in (("U0ANA", "Ana Lima"), ("U0RAJ", "Raj Patel"), ("U0KIM", "Kim Park")):
        meet(spy, person, Profile(name=name))
    spy.clock.tick(minutes=11)

    with spy.tx() as tx:
        assert People(tx).stale() == ["U0ANA"]


def test_a_manager_who_has_left_is_not_offered(spy: SpyKit):
    teams = {key: replace(team, manager="U0GONE") for key, team in POLICY.teams.items()}
    meet(spy, "U0GONE", GONE)
    spy.adopt(replace(POLICY, teams=teams))
    with spy.tx() as tx:
        OnCall(tx).synced(())

    page = spy.say("page :imoc come").message

    assert page
    assert "Gus" not in page.text + spy.message_type("page", 1).text + repr(page.parts)


@pytest.mark.parametrize(
    ("person", "sentence"),
    [
        (
            "U0GONE",
            "The Slack account of Gus Gone is deactivated: they can't lead INC-1. Who could: Raj Patel (on call",
        ),
        ("U0ANA", "Ana Lima already commands INC-1."),
    ],
)
def test_a_form_names_people_where_slack_draws_no_mentions(
    staff: SpyKit, channel: str, person: str, sentence: str
):
    given = {"person": f"<@{person}>"}

    answer = staff.say("incident hand", by="U0RAJ", channel=channel, source=Source.FORM, given=given)

    assert answer.complaints["person"].startswith(sentence)


def test_a_commander_of_what_is_over_is_asked_about_once_too(spy: SpyKit, channel: str):
    spy.say('incident stop "rolled back"', channel=channel)

    for _ in range(3):
        leave(spy, "U0ANA", "Ana Lima")

    told = [line for line in spy.lines(1) if "deactivated" in line]
    assert told == [
        "*The Slack account of Ana Lima is deactivated.* Who writes the postmortem? `postmortem owner @person`."
    ]
    assert spy.incident(1).commander == "U0ANA"


def test_slack_is_asked_again_about_whom_command_is_offered(spy: SpyKit, channel: str):
    meet(spy, "U0RAJ", Profile(name="Raj Patel"))
    spy.say("incident hand @raj", channel=channel)
    spy.clock.tick(minutes=11)

    with spy.tx() as tx:
        assert "U0RAJ" in People(tx).stale()


def test_who_is_on_call_and_has_left_is_marked(staff: SpyKit):
    leave(staff, "U0RAJ", "Raj Patel")

    assert "Raj (deactivated in Slack: is it still their shift?)" in text(staff.say("oncall :imoc"))
