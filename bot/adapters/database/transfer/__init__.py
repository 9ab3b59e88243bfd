"""Copy a whole database: to JSON lines and back, or SQLite's file while Spy runs."""

from bot.adapters.database.transfer.backup import CannotBackUp, back_up
from bot.adapters.database.transfer.exporting import CannotExport, export
from bot.adapters.database.transfer.importing import CannotImport, import_lines
from bot.adapters.database.transfer.lines import ExportHeader

__all__ = [
    "CannotBackUp",
    "CannotExport",
    "CannotImport",
    "ExportHeader",
    "back_up",
    "export",
    "import_lines",
]
