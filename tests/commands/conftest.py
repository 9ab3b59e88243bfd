"""Spy with its own plugins and plain templates: what was understood, not how it is said."""

import pytest

from bot.testing import SpyKit
from tests.support.folders import PLUGINS

CHANNEL = "C0ROOM"


@pytest.fixture
def spy() -> SpyKit:
    """Return a Spy that knows Ana, Raj and Kim."""
    kit = SpyKit(PLUGINS)
    kit.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park")
    return kit


@pytest.fixture
def opened(spy: SpyKit) -> SpyKit:
    """Return a Spy with INC-1 open in its channel."""
    spy.say('incident me "checkout is down" sev1')
    spy.create_channel(1, channel=CHANNEL)
    return spy
