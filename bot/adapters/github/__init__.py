"""GitHub: the only package that knows the vendor's library, PyGithub."""

from bot.adapters.github.check import results
from bot.adapters.github.tracker import GitHub

__all__ = ["GitHub", "results"]
