"""The plugin and template files of a team's own folders: read at the start, and again when they change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bot.adapters.rendering.overrides import template_files
from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.templates import RUNBOOKS, open_templates
from bot.commands.plugin_files import python_files
from bot.commands.plugin_loading import is_spys
from bot.commands.plugins import CommandRegistry, NotLoaded, load, reload, templates_named
from bot.config import Settings
from bot.ports import Clock

State = Mapping[Path, tuple[int, int, int]]


@dataclass(frozen=True, kw_only=True)
class OwnSet:
    """What was read together: plugins, and the templates of their answers."""

    registry: CommandRegistry
    templates: JinjaTemplates


class OwnFiles:
    """Reads the files as one set."""

    def __init__(self, settings: Callable[[], Settings], clock: Clock) -> None:
        """Take the settings in use: config.yaml may name other folders later."""
        self._in_use, self._clock = settings, clock
        self._seen = self._read = self._state()

    @property
    def _settings(self) -> Settings:
        return self._in_use()

    @property
    def _plugins(self) -> Sequence[Path]:
        return [it for it in self._settings.plugin_folders if not is_spys(it)]

    def open(self) -> OwnSet:
        """Read the files for the first time. What has a mistake is left out."""
        registry = load(self._settings.plugin_folders)
        return OwnSet(
            registry=registry, templates=open_templates(self._settings, self._clock, registry.samples)
        )

    def have_changed(self) -> bool:
        """Return whether files differ from those read, and stayed as they are since the last call.

        So files that are just being copied are not read half.
        """
        state, before = self._state(), self._seen
        self._seen = state
        return state == before and state != self._read

    def reload(self, known: CommandRegistry) -> OwnSet:
        """Read all files again. Raise NotLoaded if one of them has a mistake."""
        self._read = self._state()
        registry = reload(known, self._settings.plugin_folders)
        templates = open_templates(self._settings, self._clock, registry.samples)
        mistakes = [*self._missing(templates), *_drained(templates)]
        if mistakes:
            raise NotLoaded(mistakes)
        return OwnSet(registry=registry, templates=templates)

    def read_again(self) -> None:
        """Take the files for changed: what was read last is not in use."""
        self._read = {}

    def _missing(self, templates: JinjaTemplates) -> Iterator[str]:
        for where, name in templates_named(self._plugins):
            if not templates.loader.has_template(name):
                yield f"{where}: there is no template {name}. Write it in a folder that `templates:` names."

    def _state(self) -> State:
        """Return what changes when a file is written, added or removed."""
        texts = chain.from_iterable(_own_texts(it) for it in self._settings.template_folders[:-1])
        return _state_of([*chain.from_iterable(map(python_files, self._plugins)), *texts])


def _own_texts(folder: Path) -> Iterator[Path]:
    return (it for it in template_files(folder) if not it.relative_to(folder).as_posix().startswith(RUNBOOKS))


def _drained(templates: JinjaTemplates) -> Iterator[str]:
    while not templates.mistakes.empty():
        yield str(templates.mistakes.get())


def _state_of(paths: Sequence[Path]) -> State:
    """Return times, sizes and inodes of files. One that is just being removed is left out."""
    found = dict[Path, tuple[int, int, int]]()
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return found
