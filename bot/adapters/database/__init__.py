"""Sessions on SQLite or PostgreSQL. Each session is one transaction."""

import bot.adapters.database.identities  # noqa: F401  before any table: pydantic asks then how to store them
from bot.adapters.database.connection import Limits, open_engine
from bot.adapters.database.opening import CannotOpen, is_ready, make_ready
from bot.adapters.database.private_files import open_to_more
from bot.adapters.database.queues import SqlQueues
from bot.adapters.database.schema import migrate
from bot.adapters.database.session import Database

__all__ = [
    "CannotOpen",
    "Database",
    "Limits",
    "SqlQueues",
    "is_ready",
    "make_ready",
    "migrate",
    "open_engine",
    "open_to_more",
]
