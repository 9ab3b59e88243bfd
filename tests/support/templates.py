"""Spy's own templates, compiled once for all tests of a process: that takes longer than most tests."""

from datetime import datetime
from functools import cache

from bot.adapters.rendering.templates import JinjaTemplates
from bot.testing import FrozenClock
from tests.support.folders import TEMPLATES


class _ClockOfTheTest:
    def __init__(self) -> None:
        self.current = FrozenClock()

    def now(self) -> datetime:
        return self.current.now()


_CLOCK = _ClockOfTheTest()


def shipped(clock: FrozenClock) -> JinjaTemplates:
    """Return the templates, going by the clock of the test that asked last."""
    _CLOCK.current = clock
    return _templates()


@cache
def _templates() -> JinjaTemplates:
    return JinjaTemplates([TEMPLATES], clock=_CLOCK)
