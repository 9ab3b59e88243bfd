"""`oncall_group:` of a team in config.yaml, and what is said of a mistake."""

import pytest

from bot.config import ConfigError
from tests.config.reading import Read


def test_the_on_call_group_of_a_team_is_read(read: Read):
    policy = read(
        "teams: {payments: {channel: C0PAY, oncall_group: S0PAY}, imoc: {channel: C0IMOC}}"
    ).policy()

    assert {key: team.oncall_group for key, team in policy.teams.items()} == {
        "payments": "S0PAY",
        "imoc": None,
    }


@pytest.mark.parametrize(
    ("teams", "mistake"),
    [
        ("{payments: {channel: C0PAY, oncall_group: '@payments-oncall'}}", "is no user group id"),
        ("{payments: {channel: C0PAY, oncall_group: C0PAY}}", "is no user group id"),
        (
            "{payments: {channel: C0PAY, oncall_group: S0PAY}, imoc: {channel: C0IMOC, oncall_group: S0PAY}}",
            "S0PAY is the oncall_group of two teams. Each has a user group of its own.",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(read: Read, teams: str, mistake: str):
    with pytest.raises(ConfigError) as caught:
        read(f"severities: {{sev1: {{}}}}\nteams: {teams}\n")

    [line] = caught.value.lines
    assert line.startswith("config.yaml:2: teams")
    assert mistake in line
