"""Runbooks: documents with parameters, filled in so that no value becomes more than a value."""

from bot.adapters.runbooks.pages import Page, RunbookPages
from bot.adapters.runbooks.shelf import FolderRunbooks

__all__ = ["FolderRunbooks", "Page", "RunbookPages"]
