"""Reads YAML with the line of every key, so that a mistake can name its line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Place = tuple[str | int, ...]
"""A place in the file: the keys (and list positions) that lead to it."""


@dataclass(frozen=True, kw_only=True)
class ConfigMistake:
    """What is wrong at a line (1 is the first; None if no line can be named)."""

    line: int | None
    key: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class YamlLines:
    """The data of a file, the line of each value, and mistakes in its form."""

    data: Any = None
    lines: Mapping[Place, int] = field(default_factory=dict)
    mistakes: tuple[ConfigMistake, ...] = ()

    def line(self, place: Place) -> int | None:
        """Return the line of a place, or of the nearest one around it."""
        for length in range(len(place), -1, -1):
            if found := self.lines.get(place[:length]):
                return found
        return None

    def scalars(self) -> Iterator[tuple[Place, Any]]:
        """Yield every value that is neither a list nor a section."""
        return _scalars(self.data, ())


MOST = 100_000
"""How many values are read. A few aliases of aliases can stand for more than memory has."""
_TOO_MUCH = f"more than {MOST:,} values, with those that aliases repeat."
_NO_KEY = 'a key must be a word. Where a value is to be filled in, put it in quotes: "{{ pod }}".'
_PLAINER = (
    ("'\\t'", "a tab; indent with spaces"),
    ("mapping values", "a second colon in one line; put the value in quotes"),
    ("expected ':'", "a key without its colon"),
    ("another document", "a second document (---); keep one"),
    ("unexpected end of stream", "a quote that is never closed"),
)


def read(text: str) -> YamlLines:
    """Read YAML. Form errors and repeated keys are returned as mistakes that quote nothing of the text."""
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return YamlLines(
            mistakes=(ConfigMistake(line=line, key="", sentence="a character that YAML does not allow."),)
        )
    try:
        node = loader.get_single_node()
        walk = _YamlWalk(loader)
        data = walk.visit(node, ()) if node else None
    except yaml.MarkedYAMLError as error:
        return YamlLines(mistakes=(_form(error),))
    except RecursionError:
        return YamlLines(mistakes=(ConfigMistake(line=1, key="", sentence="nested too deeply."),))
    finally:
        loader.dispose()
    return YamlLines(data=data, lines=walk.lines, mistakes=tuple(walk.mistakes))


def dotted(place: Place) -> str:
    """Return a place as people write it: teams.imoc.channel. List positions are left out."""
    return ".".join(str(part) for part in place if isinstance(part, str))


class _YamlWalk:
    """Converts nodes to plain data. Keeps lines, and finds mistakes that YAML itself allows."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self.lines: dict[Place, int] = {}
        self.mistakes: list[ConfigMistake] = []
        self._loader = loader
        self._around: list[yaml.Node] = []

    def visit(self, node: yaml.Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if len(self.lines) > MOST:
            if len(self.lines) == MOST + 1:
                self.mistakes.append(ConfigMistake(line=line, key="", sentence=_TOO_MUCH))
            return None
        if node in self._around:
            self.mistakes.append(ConfigMistake(line=line, key=dotted(place), sentence="refers to itself."))
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        self._around.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, place)
            return [self.visit(item, (*place, index)) for index, item in enumerate(node.value)]
        finally:
            self._around.pop()

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.mistakes.append(ConfigMistake(line=line, key=dotted(place), sentence=_NO_KEY))
                continue
            key = str(key_node.value)
            inner = (*place, key)
            if key in found:
                first = self.lines[inner]
                sentence = f"given twice, first in line {first}. Keep one."
                self.mistakes.append(ConfigMistake(line=line, key=dotted(inner), sentence=sentence))
                continue
            self.lines[inner] = line
            found[key] = self.visit(value_node, inner)
        return found

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        try:
            return self._loader.construct_object(node)
        except (yaml.MarkedYAMLError, ValueError):
            sentence = f"`{node.tag.rpartition(':')[2]}` is not understood here."
            self.mistakes.append(
                ConfigMistake(line=node.start_mark.line + 1, key=dotted(place), sentence=sentence)
            )
            return None


def _form(error: yaml.MarkedYAMLError) -> ConfigMistake:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "it can't be read"
    plainer = next((words for sign, words in _PLAINER if sign in problem), problem)
    return ConfigMistake(line=mark.line + 1 if mark else None, key="", sentence=f"not YAML: {plainer}.")


def _scalars(data: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _scalars(value, (*place, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _scalars(value, (*place, index))
    elif data is not None:
        yield place, data
