"""Read the settings, with every vendor that has a folder in bot/adapters."""

import os
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import bot.adapters
from bot import config
from bot.config import Settings
from bot.config.own import OwnSettings
from bot.config.vendors import HostedPageVendor, PagerVendor, TrackerVendor, Vendors


@cache
def find_vendors() -> Vendors:
    """Return what each `vendor.py` in a folder of bot/adapters declares."""
    files = sorted(Path(bot.adapters.__path__[0]).glob("*/vendor.py"))
    found = [import_module(f"bot.adapters.{it.parent.name}.vendor").VENDOR for it in files]
    return Vendors(
        pagers=tuple(it for it in found if isinstance(it, PagerVendor)),
        trackers=tuple(it for it in found if isinstance(it, TrackerVendor)),
        hosted_pages=tuple(it for it in found if isinstance(it, HostedPageVendor)),
    )


def load(
    path: Path | None,
    variables: Mapping[str, str] = os.environ,
    *,
    text: str | None = None,
    own: OwnSettings | None = None,
) -> Settings:
    """Read a configuration (None: nothing is configured). Raises ConfigError with every mistake found.

    `text` is read in place of what the file holds, and `own` in place of a process's own settings there.
    """
    return config.load(path, variables, find_vendors(), text=text, own=own)
