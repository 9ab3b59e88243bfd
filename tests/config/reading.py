"""The type of the fixture that reads a config.yaml."""

from collections.abc import Callable

from bot.config import Settings

Read = Callable[..., Settings]
"""Takes the text of config.yaml and the environment's variables."""
