"""Import plugins, each within a time. One that fails is reported with its file and line."""

import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import entry_points
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import ModuleType
from weakref import finalize

from bot.commands.plugin_files import PluginFolder, python_files
from bot.config.values import INSTALLED
from bot.domain.grammar.usage import UsageError
from bot.domain.registering import OnlyAtStart
from bot.domain.shown_errors import LEFT_OUT, shown_message

GROUP = "spy.plugins"
IMPORTED_WITHIN = 30.0
"""Seconds that a plugin may take to load."""


@dataclass(frozen=True, kw_only=True)
class PluginOrigin:
    """Where a plugin is loaded from."""

    name: str
    source: str
    version: str
    """"" for one of Spy's own."""
    load: Callable[[], ModuleType]
    can_change: bool = False
    """Whether it is a file of a team's folder, which is loaded again when it changes."""


class OpenFolders:
    """The files of a team's folders, importable as they were read for as long as anybody keeps this object."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._read = [PluginFolder(it) for it in folders]
        for it in self._read:
            it.open()
        self.close = finalize(self, _close, self._read)

    def origins(self) -> Iterator[PluginOrigin]:
        for folder in self._read:
            for path in folder.plugins:
                yield PluginOrigin(
                    name=f"{folder.path.name}/{path.stem}",
                    source=str(path),
                    version=folder.version(path),
                    load=partial(folder.load, path),
                    can_change=True,
                )


def _close(folders: Iterable[PluginFolder]) -> None:
    for it in folders:
        it.close()


def spys_own(folders: Iterable[Path]) -> Iterator[PluginOrigin]:
    """Return the plugins that Spy comes with, if their folder is among these."""
    for folder in list(filter(is_spys, folders))[:1]:
        for path in python_files(folder):
            if not path.name.startswith("_"):
                yield PluginOrigin(
                    name=path.stem, source=str(path), version="", load=partial(_load_file, path)
                )


def installed() -> Iterator[PluginOrigin]:
    """Return the plugins of installed packages, by name."""
    for point in sorted(entry_points(group=GROUP), key=lambda it: (it.name, it.value)):
        version = point.dist.version if point.dist else "installed"
        yield PluginOrigin(name=point.name, source=f"{GROUP}: {point.name}", version=version, load=point.load)


def is_spys(folder: Path) -> bool:
    return folder.resolve() == (INSTALLED / "plugins").resolve()


def imported(origin: PluginOrigin, within: float) -> ModuleType | str:
    """Return the module, or why it failed. Runs in its own thread, so that a plugin can neither end nor block Spy."""
    ended: SimpleQueue[ModuleType | str] = SimpleQueue()

    def run() -> None:
        try:
            ended.put(origin.load())
        except SystemExit as error:
            ended.put(_told(origin, error, "it ends the program when it is loaded"))
        except BaseException as error:  # noqa: BLE001  somebody else's code must not take the bot down
            ended.put(_told(origin, error, _why(error)))

    Thread(target=copy_context().run, args=(run,), name="plugin-loader", daemon=True).start()
    try:
        return ended.get(timeout=within)
    except Empty:
        return f"{origin.source}: it was not loaded within {within:g} s"


def _why(error: BaseException) -> str:
    """Return why a plugin can't be loaded, without a message that may hold a secret: the log and chat show it."""
    if isinstance(error, SyntaxError):
        return error.msg
    if isinstance(error, UsageError | OnlyAtStart):
        return str(error)
    shown = shown_message(error)
    return f"{type(error).__name__} {shown}" if shown == LEFT_OUT else shown


def _told(origin: PluginOrigin, error: BaseException, why: str) -> str:
    """Return why a plugin failed, after its file and line. A declaration that is wrong names them itself."""
    return why if why.startswith(f"{origin.source}:") else f"{origin.source}{_line(origin, error)}: {why}"


def _line(origin: PluginOrigin, error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename == origin.source:
        return f":{error.lineno}"
    found, traceback = "", error.__traceback__
    while traceback:
        if traceback.tb_frame.f_code.co_filename == origin.source:
            found = f":{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return found


@cache
def _load_file(path: Path) -> ModuleType:
    """Return the module of one of Spy's own files. They stay as they are while Spy runs, so each is run once."""
    name = f"spy_plugin_{path.parent.name}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
