"""Render the body of a runbook: a small part of Jinja, in which every value is marked.

A rendered text has no values yet. Each `{{ … }}` becomes a unique mark, and the values are returned with the text.
Markdown is parsed first. Then each value is quoted for the place of its mark.
"""

import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import wraps
from pathlib import Path
from secrets import token_hex
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import SandboxedEnvironment

from bot.adapters.rendering.overrides import FAULTS, BoundedLoops, TooMuchError, start_counting
from bot.adapters.runbooks.mistakes import UnusableRunbook
from bot.adapters.runbooks.shell import PREFIXES, is_reader
from bot.domain.former_words import INCIDENT_FIELDS
from bot.domain.refusal import Refusal
from bot.domain.runbook.runbook import Kind, Runbook, is_plain

LONGEST = 60_000
"""The most characters of a filled-in runbook."""

INCIDENT: Mapping[str, Kind] = {
    "id": Kind.WORD,
    "number": Kind.NUMBER,
    "name": Kind.TEXT,
    "severity": Kind.WORD,
    "phase": Kind.TEXT,
    "commander": Kind.TEXT,
    "impact": Kind.TEXT,
    "impact_since": Kind.WORD,
    "cause": Kind.TEXT,
    "opened_at": Kind.WORD,
    "channel": Kind.WORD,
    "drill": Kind.WORD,
}
"""The fields of the incident that a runbook may use. Times are ISO 8601, in UTC."""

KNOWN = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.CondExpr, nodes.Filter, nodes.Test),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Concat),
    *(nodes.Getattr, nodes.Call, nodes.EnvironmentAttribute, nodes.Keyword),
)
"""The parts of Jinja that a runbook has. None of them makes a long text of a large number."""
MARK = "_mark"
"""The function that marks a value. No parameter has such a name."""
FILTERS = ("upper", "lower", "trim", "replace", "length", "int", "join", "first", "last", "title")
TESTS = ("defined", "odd", "even", "in")


class Trust(IntEnum):
    """How far to trust a value: the runbook's author wrote it, or a person typed one word, or any text."""

    OURS = 0
    WORD = 1
    TEXT = 2


@dataclass(frozen=True, kw_only=True)
class Placeholder:
    """A `{{ … }}` of the file: its line, its expression, and its least trusted part."""

    line: int
    words: str
    trust: Trust
    is_name: bool
    """Whether it is a name and nothing more, as in plans and milestones."""
    choices: tuple[str, ...] = ()
    """All that it may be, if it is a choice and nothing more."""

    @property
    def worst(self) -> str:
        """The most dangerous value, tried when a runbook is loaded."""
        if self.trust is Trust.TEXT:
            return "it's `so`\n$(x)"
        return next((it for it in self.choices if is_reader(it) or it in PREFIXES), "x")


@dataclass(frozen=True, kw_only=True)
class Marked:
    """Text with marks in the place of values. `marks` matches a mark; a value of None is not known."""

    text: str
    values: Mapping[str, tuple[Placeholder, str | None]]
    marks: re.Pattern[str]


@dataclass
class _Filling:
    """The state of one rendering."""

    placeholders: tuple[Placeholder, ...]
    nonce: str = field(default_factory=lambda: token_hex(8))
    values: dict[str, tuple[Placeholder, str | None]] = field(default_factory=dict)

    def mark(self, value: object, placeholder: int) -> str:
        """Return a mark to put in the place of a value."""
        mark, text = f"v{self.nonce}n{len(self.values)}e", str(value)
        self.values[mark] = (self.placeholders[placeholder], None if _Unknown.LETTER in text else text)
        return mark

    def marked(self, text: str) -> Marked:
        return Marked(text=text, values=self.values, marks=re.compile(rf"v{self.nonce}n\d+e"))


class _Unknown:
    """A value that is not known. It is false, and every text that is made with it is not known either."""

    LETTER = "\0"
    """Nobody can type it."""

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.LETTER


_UNKNOWN = _Unknown()


class _Confined(BoundedLoops, SandboxedEnvironment):
    """Jinja's environment for untrusted templates, with limits."""

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, cache_size=0)
        self.globals = {"range": self.globals["range"]}
        self.filters = {name: _of_known(self.filters[name]) for name in FILTERS} | {"default": _default}
        self.tests = {name: self.tests[name] for name in TESTS} | {"none": lambda value: value is _UNKNOWN}


def _of_known(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that leaves a value that is not known as it is."""

    @wraps(function)  # keeps what Jinja notes on a filter
    def applied(*args: Any, **kwargs: Any) -> Any:
        return _UNKNOWN if any(it is _UNKNOWN for it in args) else function(*args, **kwargs)

    return applied


def _default(value: object, instead: object = "", empty: object = False) -> object:  # noqa: FBT002  as Jinja's own
    return instead if value is _UNKNOWN or (empty and not value) else value


class RunbookBody:
    """A compiled runbook body. Raise UnusableRunbook if it uses anything that is not allowed."""

    def __init__(self, source: str, runbook: Runbook, *, first_line: int, path: Path) -> None:
        self._path = path
        self._runbook = runbook
        confined = _Confined()
        try:  # blank lines in front keep the file's line numbers; Markdown ignores them
            tree = confined.parse("\n" * (first_line - 1) + source)
            self._placeholders, self._parts = _Reading(tree, runbook).marked(tree)
            tree.set_environment(confined)
            code = confined.compile(tree, filename=str(path))
        except TemplateSyntaxError as error:
            raise UnusableRunbook((error.lineno, _wrong_syntax(error.message or "not a template"))) from None
        self._template = confined.template_class.from_code(confined, code, dict(confined.globals))

    def rehearse(self) -> Marked:
        """Return the whole text, each branch once, with the most dangerous value in each placeholder.

        Used at load, to find placeholders that are in an unsafe place.
        """
        filling = _Filling(self._placeholders)
        text = "".join(
            it if isinstance(it, str) else filling.mark(self._placeholders[it].worst, it)
            for it in self._parts
        )
        return filling.marked(text)

    def fill(self, values: Mapping[str, str], incident: Mapping[str, object] | None) -> Marked:
        """Return the text with these values, as marks.

        Raise Refusal if the runbook needs an incident and there is none, or if it fails.
        """
        given: dict[str, Any] = {it.name: _UNKNOWN for it in self._runbook.parameters}
        numbers = {it.name for it in self._runbook.parameters if it.kind is Kind.NUMBER}
        given |= {name: _number(it) if name in numbers else it for name, it in values.items()}
        about = incident and {name: _UNKNOWN if it is None else it for name, it in incident.items()}
        filling = _Filling(self._placeholders)
        start_counting()
        try:
            return filling.marked(self._text({**given, "incident": about, MARK: filling.mark}))
        except UndefinedError as error:
            if incident is not None or "None" not in str(error):
                raise self.fault(_line_of(error, self._path), str(error)) from None
            raise Refusal(
                f"The runbook {self._runbook.name} needs an incident. Type "
                f"`{self._runbook.example}` in an incident's channel."
            ) from None
        except FAULTS as error:
            raise self.fault(_line_of(error, self._path), str(error)) from None

    def _text(self, given: Mapping[str, Any]) -> str:
        pieces, length = [], 0
        for piece in self._template.generate(given):
            length += len(piece)
            if length > LONGEST:
                raise TooMuchError(f"it has more than {LONGEST} characters")
            pieces.append(piece)
        return "".join(pieces)

    def fault(self, line: int | None, why: str) -> Refusal:
        where = f" in line {line}" if line else ""
        return Refusal(
            f"The runbook {self._runbook.name} has a mistake{where}: {why.rstrip('.')}. "
            f"The owner of {self._path.name} can fix it."
        )


def _wrong_syntax(message: str) -> str:
    sentence = f"{message.rstrip('.')}."
    is_filter = message.startswith("No filter")
    return f"{sentence} A runbook has {', '.join(sorted((*FILTERS, 'default')))}." if is_filter else sentence


def _number(digits: str) -> float:
    return float(digits) if "." in digits else int(digits)


def _line_of(error: BaseException, path: Path) -> int | None:
    frames = traceback.extract_tb(error.__traceback__)
    return next((it.lineno for it in reversed(frames) if it.filename == str(path)), None)


# --- reading a body ---------------------------------------------------------------------------------------


class _Reading:
    """How far to trust each expression in a body. Raise UnusableRunbook if the body has a mistake."""

    def __init__(self, tree: nodes.Template, runbook: Runbook) -> None:
        self._known = {"incident": Trust.TEXT, "range": Trust.OURS, "loop": Trust.OURS}
        self._known |= {it.name: _trust(it.kind, it.choices) for it in runbook.parameters}
        self._choices = {it.name: it.choices for it in runbook.parameters}
        mistakes: list[tuple[int, str]] = []
        for node in tree.find_all(nodes.Node):
            if isinstance(node, nodes.For):
                self._learn(node.target, node.iter)
            elif isinstance(node, nodes.Assign):
                self._learn(node.target, node.node)
            elif isinstance(node, nodes.Getattr):
                node.attr = INCIDENT_FIELDS.get(node.attr, node.attr)
            if sentence := self._wrong(node):
                mistakes.append((node.lineno, sentence))
        if mistakes:
            raise UnusableRunbook(*mistakes)

    def marked(self, tree: nodes.Template) -> tuple[tuple[Placeholder, ...], tuple[str | int, ...]]:
        """Put a call into the tree that marks each value.

        Return the placeholders, and the text of all branches with the numbers of placeholders between.
        """
        placeholders: list[Placeholder] = []
        parts: list[str | int] = []
        for output in tree.find_all(nodes.Output):
            for at, it in enumerate(output.nodes):
                if isinstance(it, nodes.TemplateData):
                    parts.append(it.data)
                    continue
                if isinstance(it, nodes.Name) and it.name == "incident":
                    raise UnusableRunbook(
                        (it.lineno, "say which part of the incident: incident.id, incident.name …")
                    )
                parts.append(number := len(placeholders))
                placeholders.append(
                    Placeholder(
                        line=it.lineno,
                        words=_words(it),
                        trust=self._trust(it),
                        is_name=isinstance(it, nodes.Name | nodes.Getattr),
                        choices=self._choices.get(it.name, ()) if isinstance(it, nodes.Name) else (),
                    )
                )
                mark = nodes.Name(MARK, "load")
                output.nodes[at] = nodes.Call(
                    mark, [it, nodes.Const(number)], [], None, None, lineno=it.lineno
                )
        return tuple(placeholders), tuple(parts)

    def _trust(self, node: nodes.Node) -> Trust:
        """Return how far to trust what an expression gives: as far as its least trusted part."""
        match node:
            case nodes.Const():
                return Trust.OURS if is_plain(str(node.value)) else Trust.TEXT
            case nodes.Name():
                return self._known.get(node.name, Trust.TEXT)
            case nodes.Getattr(node=nodes.Name(name="incident")):
                return _trust(INCIDENT.get(node.attr, Kind.TEXT), ())
            case nodes.Compare() | nodes.Not() | nodes.Test():  # true or false
                return Trust.OURS
        parts = node.iter_child_nodes(exclude=("test",))
        return max(map(self._trust, parts), default=Trust.OURS)

    def _learn(self, target: nodes.Node, value: nodes.Node) -> None:
        for it in (target, *target.find_all(nodes.Name)):
            if isinstance(it, nodes.Name):
                self._known[it.name] = max(self._trust(value), self._known.get(it.name, Trust.OURS))

    def _wrong(self, node: nodes.Node) -> str:
        """Return what is wrong with a node by itself; empty if nothing is."""
        match node:
            case nodes.Name() if node.name not in self._known:
                known = ", ".join(it for it in self._known if it not in {"range", "loop"})
                return f"{node.name} is no parameter of this runbook. It knows {known}."
            case nodes.Getattr(node=nodes.Name(name="incident")):
                is_known = node.attr in INCIDENT
                return (
                    "" if is_known else f"an incident has no {node.attr} here. It has {', '.join(INCIDENT)}."
                )
            case (
                nodes.Getattr(node=nodes.Name(name="loop"), attr="index" | "first" | "last" | "length")
                | nodes.Call(node=nodes.Name(name="range") | nodes.EnvironmentAttribute())
            ):
                return ""
            case nodes.Getattr() | nodes.Call():
                return "a runbook reads parts of the incident and of loop, and calls nothing but range()."
        return "" if isinstance(node, KNOWN) else f"a runbook knows no {type(node).__name__.lower()}."


def _trust(kind: Kind, choices: tuple[str, ...]) -> Trust:
    if kind is Kind.CHOICE:
        return Trust.OURS if all(map(is_plain, choices)) else Trust.TEXT
    return Trust.TEXT if kind is Kind.TEXT else Trust.WORD


def _words(node: nodes.Node) -> str:
    """Return the names in an expression, so that its author recognises it."""
    named = [node, *node.find_all((nodes.Name, nodes.Getattr))]
    fields = [f"incident.{it.attr}" for it in named if isinstance(it, nodes.Getattr)]
    return " … ".join(fields or [it.name for it in named if isinstance(it, nodes.Name)]) or "…"
