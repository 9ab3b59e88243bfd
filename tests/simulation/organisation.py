"""The organisation that the simulation is about: its people, teams and settings."""

from dataclasses import replace
from functools import cache

from bot.adapters.rendering.templates import JinjaTemplates
from bot.adapters.runbooks import FolderRunbooks
from bot.commands.plugins import CommandRegistry, load
from bot.domain.policy import Policy
from bot.ports import Clock, Profile
from bot.testing import POLICY as SMALL
from tests.properties import owed
from tests.support.folders import PLUGINS, TEMPLATES
from tests.support.templates import shipped

GENERAL = "C0GENERAL"
PEOPLE = {
    "U0ANA": Profile(name="Ana Lima", email="ana@example.com", zone="Europe/Lisbon"),
    "U0RAJ": Profile(name="Raj Patel", email="raj@example.com", zone="Asia/Kolkata"),
    "U0KIM": Profile(name="Kim Park", email="kim@example.com", zone="America/New_York"),
    "U0MGR": Profile(name="Max Gold", email="max@example.com", zone="Europe/Berlin"),
    "U0LEA": Profile(name="Lea Moreau", email="lea@example.com", zone="Europe/Paris"),
    **{
        f"U0P{at:02}": Profile(name=f"Person {at}", email=f"p{at}@example.com", zone=zone)
        for at, zone in enumerate(("Asia/Tokyo", "America/Lima", "Africa/Lagos", "Australia/Perth") * 2)
    },
}
RESPONDERS = tuple(it for it in PEOPLE if it != "U0MGR")
"""Enough of them that most incidents meet somebody who is not tired: a message about fatigue is dear."""
CHANNELS = {GENERAL: "general", "C0INCIDENTS": "incidents", "C0IMOC": "imoc", "C0PAY": "payments"}
POLICY: Policy = replace(
    owed.POLICY,
    teams={
        key: replace(team, manager="U0MGR" if key == "imoc" else team.manager)
        for key, team in SMALL.teams.items()
    },
    severities={
        key: replace(severity, page=SMALL.severities[key].page)
        for key, severity in owed.POLICY.severities.items()
    },
    announce="C0INCIDENTS",
    permissions={"operator": frozenset(RESPONDERS), "admin": frozenset({"U0ANA"})},
)
"""As in tests/properties, so that its reckoning of what is owed holds here, with teams to page."""


@cache
def commands() -> CommandRegistry:
    found = load([PLUGINS])
    assert not found.failures, found.failures
    return found


@cache
def runbooks() -> FolderRunbooks:
    return FolderRunbooks([TEMPLATES / "runbooks"], address="https://spy.example.com")


def templates(clock: Clock) -> JinjaTemplates:
    return shipped(clock)
