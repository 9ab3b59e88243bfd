"""Admins read in chat which configurations Spy has used, and why one is refused."""

from dataclasses import replace

import pytest

from bot.services.configuration import ConfigVersions, Held
from bot.testing import SpyKit


@pytest.fixture(autouse=True)
def _ana_is_admin(spy: SpyKit) -> None:
    spy.adopt(replace(spy.policy, permissions={"admin": frozenset({"U0ANA"})}))


def take(spy: SpyKit, version: str, change: str) -> None:
    with spy.tx() as tx:
        ConfigVersions(tx).take(held(version), change=change)


def held(version: str) -> Held:
    return Held(hash=version, text="text", file="spy-1:/config.yaml", by="spy-1:7")


def history(spy: SpyKit, *, by: str = "U0ANA") -> str:
    answer = spy.say("config history", by=by).message
    assert answer
    return answer.text


def test_an_admin_reads_what_was_taken_by_whom_and_how_to_go_back(spy: SpyKit):
    take(spy, "1a2b3c4d5e6f", "web.port 3000 → 3001")

    assert history(spy).startswith("*Configurations*, newest first")
    assert "`1a2b3c4d` web.port 3000 → 3001, taken by `spy-1:7`" in history(spy)
    assert history(spy).endswith("To go back, run `spy config back` where the file is.")


def test_a_refusal_is_shown_until_another_file_is_taken(spy: SpyKit):
    take(spy, "1a2b3c4d5e6f", "the first one")
    with spy.tx() as tx:
        ConfigVersions(tx).refuse(held("0a"), ["config.yaml:3: a mistake."])
    shown = history(spy)
    spy.clock.tick(minutes=1)
    take(spy, "2b", "mended")

    assert "• config.yaml:3: a mistake." in shown
    assert "a mistake" not in history(spy)


def test_nobody_else_reads_it(spy: SpyKit):
    assert "admin" in history(spy, by="U0RAJ")


def test_before_the_first_one_there_is_nothing_to_go_back_to(spy: SpyKit):
    assert history(spy) == "No configuration was taken yet."
