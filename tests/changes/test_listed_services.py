"""Where `services:` lists the services, an unknown name is asked back everywhere, and no name is made by the way."""

from dataclasses import replace

import pytest

from bot.domain.changes.lock import Lock
from bot.domain.service import Service
from bot.services.changes.locks import Locks
from bot.testing import POLICY, SpyKit
from bot.testing.clock import FrozenClock
from tests.changes.test_commands import hears
from tests.support.folders import PLUGINS
from tests.support.templates import shipped

SERVICES = {key: Service(key=key) for key in ("checkout", "cart-api")}
LISTED = replace(POLICY, services=SERVICES)


@pytest.fixture
def spy() -> SpyKit:
    clock = FrozenClock()
    return SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=LISTED)


def sentence(spy: SpyKit, words: str) -> str:
    answer = spy.say(words)
    assert answer.message
    return answer.message.text


def held(spy: SpyKit) -> list[Lock]:
    with spy.tx() as tx:
        return list(Locks(tx).held())


@pytest.mark.parametrize(
    "words",
    [
        'lock chekout "migration"',
        "unlock chekout",
        'change "flag on" on chekout',
        "incident changes 30m chekout",
    ],
)
def test_an_unknown_service_is_asked_back(spy: SpyKit, words: str):
    assert "There is no service chekout. Did you mean checkout?" in sentence(spy, words)
    assert held(spy) == []


def test_pressing_what_was_meant_does_it(spy: SpyKit):
    refused = spy.say('lock chekout "migration"').message
    assert refused

    spy.press("checkout", refused)

    assert [it.service for it in held(spy)] == ["checkout"]


def test_a_service_is_known_in_any_spelling(spy: SpyKit):
    sentence(spy, 'lock Cart_API "migration"')

    assert [it.service for it in held(spy)] == ["cart-api"]
    assert "cart-api is locked already" in sentence(spy, 'lock CART-API "again"')


def test_a_lock_from_before_the_list_can_be_removed(spy: SpyKit):
    with spy.tx() as tx:
        Locks(tx).lock("old-name", "by hand", by="U0ANA")

    sentence(spy, "unlock old-name")

    assert held(spy) == []


def test_a_sources_spelling_becomes_the_services_name_and_no_news_is_lost(spy: SpyKit):
    assert hears(spy, "deploy 1", minutes_ago=1, service="cart_api").service == "cart-api"
    assert hears(spy, "deploy 2", minutes_ago=1, service="billing").service == "billing"


def test_without_a_list_any_name_is_a_service():
    spy = SpyKit(PLUGINS)

    sentence(spy, 'lock chekout "migration"')

    assert [it.service for it in held(spy)] == ["chekout"]
