"""What the tests of a plugin need: Spy to talk to, a clock that stands still, and a database in memory."""

from bot.testing.clock import NOON, FrozenClock
from bot.testing.kit import ITSELF, POLICY, PlainTemplates, SpyKit
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
]
