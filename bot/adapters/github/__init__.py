"""GitHub: the only package that knows the vendor's library, PyGithub."""

from bot.adapters.github.check import findings
from bot.adapters.github.tracker import GitHub

__all__ = ["GitHub", "findings"]
