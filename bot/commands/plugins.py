"""Find plugins in folders and entry points. One that fails to load is reported and left out."""

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import ModuleType

from bot.commands.command import Command, Listener

GROUP = "spy.plugins"
IMPORTED_WITHIN = 30.0
"""Seconds that a plugin may take to load."""


@dataclass(frozen=True, kw_only=True)
class CommandRegistry:
    """All that Spy can do: its commands, its listeners, and the plugins that failed to load."""

    commands: tuple[Command, ...]
    listeners: tuple[Listener, ...] = ()
    failures: tuple[str, ...] = field(default=())


def load(folders: Iterable[Path], *, within: float = IMPORTED_WITHIN) -> CommandRegistry:
    """Load every plugin in these folders and in the entry-point group. Each may take `within` seconds."""
    loaded = [(source, _imported(loader, within)) for source, loader in _sources(folders)]
    return registry(
        *(it for _, it in loaded if isinstance(it, ModuleType)),
        failures=[f"{source}: {it}" for source, it in loaded if isinstance(it, str)],
    )


def _imported(loader: Callable[[], ModuleType], within: float) -> ModuleType | str:
    """Return the module, or why it failed. Runs in its own thread, so that a plugin can neither end nor block Spy."""
    ended: SimpleQueue[ModuleType | str] = SimpleQueue()

    def run() -> None:
        try:
            ended.put(loader())
        except SystemExit:
            ended.put("it ends the program when it is loaded")
        except BaseException as error:  # noqa: BLE001  somebody else's code must not take the bot down
            ended.put(str(error) or type(error).__name__)

    Thread(target=run, name="plugin-loader", daemon=True).start()
    try:
        return ended.get(timeout=within)
    except Empty:
        return f"it was not loaded within {within:g} s"


def registry(*modules: ModuleType, failures: Iterable[str] = ()) -> CommandRegistry:
    """Collect what modules declare."""
    declared = [value for module in modules for value in vars(module).values()]
    return CommandRegistry(
        commands=tuple(dict.fromkeys(it for it in declared if isinstance(it, Command))),
        listeners=tuple(it for it in declared if isinstance(it, Listener)),
        failures=tuple(failures),
    )


def shadowed(commands: Iterable[Command]) -> Iterator[str]:
    """Return the commands that another plugin also declares. If words fit both, the one loaded first answers."""
    first: dict[tuple[str, ...], Command] = {}
    for command in commands:
        earlier = [first.setdefault(begin, command) for begin in command.spoken]
        if other := next((it for it in earlier if it.source != command.source), None):
            yield f"`{command.words}`: {command.source} declares it, and {other.source} did before"


def templates_named(folders: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Return each template that a plugin's answers name, with file and line. Unreadable files are left out."""
    for path in _files(folders):
        try:
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        except (SyntaxError, ValueError):
            continue
        for node in nodes:
            match node:
                case ast.Call(func=ast.Name(id="Reply"), args=[ast.Constant(value=str(name)), *_]):
                    yield f"{path}:{node.lineno}", f"{name}.j2"
                case ast.Call(func=ast.Name(id="Fill"), args=[ast.Constant(value=str(name)), *_]):
                    yield f"{path}:{node.lineno}", f"{name}.form.j2"


def _sources(folders: Iterable[Path]) -> Iterator[tuple[str, Callable[[], ModuleType]]]:
    for path in _files(folders):
        yield str(path), _Loader(path)
    for point in entry_points(group=GROUP):
        yield f"{GROUP}: {point.name}", point.load


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        found = sorted(folder.iterdir()) if folder.is_dir() else ()
        yield from (path for path in found if path.suffix == ".py" and not path.name.startswith("_"))


class _Loader:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> ModuleType:
        name = f"spy_plugin_{self._path.parent.name}.{self._path.stem}"
        spec = importlib.util.spec_from_file_location(name, self._path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{self._path} is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
