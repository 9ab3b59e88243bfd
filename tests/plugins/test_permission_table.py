"""The table of roles in docs/permissions.md is what every way in keeps to."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from types import ModuleType

import pytest

from bot.commands.plugins import load
from bot.commands.request import PROGRAMS, Source
from bot.domain.effects import Post, PostEphemeral, Respond
from bot.ports import Profile
from bot.services.incident.channels import IncidentChannels
from bot.services.incident.incidents import Incidents
from bot.services.people import People
from bot.testing import POLICY, PlainTemplates, SpyKit
from tests.support.folders import PLUGINS
from tests.support.permissions import COLUMNS, FILE, may, written

COMMANDS = load([PLUGINS]).commands
PEOPLE: Mapping[str, str] = {role: f"U0{role.upper()}" for role in COLUMNS}
NAMED = {role: frozenset({PEOPLE[role]}) for role in ("responder", "operator", "admin")}
ANSWERS = (Post, PostEphemeral, Respond)


@pytest.fixture(scope="module")
def harmless() -> SpyKit:
    """Return a Spy whose commands do nothing, with a person of each role. The commander leads INC-1."""
    module = ModuleType("harmless")
    vars(module).update({it.usage: replace(it, run=lambda **_: None, services={}) for it in COMMANDS})
    spy = SpyKit(module, policy=replace(POLICY, permissions=NAMED), templates=PlainTemplates())
    with spy.tx() as tx:
        Incidents(tx).declare("checkout", by=PEOPLE["commander"])
        People(tx).met(PEOPLE["guest"], Profile(name="Guest", is_guest=True))
    spy.create_channel(1, channel="C0ROOM")
    with spy.tx() as tx:
        IncidentChannels(tx).joined("C0ROOM", PEOPLE["guest"], origin="Ev1")
    spy.meet(U0RAJ="raj")
    return spy


def test_the_page_is_what_the_commands_declare():
    assert FILE.read_text(encoding="utf-8") == written(), "write it anew: python -m tests.support.permissions"


@pytest.mark.parametrize(
    ("role", "source"),
    [
        *((role, Source.SLASH) for role in COLUMNS),
        *product(("guest", "member"), sorted(set(Source) - {Source.SLASH})),
    ],
)
def test_every_way_in_keeps_to_the_table(harmless: SpyKit, role: str, source: Source):
    spy = harmless.restarted()
    at_once = {
        it.usage: str(
            spy.say(
                it.example,
                by=PEOPLE[role],
                channel="C0ROOM",
                source=source,
                incident=1,
                id=it.usage,
                trigger="t",
            )
        )
        for it in COMMANDS
    }
    later = {it.key.removeprefix("answer:"): str(it) for it in spy.effects if isinstance(it, ANSWERS)}

    said = {usage: at_once[usage] + later.get(usage, "") for usage in at_once}
    refused = {usage for usage, it in said.items() if " is for the role " in it or " is for members " in it}
    proposed = {
        usage for usage, it in said.items() if "proposal/proposed" in it or "proposals of agents" in it
    }
    checked = [
        it
        for it in COMMANDS
        if (it.reads or source is not Source.AGENT) and (it.by_token or source not in PROGRAMS)
    ]  # else who approves needs the role
    assert refused == {it.usage for it in checked if not may(role, it.needs(spy.policy))} - proposed
