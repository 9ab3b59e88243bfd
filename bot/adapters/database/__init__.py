"""SQLite or PostgreSQL behind one unit of work."""

from bot.adapters.database.connection import Limits, open_engine
from bot.adapters.database.schema import is_current, migrate
from bot.adapters.database.work import Database

__all__ = ["Database", "Limits", "is_current", "migrate", "open_engine"]
