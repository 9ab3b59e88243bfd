"""GitHub: the only room that knows the vendor's library, PyGithub."""

from bot.adapters.github.check import findings
from bot.adapters.github.tracker import GitHub

__all__ = ["GitHub", "findings"]
