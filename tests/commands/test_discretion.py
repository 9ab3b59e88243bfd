"""An answer about a private incident stays among its members, whatever form its facts have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Source
from bot.domain.incident.incident import Incident
from bot.domain.portion import Portion
from bot.services.incident.incidents import Incidents
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction
from bot.testing import SpyKit
from plugins import incident

OWN, GENERAL = "C0ROOM", "C0GENERAL"


@dataclass(frozen=True, kw_only=True)
class Coffee:
    """A record of a plugin, which names its incident by number."""

    cups: int
    incident: int | None


FACTS: Mapping[str, Callable[[Incident], Mapping[str, Any]]] = {
    "an incident": lambda it: {"about": it},
    "a list of incidents": lambda it: {"all": [it]},
    "a page of incidents": lambda it: {"found": Portion.of([it], 1)},
    "a record of it": lambda it: {"coffee": Coffee(cups=1, incident=it.number)},
    "a mapping of records": lambda it: {"by_person": {"U0ANA": (Coffee(cups=1, incident=it.number),)}},
    "a line of its timeline": lambda it: {"lines": [{"incident": it.number, "text": "payroll"}]},
}


def asked(facts: Callable[[Transaction], Mapping[str, Any]], *, private: bool = True) -> SpyKit:
    """Return a Spy with INC-1, and a command `coffee` that answers with these facts."""

    @command("coffee")
    def coffee(*, tx: Transaction) -> Reply:
        """Show the coffee."""
        return Reply("coffee/list", facts(tx), shared=True)

    module = ModuleType("coffee")
    vars(module).update(coffee=coffee)
    spy = SpyKit(incident, module)
    spy.say(f'incident me "payroll" {"private" if private else ""}', by="U0ANA")
    spy.create_channel(1, channel=OWN)
    return spy


def is_read_by_all(spy: SpyKit, *, channel: str = GENERAL, source: Source = Source.SLASH) -> bool:
    answer = spy.say("coffee", by="U0ANA", channel=channel, source=source)
    return answer.shared or bool(spy.posts(channel))


@pytest.mark.parametrize("source", [Source.SLASH, Source.PLAIN, Source.BUTTON])
@pytest.mark.parametrize("form", FACTS)
def test_facts_of_a_private_incident_are_for_the_asker_alone(form: str, source: Source):
    spy = asked(lambda tx: FACTS[form](tx.incident(1)))

    assert not is_read_by_all(spy, source=source)
    assert is_read_by_all(spy, source=source, channel=OWN)


@pytest.mark.parametrize("form", FACTS)
def test_facts_of_a_public_incident_are_for_all(form: str):
    assert is_read_by_all(asked(lambda tx: FACTS[form](tx.incident(1)), private=False))


def test_words_of_a_private_incident_are_for_the_asker_alone_if_it_was_asked_for():
    spy = asked(lambda tx: {"name": Incidents(tx).find(1, asker="U0ANA").name})

    assert not is_read_by_all(spy)


def test_a_private_incident_that_the_asker_may_not_see_changes_nothing():
    spy = asked(lambda tx: {"count": int(ReadAccess(tx).sees("U0ZOE", tx.incident(1)))})

    assert is_read_by_all(spy)


def test_a_record_without_an_incident_is_for_all():
    assert is_read_by_all(asked(lambda _: {"coffee": Coffee(cups=1, incident=None)}))


def test_facts_that_contain_themselves_are_walked_once():
    facts: dict[str, Any] = {"cups": 1}
    facts["again"] = facts

    assert is_read_by_all(asked(lambda _: facts))
