"""The loaded plugins, and all that they declare.

Spy's own plugins and those of installed packages are loaded once. The files of a team's folders can be loaded again
while Spy runs: all of them, or none.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import ModuleType

from bot.commands.command import Command, Listener
from bot.commands.plugin_files import python_files
from bot.commands.plugin_loading import (
    IMPORTED_WITHIN,
    OpenFolders,
    PluginOrigin,
    imported,
    installed,
    is_spys,
    spys_own,
)
from bot.commands.sample import Sample
from bot.domain.plugin import PluginVersion
from bot.domain.refusal import Choice, Refusal
from bot.domain.registering import while_running
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.text import shortened


class NotLoaded(Exception):  # noqa: N818  named for what happened
    """A team's own files can't be loaded as they are. `lines` name each mistake with file and line."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


@dataclass(frozen=True, kw_only=True, eq=False)
class Plugin:
    """A loaded plugin: where it is from, and what it declares."""

    origin: PluginOrigin
    commands: tuple[Command, ...]
    listeners: tuple[Listener, ...]
    samples: tuple[Sample, ...]

    @property
    def declared(self) -> Sequence[Command | Listener]:
        return [*self.commands, *self.listeners]

    @property
    def name(self) -> str:
        """Return its file's name; with its folder (ours/coffee) if it is a team's own."""
        return self.origin.name

    @property
    def source(self) -> str:
        """Return its file, or its entry point."""
        return self.origin.source

    @property
    def id(self) -> PluginVersion | None:
        """Return what its failures are counted by. None for one of Spy's own."""
        if not self.origin.version:
            return None
        words = tuple(dict.fromkeys(it.words for it in self.commands))
        return PluginVersion(name=self.name, version=self.origin.version, source=self.source, commands=words)


@dataclass(frozen=True, kw_only=True, eq=False)
class CommandRegistry:
    """All that Spy can do: its commands, its listeners, and the plugins that failed to load."""

    commands: tuple[Command, ...]
    listeners: tuple[Listener, ...] = ()
    failures: tuple[str, ...] = ()
    """What is left out: file, line, and why."""
    plugins: tuple[Plugin, ...] = ()
    files: OpenFolders | None = None
    """Keeps the files of a team's plugins importable."""

    def plugin_of(self, declared: Command | Listener) -> PluginVersion | None:
        """Return a team's plugin that declares a command or listener; None if it is one of Spy's own."""
        return self._owners.get(declared)

    @property
    def own(self) -> Sequence[Plugin]:
        """Return the plugins that Spy does not come with."""
        return [it for it in self.plugins if it.id]

    @property
    def own_ids(self) -> Sequence[PluginVersion]:
        return [it.id for it in self.plugins if it.id]

    def is_for_people(self, said: str) -> bool:
        """Return whether these words call a command that no program runs."""
        words = tuple(said.casefold().split())
        return any(it.begins(words) for it in self.commands if not it.by_token)

    @property
    def samples(self) -> Sequence[Sample]:
        return [sample for it in self.plugins for sample in it.samples]

    @cached_property
    def _owners(self) -> Mapping[Command | Listener, PluginVersion]:
        owned = [(it.id, it.declared) for it in self.plugins if it.id]
        return {it: plugin for plugin, declared in owned for it in declared}


def own_plugin(registry: CommandRegistry, name: str) -> PluginVersion:
    """Return a team's plugin by its name, with or without its folder. Refuses a name that none or several have."""
    typed = name.casefold().removesuffix(".py")
    found = [it for it in registry.own_ids if typed in {it.name.casefold(), it.short_name.casefold()}]
    if len(found) == 1:
        return found[0]
    if found:
        choices = tuple(Choice(label=it.name, say=f"plugins enable {it.name}") for it in found)
        names = ", ".join(it.name for it in found)
        raise Refusal(f"Several plugins are called {shortened(name)}: {names}. Which one?", choices=choices)
    close = nearest(typed, [it.short_name for it in registry.own_ids])
    raise Refusal(
        f"No plugin of your own is called {shortened(name)}.{did_you_mean(close)} `plugins` lists them.",
        choices=(Choice(label=close, say=f"plugins enable {close}"),) if close else (),
    )


def registry(*modules: ModuleType) -> CommandRegistry:
    """Collect what modules declare, as Spy's own."""
    declared = [it for module in modules for it in _declared(module)]
    return CommandRegistry(
        commands=tuple(dict.fromkeys(it for it in declared if isinstance(it, Command))),
        listeners=tuple(dict.fromkeys(it for it in declared if isinstance(it, Listener))),
    )


def load(folders: Iterable[Path], *, within: float = IMPORTED_WITHIN) -> CommandRegistry:
    """Load every plugin in these folders and in the entry-point group. Each may take `within` seconds.

    What fails is left out. The same words in two plugins are a failure of the later one: Spy's own come first, then the
    folders in this order with their files by name, then entry points by name.
    """
    known = list(dict.fromkeys(folders))
    files = OpenFolders(it for it in known if not is_spys(it))
    loaded, failures = _loaded((*spys_own(known), *files.origins(), *installed()), within)
    kept, clashes = _without_clashes(loaded)
    return _of(kept, files, failures=(*failures, *clashes))


def reload(
    known: CommandRegistry, folders: Iterable[Path], *, within: float = IMPORTED_WITHIN
) -> CommandRegistry:
    """Load the files of a team's folders again, beside the plugins that can't change. Raise NotLoaded if one fails."""
    files = OpenFolders(it for it in folders if not is_spys(it))
    with while_running():
        loaded, failures = _loaded(files.origins(), within)
    fixed = [it for it in known.plugins if not it.origin.can_change]
    spys, theirs = [it for it in fixed if it.id is None], [it for it in fixed if it.id]
    kept, clashes = _without_clashes([*spys, *loaded, *theirs])
    if failures or clashes:
        raise NotLoaded([*failures, *clashes])
    return _of(kept, files, failures=())


def _of(plugins: Sequence[Plugin], files: OpenFolders, failures: Iterable[str]) -> CommandRegistry:
    return CommandRegistry(
        commands=tuple(chain.from_iterable(it.commands for it in plugins)),
        listeners=tuple(chain.from_iterable(it.listeners for it in plugins)),
        failures=tuple(failures),
        plugins=tuple(plugins),
        files=files,
    )


def _loaded(origins: Iterable[PluginOrigin], within: float) -> tuple[list[Plugin], list[str]]:
    """Import plugins. Return those that load, and why the others don't."""
    found = [(it, imported(it, within)) for it in origins]
    modules = {it.__name__ for _, it in found if isinstance(it, ModuleType)}
    plugins = [_plugin(origin, it, modules) for origin, it in found if isinstance(it, ModuleType)]
    return plugins, [it for _, it in found if isinstance(it, str)]


def _plugin(origin: PluginOrigin, module: ModuleType, modules: Collection[str]) -> Plugin:
    """Collect what a plugin declares, without what it imports from another plugin."""
    others = {*modules} - {module.__name__}
    declared = [it for it in _declared(module) if isinstance(it, Sample) or it.run.__module__ not in others]
    return Plugin(
        origin=origin,
        commands=tuple(it for it in declared if isinstance(it, Command)),
        listeners=tuple(it for it in declared if isinstance(it, Listener)),
        samples=tuple(it for it in declared if isinstance(it, Sample)),
    )


def _declared(module: ModuleType) -> Iterable[Command | Listener | Sample]:
    return dict.fromkeys(it for it in vars(module).values() if isinstance(it, Command | Listener | Sample))


def _without_clashes(plugins: Iterable[Plugin]) -> tuple[list[Plugin], list[str]]:
    """Leave out each plugin with a command that an earlier one declares. Return the others, and what clashes."""
    known: dict[tuple[str, ...], Command] = {}
    kept, lines = list[Plugin](), list[str]()
    for plugin in plugins:
        clashes = list(_clashes(plugin, known))
        lines += clashes
        if not clashes:
            kept.append(plugin)
            known |= {words: it for it in plugin.commands for words in it.claimed}
    return kept, lines


def _clashes(plugin: Plugin, known: Mapping[tuple[str, ...], Command]) -> Iterator[str]:
    for command in plugin.commands:
        if words := next((it for it in command.claimed if it in known), None):
            there = known[words].place
            yield f"{command.place}: `{' '.join(words)}` is a command already, in {there}. Give this one other words."


def templates_named(folders: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Return each template that a plugin's answers name, with file and line. Unreadable files are left out."""
    for path in chain.from_iterable(map(python_files, folders)):
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
