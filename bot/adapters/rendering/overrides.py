"""A team's own templates, used before Spy's. A failing one is refused, and loops are limited."""

import re
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
    nodes,
)

MOST_ROUNDS = 1_000_000
"""The most iterations of all loops of one rendering; far more than the longest timeline needs."""
LONGEST = 50_000
"""The most characters of a message from a team's own template."""

_LACKS = re.compile(
    r"the template '(?P<template>[^']+)' .*does not export the requested name '(?P<name>[^']+)'"
)
_NAMED = re.compile(r"""["']([\w/.-]+\.j2)["']""")
_PUT_TOGETHER = re.compile(r"""(?:"([\w/]+)" ~ [\w.]+ )?~ "\.j2\"""")
"""A name that is built at run time, such as `"events/" ~ kind ~ ".j2"`, and how it begins, if that is known."""


class TooMuchError(Exception):
    """A template exceeds a limit on loops or length."""


FAULTS = (
    TemplateError,
    TooMuchError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""Errors that a template can cause. A database error while a name is looked up is not one of them."""


@dataclass(frozen=True, kw_only=True)
class TemplateMistake:
    """Why a file is refused. `line` is 1 if the mistake concerns the whole file."""

    path: Path
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}"


class Folders(ChoiceLoader):
    """Loads a template from the first folder that has it and where it is not refused. Spy's own folder is the last.

    The others are read once: a file that changes later is part of the next set.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self.refused = set[Path]()
        self._read = [_OwnFolder(folder, self.refused) for folder in self.own]
        super().__init__([*self._read, *map(FileSystemLoader, self.folders[-1:])])

    @property
    def own(self) -> tuple[Path, ...]:
        """The team's own folders, all but the last."""
        return self.folders[:-1]

    def has(self, path: Path) -> bool:
        """Return whether a file is a team's own template and not refused."""
        return path not in self.refused and any(path.is_relative_to(folder) for folder in self.own)

    def find(self, template: str) -> Path | None:
        """Return the team's own file for a template, or None."""
        return next(filter(None, (it.find(template) for it in self._read)), None)

    def own_templates(self) -> list[str]:
        """Return the names of the team's own templates."""
        return sorted({name for it in self._read for name in it.names()})

    def has_template(self, template: str) -> bool:
        """Return whether any folder has a template, even one that is refused."""
        return template in self.own_templates() or (self.folders[-1] / template).is_file()

    def touches(self, template: str, environment: Environment) -> bool:
        """Return whether this template may use a team's own template.

        True too if one of its templates builds a name at run time that may be one of theirs.
        """
        names = self.own_templates()
        return any(
            self.find(it) or _may_build(names, _source(it, environment))
            for it in _used(template, environment, set())
        )

    def messages(self) -> set[str]:
        """Return Spy's templates that are messages of their own: no form, no document, no part of another."""
        folder = self.folders[-1]
        paths = {it.relative_to(folder).as_posix() for it in folder.rglob("*.j2")}
        parts = {it for path in paths for it in _NAMED.findall((folder / path).read_text(encoding="utf-8"))}
        names = {it.removesuffix(".j2") for it in paths - parts}
        return {it for it in names if "." not in it and not it.startswith("runbooks/")}

    def facts_needed(self, template: str, environment: Environment) -> set[str]:
        """Return the names of the facts that a template uses, with those of the templates that it names."""
        sources = [_source(it, environment) for it in _used(template, environment, set())]
        used = (meta.find_undeclared_variables(environment.parse(it)) for it in sources)
        return set().union(*used) - set(environment.globals)

    def mistake(self, error: Exception, template: str, environment: Environment) -> TemplateMistake | None:
        """Return the team's own file that caused an error, and why; None if the error is not from one."""
        if isinstance(error, TemplateSyntaxError) and error.filename and self.has(Path(error.filename)):
            return TemplateMistake(path=Path(error.filename), line=error.lineno, why=_why(error))
        if (lacks := _LACKS.match(str(error))) and (file := self.find(lacks["template"])):
            return TemplateMistake(
                path=file, line=1, why=f"it has no {lacks['name']}, which {template} needs"
            )
        places = [place for place in _places(error) if self.has(place[0])]
        if places:
            return TemplateMistake(path=places[-1][0], line=places[-1][1], why=_why(error))
        file = next(filter(None, map(self.find, _used(template, environment, set()))), None)
        return TemplateMistake(path=file, line=1, why=_why(error)) if file else None


def template_files(folder: Path) -> Iterator[Path]:
    """Return the templates in a folder. What is below a folder that begins with a dot is another version of them."""
    for path in folder.rglob("*.j2"):
        if not any(it.startswith(".") for it in path.relative_to(folder).parts):
            yield path


class _OwnFolder(BaseLoader):
    """The templates of a team's folder, as they were when it was read."""

    def __init__(self, folder: Path, refused: set[Path]) -> None:
        self._folder, self._refused = folder, refused
        self._sources = {path: path.read_bytes() for path in template_files(folder) if path.is_file()}

    def names(self) -> Iterator[str]:
        return (path.relative_to(self._folder).as_posix() for path in self._sources)

    def find(self, template: str) -> Path | None:
        path = self._folder / template
        return path if path in self._sources and path not in self._refused else None

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        del environment
        path = self.find(template)
        if path is None:
            raise TemplateNotFound(template)
        return self._sources[path].decode(), str(path), _is_current


def _is_current() -> bool:
    """Whether a template is as it was read: a set of templates does not change."""
    return True


class BoundedLoops(Environment):
    """An environment that limits loops: all loops of one rendering may iterate MOST_ROUNDS times together."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            counted = nodes.EnvironmentAttribute("counted", lineno=loop.iter.lineno)
            loop.iter = nodes.Call(counted, [loop.iter], [], None, None, lineno=loop.iter.lineno)
        tree.set_environment(self)
        return tree

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return a template's globals as a plain dict: Jinja's chain of two costs an eighth of each rendering."""
        return {**self.globals, **(d or {})}

    @staticmethod
    def counted(them: Iterable[Any]) -> Iterator[Any]:
        rounds = _rounds.get()
        for it in them:
            if next(rounds) >= MOST_ROUNDS:
                raise TooMuchError(f"its loops go round more than {MOST_ROUNDS:,} times")
            yield it


_rounds: ContextVar[Iterator[int]] = ContextVar("_rounds", default=count())  # noqa: B039  each rendering sets its own


def start_counting() -> None:
    """Reset the count of iterations at the start of a rendering."""
    _rounds.set(count())


def must_be_readable(text: str) -> None:
    """Raise an error of FAULTS if a message is empty or longer than LONGEST."""
    if not text.strip():
        raise ValueError("it says nothing")
    if len(text) > LONGEST:
        raise TooMuchError(f"it says more than {LONGEST:,} characters")


def _why(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _places(error: BaseException) -> Iterator[tuple[Path, int]]:
    """Yield the files and lines of an error's traceback, those of its cause last."""
    traceback = error.__traceback__
    while traceback:
        yield Path(traceback.tb_frame.f_code.co_filename), traceback.tb_lineno
        traceback = traceback.tb_next
    if error.__cause__:
        yield from _places(error.__cause__)


def _used(template: str, environment: Environment, seen: set[str]) -> Iterator[str]:
    """Yield a template and all templates that it names."""
    if template in seen:
        return
    seen.add(template)
    yield template
    for name in _NAMED.findall(_source(template, environment)):
        yield from _used(name, environment, seen)


def _may_build(names: Iterable[str], source: str) -> bool:
    """Return whether a template may build one of these names of others at run time."""
    begins = tuple(_PUT_TOGETHER.findall(source))
    return bool(begins) and any(name.startswith(begins) for name in names)


def _source(template: str, environment: Environment) -> str:
    try:
        return environment.loader.get_source(environment, template)[0] if environment.loader else ""
    except (TemplateNotFound, UnicodeError):
        return ""
