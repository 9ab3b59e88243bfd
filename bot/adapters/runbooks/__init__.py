"""Runbooks: documents with parameters, filled in so that no value becomes more than a value."""

from bot.adapters.runbooks.folder import FolderRunbooks
from bot.adapters.runbooks.pages import Page, RunbookPages

__all__ = ["FolderRunbooks", "Page", "RunbookPages"]
