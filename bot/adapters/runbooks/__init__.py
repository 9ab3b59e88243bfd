"""Runbooks: Markdown documents with parameters. Values are quoted, so none can become a command or markup."""

from bot.adapters.runbooks.folder import FolderRunbooks
from bot.adapters.runbooks.pages import RunbookPage, RunbookPages

__all__ = ["FolderRunbooks", "RunbookPage", "RunbookPages"]
