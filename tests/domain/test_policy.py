"""What an organisation has decided, and the help that a slip of the pen gets."""

from dataclasses import replace

import pytest

from bot.domain.policy import Policy, Severity, Team
from bot.domain.refusal import Refusal

POLICY = Policy(
    teams={"imoc": Team(key="imoc", channel="C0IMOC"), "payments": Team(key="payments", channel="C0PAY")},
    severities={key: Severity(key=key) for key in ("sev1", "sev2")},
    permissions={"operator": frozenset({"U0RAJ", "S0SRE"}), "admin": frozenset({"U0ANA"})},
)


@pytest.mark.parametrize("said", ["payments", ":payments", ":Payments", ":payments:"])
def test_a_team_is_found_however_it_is_written(said: str):
    assert POLICY.team(said).key == "payments"


def test_a_team_almost_named_is_offered():
    with pytest.raises(Refusal, match=r"Did you mean :payments\? Teams: :imoc, :payments") as refused:
        POLICY.team(":payment")

    assert refused.value.slot == "team"


def test_without_teams_the_cure_is_named():
    with pytest.raises(Refusal, match=r"config\.yaml"):
        Policy().team(":imoc")


@pytest.mark.parametrize("said", ["sev1", "SEV1", "1"])
def test_a_severity_is_found_by_its_number_too(said: str):
    assert POLICY.severity(said).key == "sev1"


def test_a_severity_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(Refusal, match="Severities: sev1, sev2") as refused:
        POLICY.severity("sev9")

    assert [choice.say for choice in refused.value.choices] == ["incident sev sev1", "incident sev sev2"]


def test_a_higher_role_includes_the_lower_ones():
    assert POLICY.granted("admin") == {"U0ANA"}
    assert POLICY.granted("responder") == POLICY.granted("operator") == {"U0RAJ", "S0SRE", "U0ANA"}


def test_every_member_is_a_responder_until_some_are_named():
    named = replace(POLICY, permissions={"responder": frozenset({"U0KIM"})})

    assert POLICY.is_for_members("responder")
    assert not named.is_for_members("responder")
    assert named.is_for_members("member")
    assert not named.is_for_members("operator")


def test_a_role_is_granted_to_people_and_user_groups():
    assert POLICY.granted("operator") == {"U0RAJ", "S0SRE", "U0ANA"}
    assert POLICY.user_groups == {"S0SRE"}
