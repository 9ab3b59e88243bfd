"""Spy with its own plugins, for what happens behind them."""

from pathlib import Path

import pytest

from bot.testing import SpyKit


@pytest.fixture
def spy() -> SpyKit:
    """Return a Spy with INC-1 open, page 1 on its way for it, and its channel there."""
    kit = SpyKit(Path(__file__).parents[2] / "plugins")
    kit.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel")
    kit.say('incident me "checkout is down" sev1', by="U0ANA")
    kit.create_channel(1, channel="C0ROOM")
    return kit
