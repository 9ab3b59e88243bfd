"""Import every feature once, so that its followers, messages and reminders are registered."""

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

import bot.services


@cache
def load_features(package: ModuleType = bot.services) -> None:
    """Import each module of a package. Call this before a bot is built."""
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)
