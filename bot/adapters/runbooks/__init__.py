"""Runbooks: documents with parameters, filled in so that no value becomes more than a value."""

from bot.adapters.runbooks.folder import FolderRunbooks
from bot.adapters.runbooks.pages import RunbookPage, RunbookPages

__all__ = ["FolderRunbooks", "RunbookPage", "RunbookPages"]
