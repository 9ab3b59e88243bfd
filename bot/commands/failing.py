"""What is counted against a team's plugin: that its code failed, and where."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.commands.command import Listener
from bot.domain.plugin import PluginVersion
from bot.domain.refusal import Refusal
from bot.ports import Conflict, OutOfTime, Unavailable
from bot.services.quarantine import Quarantine
from bot.services.transaction import Transaction

NOT_ITS_FAULT = (Refusal, Conflict, OutOfTime, Unavailable)
"""What is raised when the plugin's code works: a refusal, or the database is not at hand."""


class ListenerFailed(Exception):  # noqa: N818  named for what happened
    """The listener of a team's plugin raised an error, which is the cause of this one."""

    def __init__(self, listener: Listener, plugin: PluginVersion) -> None:
        super().__init__(listener.name)
        self.listener, self.plugin = listener, plugin


@contextmanager
def contained(doing: str) -> Iterator[None]:
    """Turn an attempt of a plugin to end the program into an error of that plugin."""
    try:
        yield
    except SystemExit as error:
        raise RuntimeError(f"{doing} would end the program") from error


@contextmanager
def blamed(listener: Listener, plugin: PluginVersion | None) -> Iterator[None]:
    """Name the listener of a team's plugin in an error that its code raises."""
    try:
        with contained(listener.name):
            yield
    except NOT_ITS_FAULT:
        raise
    except Exception as error:
        if plugin is None:
            raise
        raise ListenerFailed(listener, plugin) from error


def note_success(tx: Transaction) -> None:
    """End the row of failures of the command that has run, if it is a team's own."""
    if tx.understood.plugin and tx.understood.plugin_failed_before:
        Quarantine(tx).succeeded(tx.understood.plugin, tx.understood.command)


def place_of(error: BaseException, plugin: PluginVersion) -> str:
    """Return an error's name with the last line of the plugin's folder that it passed. Its text may be private."""
    folder, place, traceback = Path(plugin.source).parent, "", error.__traceback__
    while traceback:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.parent == folder:
            place = f" at {file.parent.name}/{file.name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return f"{type(error).__name__}{place}"
