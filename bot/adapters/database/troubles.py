"""Table of lasting troubles, such as a service that does not answer, by key."""

from typing import Any

from pydantic import TypeAdapter

from bot.adapters.database import tables
from bot.adapters.database.table import KeptTable
from bot.domain.trouble import Trouble


class TroubleTable(KeptTable[Trouble]):
    row, adapter, key = tables.TroubleRow, TypeAdapter(Trouble), "key"

    def _columns(self, value: Trouble) -> dict[str, Any]:
        return {"key": value.key}
