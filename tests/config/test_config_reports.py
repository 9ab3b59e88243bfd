"""`zone:` and `digest:` of a team in config.yaml, and what is said of a mistake."""

import pytest

from bot.config import ConfigError
from tests.config.reading import Read


def test_the_zone_and_the_digest_of_a_team_are_read(read: Read):
    teams = read(
        "teams: {payments: {channel: C0PAY, zone: Europe/Lisbon, digest: no}, imoc: {channel: C0IMOC}}"
    )

    found = teams.policy().teams
    assert [(found[it].zone, found[it].digest) for it in ("payments", "imoc")] == [
        ("Europe/Lisbon", False),
        (None, True),
    ]


@pytest.mark.parametrize(
    ("team", "mistake"),
    [("zone: Mars/Base", "'Mars/Base' is no time zone."), ("digest: monthly", "digest")],
)
def test_a_mistake_in_them_is_told_with_its_line(read: Read, team: str, mistake: str):
    with pytest.raises(ConfigError) as caught:
        read(f"severities: {{sev1: {{}}}}\nteams: {{payments: {{channel: C0PAY, {team}}}}}\n")

    [line] = caught.value.lines
    assert line.startswith("config.yaml:2: teams")
    assert mistake in line
