"""GitHub: the only package that imports PyGithub."""

from bot.adapters.github.check import results
from bot.adapters.github.tracker import GitHub

__all__ = ["GitHub", "results"]
