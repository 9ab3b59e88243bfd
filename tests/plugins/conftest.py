"""Spy as it ships: its own plugins and its own words."""

from pathlib import Path

import pytest

from bot.adapters.runbooks import FolderRunbooks
from bot.testing import FrozenClock, SpyKit
from tests.support.templates import shipped

HERE = Path(__file__).parents[2]


@pytest.fixture
def spy() -> SpyKit:
    """Return a Spy that knows Ana, Raj and Kim."""
    clock = FrozenClock()
    kit = SpyKit(
        HERE / "plugins",
        templates=shipped(clock),
        clock=clock,
        runbooks=FolderRunbooks([HERE / "templates" / "runbooks"], address="https://spy.example.com"),
    )
    kit.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park")
    return kit


@pytest.fixture
def channel(spy: SpyKit) -> str:
    """Return the channel of INC-1, a sev1 that Ana declared."""
    spy.say('incident me "checkout is down" sev1', by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")
    return "C0ROOM"
