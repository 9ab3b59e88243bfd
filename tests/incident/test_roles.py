"""Roles in an incident: those that are configured, nearly right names, and others that somebody wants anyway."""

from dataclasses import replace

import pytest

from bot.commands.request import Response
from bot.testing import POLICY, SpyKit


def text(answer: Response) -> str:
    assert answer.message
    return answer.message.text


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("scribe", "scribe"),
        ("Scribe", "scribe"),
        ("comms lead", "comms lead"),
        ('"Comms Lead"', "comms lead"),
        ("comms-lead", "comms lead"),
        ("comms", "comms lead"),
        ("operations", "operations lead"),
    ],
)
def test_a_role_is_given_by_its_name(spy: SpyKit, channel: str, said: str, role: str):
    answer = spy.say(f"role {said} @kim", channel=channel)

    assert spy.incident(1).roles == {role: "U0KIM"}
    assert text(answer) == f"Kim Park is {role} of INC-1."


@pytest.mark.parametrize(
    ("said", "meant"),
    [("scrib", "scribe"), ("coms lead", "comms lead"), ("opertions lead", "operations lead")],
)
def test_a_name_that_is_nearly_right_is_asked_about(spy: SpyKit, channel: str, said: str, meant: str):
    refused = spy.say(f"incident role {said} @kim", channel=channel).message
    assert refused
    before = spy.incident(1).roles

    spy.press(meant.capitalize(), refused, channel=channel)

    assert refused.text.startswith(
        f"There is no role {said}. Did you mean {meant}? Roles: scribe, comms lead,"
    )
    assert (before, spy.incident(1).roles) == ({}, {meant: "U0KIM"})


def test_any_other_name_is_a_role_only_if_somebody_wants_it(spy: SpyKit, channel: str):
    refused = spy.say('role "data wrangler" @kim', channel=channel).message
    assert refused

    spy.press("Add it anyway", refused, channel=channel)
    spy.say("role data wrangler @raj", channel=channel)

    assert "(`roles` in config.yaml)" in refused.text
    assert spy.incident(1).roles == {"data wrangler": "U0RAJ"}


@pytest.mark.parametrize("said", ['"-"', "x" * 41, "very " * 900])
def test_the_name_of_a_role_has_a_limit(spy: SpyKit, channel: str, said: str):
    answer = spy.say(f"role {said} @kim anyway", channel=channel)

    assert text(answer).startswith("The name of a role has 1 to 40 characters; this has ")
    assert len(text(answer)) < 100
    assert spy.incident(1).roles == {}


@pytest.mark.parametrize("said", ["commander", "lead", "IC", "incident-commander"])
def test_command_is_no_role(spy: SpyKit, channel: str, said: str):
    assert "To change the commander, use" in text(spy.say(f"role {said} @kim anyway", channel=channel))


def test_the_roles_are_those_of_the_configuration(spy: SpyKit, channel: str):
    spy.adopt(replace(POLICY, roles=("liaison",)))

    assert "Roles: liaison (" in text(spy.say("role scribe @kim", channel=channel))
    assert text(spy.say("role liaison @kim", channel=channel)) == "Kim Park is liaison of INC-1."


def test_a_role_of_an_earlier_spy_moves_on_as_it_is(spy: SpyKit, channel: str):
    spy.adopt(replace(POLICY, roles=("dba",)))
    spy.say("role dba @kim", channel=channel)
    spy.adopt(POLICY)

    spy.say("role dba @raj", channel=channel)

    assert spy.incident(1).roles == {"dba": "U0RAJ"}
