"""The test kit for plugins: Spy without Slack, a clock that the test moves, and a database in memory."""

from bot.testing.clock import NOON, FrozenClock
from bot.testing.kit import ITSELF, POLICY, PlainTemplates, SpyKit, confirm
from bot.testing.store import MemoryDatabase, Queued

__all__ = [
    "ITSELF",
    "NOON",
    "POLICY",
    "FrozenClock",
    "MemoryDatabase",
    "PlainTemplates",
    "Queued",
    "SpyKit",
    "confirm",
]
