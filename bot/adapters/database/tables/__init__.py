"""The tables. Loading this package makes all of them known to SQLModel."""

from bot.adapters.database.tables.logs import *  # noqa: F403  a new table needs no list
from bot.adapters.database.tables.records import *  # noqa: F403
from bot.adapters.database.tables.row import *  # noqa: F403
