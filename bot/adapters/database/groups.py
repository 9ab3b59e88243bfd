"""Table of Slack's user groups, as last read from Slack."""

from typing import Any

from pydantic import TypeAdapter

from bot.adapters.database import tables
from bot.adapters.database.table import KeptTable
from bot.ports import UserGroup


class UserGroupTable(KeptTable[UserGroup]):
    row, adapter, key = tables.UserGroupRow, TypeAdapter(UserGroup), "id"

    def _columns(self, value: UserGroup) -> dict[str, Any]:
        return {"id": value.id}
