"""Render the body of a runbook: a small, safe part of Jinja, with limits on loops and length.

A rendered text has no values yet. Each `{{ … }}` becomes a unique mark, and the values are returned with the text.
Markdown is parsed first. Then each value is quoted for the place of its mark.
"""

import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar, cast

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.runtime import Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from bot.adapters.runbooks.mistakes import UnusableRunbook
from bot.domain.former_words import INCIDENT_FIELDS
from bot.domain.refusal import Refusal
from bot.domain.runbook.runbook import Kind, Runbook, is_plain

LONGEST = 60_000
"""The most characters of a filled-in runbook."""
ROUNDS = 2_000
"""The most iterations of all loops of a runbook together."""
LONGEST_RANGE = 1_000
LONGEST_VALUE = 4_000

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

STATEMENTS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign)
EXPRESSIONS = (
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.CondExpr,
    nodes.Filter,
    nodes.Test,
    nodes.Getattr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Add,
    nodes.Sub,
    nodes.Concat,
    nodes.Call,
)
ANSWERS = (nodes.Compare, nodes.Not, nodes.Test)
"""Expressions that are always true or false, so they contain nothing that a person typed."""
FILTERS = frozenset(
    {"upper", "lower", "trim", "replace", "default", "length", "int", "join", "first", "last", "title"}
)
TESTS = frozenset({"defined", "none", "odd", "even", "in"})


T = TypeVar("T")


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
    rounds: int = 0

    def mark(self, value: str | None, placeholder: int) -> str:
        mark = f"v{self.nonce}n{len(self.values)}e"
        self.values[mark] = (self.placeholders[placeholder], value)
        return mark

    def marked(self, text: str) -> Marked:
        return Marked(text=text, values=self.values, marks=re.compile(rf"v{self.nonce}n\d+e"))


_filling: ContextVar[_Filling] = ContextVar("_filling")


class TooMuch(Exception):  # noqa: N818  named for what it is
    """A runbook exceeds a limit on loops or length."""


class _Confined(SandboxedEnvironment):
    """Jinja's environment for untrusted templates, with limits. `_Guarded` calls the methods below in each template."""

    intercepted_binops = frozenset({"+"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        return self.bounded(super().call_binop(context, operator, left, right))

    @staticmethod
    def mark(value: object, placeholder: int) -> str:
        """Return a mark to put in the place of a value."""
        if isinstance(value, Undefined):
            str(value)  # raises: StrictUndefined
        return _filling.get().mark(None if value is None else _Confined.bounded(str(value)), placeholder)

    @staticmethod
    def counted(rounds: Iterable[object]) -> Iterator[object]:
        """Iterate, and raise TooMuch when all loops together exceed ROUNDS."""
        filling = _filling.get()
        for it in rounds:
            filling.rounds += 1
            if filling.rounds > ROUNDS:
                raise TooMuch(f"its loops go round more than {ROUNDS} times")
            yield it

    @staticmethod
    def joined(parts: Sequence[object]) -> str | None:
        """Join parts as text; None if one part is not known."""
        return None if None in parts else _Confined.bounded("".join(map(str, parts)))

    def filtered(self, value: object, name: str, *args: object, **kwargs: object) -> object:
        """Apply a filter. A value that is not known stays None, except for `default`."""
        if value is None:
            return args[0] if name == "default" and args else None
        return self.bounded(self.call_filter(name, value, args, kwargs))

    @staticmethod
    def bounded(value: T) -> T:
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            raise TooMuch(f"a value has more than {LONGEST_VALUE} characters")
        return value


def _range(*bounds: int) -> range:
    if not all(isinstance(it, int) for it in bounds):
        raise TooMuch("range() counts in whole numbers")
    counted = range(*bounds)
    if len(counted) > LONGEST_RANGE:
        raise TooMuch(f"range() counts to {LONGEST_RANGE} at most")
    return counted


def _environment() -> _Confined:
    confined = _Confined(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, cache_size=0)
    confined.globals = {"range": _range}
    confined.filters = {name: confined.filters[name] for name in FILTERS}
    confined.tests = {name: confined.tests[name] for name in TESTS}
    return confined


class RunbookBody:
    """A compiled runbook body. Raise UnusableRunbook if it uses anything that is not allowed."""

    def __init__(self, source: str, runbook: Runbook, *, first_line: int, path: Path) -> None:
        self._path = path
        self._runbook = runbook
        confined = _environment()
        try:  # blank lines in front keep the file's line numbers; Markdown ignores them
            tree = confined.parse("\n" * (first_line - 1) + source)
        except TemplateSyntaxError as error:
            raise UnusableRunbook((error.lineno, f"{error.message or 'not a template'}.")) from None
        for it in tree.find_all(nodes.Getattr):
            it.attr = INCIDENT_FIELDS.get(it.attr, it.attr)
        reading = _Reading(runbook)
        reading.statements(tree.body)
        if reading.mistakes:
            raise UnusableRunbook(*reading.mistakes)
        self._placeholders = tuple(reading.placeholders)
        self._parts = tuple(reading.parts)
        _Guarded(reading.numbers).visit(tree)
        tree.set_environment(confined)
        code = confined.compile(tree, filename=str(path))
        self._template = confined.template_class.from_code(confined, code, dict(confined.globals))

    def rehearse(self) -> Marked:
        """Return the whole text, each branch once, with the most dangerous value in each placeholder.

        Used at load, to find placeholders that are in an unsafe place.
        """
        filling = _Filling(self._placeholders)
        text = "".join(
            it if isinstance(it, str) else filling.mark(_WORST[self._placeholders[it].trust], it)
            for it in self._parts
        )
        return filling.marked(text)

    def fill(self, values: Mapping[str, str], incident: Mapping[str, object] | None) -> Marked:
        """Return the text with these values, as marks.

        Raise Refusal if the runbook needs an incident and there is none, or if it fails.
        """
        given: dict[str, Any] = {it.name: None for it in self._runbook.parameters}
        numbers = {it.name for it in self._runbook.parameters if it.kind is Kind.NUMBER}
        given |= {name: _number(it) if name in numbers else it for name, it in values.items()}
        filling = _Filling(self._placeholders)
        before = _filling.set(filling)
        try:
            return filling.marked(self._text({**given, "incident": incident}))
        except UndefinedError as error:
            if incident is not None or "None" not in str(error):
                raise self.fault(_line_of(error, self._path), str(error)) from None
            raise Refusal(
                f"The runbook {self._runbook.name} needs an incident. Type "
                f"`{self._runbook.example}` in an incident's channel."
            ) from None
        except (TemplateError, TooMuch, TypeError, ValueError, ArithmeticError) as error:
            raise self.fault(_line_of(error, self._path), str(error)) from None
        finally:
            _filling.reset(before)

    def _text(self, given: Mapping[str, Any]) -> str:
        pieces, length = [], 0
        for piece in self._template.generate(given):
            length += len(piece)
            if length > LONGEST:
                raise TooMuch(f"it has more than {LONGEST} characters")
            pieces.append(piece)
        return "".join(pieces)

    def fault(self, line: int | None, why: str) -> Refusal:
        where = f" in line {line}" if line else ""
        return Refusal(
            f"The runbook {self._runbook.name} has a mistake{where}: {why.rstrip('.')}. "
            f"The owner of {self._path.name} can fix it."
        )


_WORST = {Trust.OURS: "x", Trust.WORD: "x", Trust.TEXT: "it's `so`\n$(x)"}
"""The most dangerous value of each kind, tried when a runbook is loaded."""


def _number(said: str) -> float:
    return float(said) if "." in said else int(said)


def _line_of(error: BaseException, path: Path) -> int | None:
    frames = traceback.extract_tb(error.__traceback__)
    return next((it.lineno for it in reversed(frames) if it.filename == str(path)), None)


# --- reading a body ---------------------------------------------------------------------------------------


class _Reading:
    """Walk a body and collect its mistakes, its placeholders, and the text of all branches."""

    def __init__(self, runbook: Runbook) -> None:
        self.mistakes: list[tuple[int, str]] = []
        self.placeholders: list[Placeholder] = []
        self.parts: list[str | int] = []
        """Pieces of literal text, and the numbers of placeholders."""
        self.numbers: dict[int, int] = {}
        """The placeholder's number by the id() of its node."""
        self._is_bare = False
        self._known = {"incident": Trust.TEXT, "range": Trust.OURS, "loop": Trust.OURS}
        for parameter in runbook.parameters:
            self._known[parameter.name] = _trust(parameter.kind, parameter.choices)

    def statements(self, them: Iterable[nodes.Node]) -> None:
        for it in them:
            self._statement(it)

    def _statement(self, node: nodes.Node) -> None:
        match node:
            case nodes.Output():
                for it in node.nodes:
                    self._output(it)
            case nodes.If():
                self._trust_of(node.test)
                for branch in (node.body, node.elif_, node.else_):
                    self.statements(branch)
            case nodes.For(target=nodes.Name(name=name)):
                self._learn(name, self._trust_of(node.iter))
                if node.test:
                    self._trust_of(node.test)
                self.statements([*node.body, *node.else_])
            case nodes.Assign(target=nodes.Name(name=name)):
                self._learn(name, self._trust_of(node.node))
            case _:
                word = type(node).__name__.lower()
                self._complain(node, f"a runbook knows if, for and set, no {word}.")

    def _learn(self, name: str, trust: Trust) -> None:
        self._known[name] = max(trust, self._known.get(name, Trust.OURS))

    def _output(self, node: nodes.Expr) -> None:
        if isinstance(node, nodes.TemplateData):
            self.parts.append(node.data)
            return
        self._is_bare = False
        placeholder = Placeholder(line=node.lineno, words=_words(node), trust=self._trust_of(node))
        if self._is_bare:
            self._complain(node, "say which part of the incident is meant: incident.id, incident.name …")
        self.numbers[id(node)] = len(self.placeholders)
        self.parts.append(len(self.placeholders))
        self.placeholders.append(placeholder)

    def _trust_of(self, node: nodes.Node) -> Trust:  # noqa: C901, PLR0911  a table
        """Return how far to trust an expression, and note each mistake in it."""
        match node:
            case nodes.Name():
                return self._name(node)
            case nodes.Const():
                return Trust.OURS if is_plain(str(node.value)) else Trust.TEXT
            case nodes.Getattr(node=nodes.Name(name="incident")):
                return self._of_incident(node)
            case nodes.Getattr(node=nodes.Name(name="loop"), attr="index" | "first" | "last" | "length"):
                return Trust.OURS
            case nodes.Call(node=nodes.Name(name="range"), kwargs=[], dyn_args=None, dyn_kwargs=None):
                for it in node.args:
                    self._trust_of(it)
                return Trust.OURS
            case nodes.Getattr() | nodes.Call():
                self._complain(
                    node, f"{_words(node)} can't be read here: a runbook calls nothing but range()."
                )
            case nodes.CondExpr():
                self._trust_of(node.test)
                either = (node.expr1, node.expr2) if node.expr2 else (node.expr1,)
                return max(map(self._trust_of, either))
            case nodes.Filter(node=None):
                self._complain(node, "a filter stands behind a value.")
            case nodes.Filter() | nodes.Test():
                self._filter(node)
            case _ if not isinstance(node, (*EXPRESSIONS, nodes.Keyword, nodes.Pair)):
                self._complain(node, f"{type(node).__name__.lower()} is more than a runbook may reckon.")
        inner = [self._trust_of(it) for it in node.iter_child_nodes()]
        return Trust.OURS if isinstance(node, ANSWERS) else max(inner, default=Trust.OURS)

    def _name(self, node: nodes.Name) -> Trust:
        self._is_bare = self._is_bare or node.name == "incident"
        if node.name not in self._known:
            known = ", ".join(it for it in self._known if it not in {"range", "loop"})
            self._complain(node, f"{node.name} is no parameter of this runbook. It knows {known}.")
        return self._known.get(node.name, Trust.TEXT)

    def _of_incident(self, node: nodes.Getattr) -> Trust:
        if node.attr not in INCIDENT:
            self._complain(node, f"an incident has no {node.attr} here. It has {', '.join(INCIDENT)}.")
        return _trust(INCIDENT.get(node.attr, Kind.TEXT), ())

    def _filter(self, node: nodes.Filter | nodes.Test) -> None:
        known = FILTERS if isinstance(node, nodes.Filter) else TESTS
        if node.name not in known:
            self._complain(node, f"{node.name} is not known here. There is {', '.join(sorted(known))}.")

    def _complain(self, node: nodes.Node, sentence: str) -> None:
        self.mistakes.append((node.lineno, sentence))


def _trust(kind: Kind, choices: tuple[str, ...]) -> Trust:
    if kind is Kind.CHOICE:
        return Trust.OURS if all(map(is_plain, choices)) else Trust.TEXT
    return Trust.TEXT if kind is Kind.TEXT else Trust.WORD


def _words(node: nodes.Node) -> str:
    """Return an expression in short, so that its author recognises it."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_words(node.node)}.{node.attr}"
        case nodes.Filter(node=nodes.Node() as inner):
            return f"{_words(inner)} | {node.name}"
        case nodes.Call():
            return f"{_words(node.node)}(…)"
        case _:
            named = [it.name for it in node.find_all(nodes.Name)]
            return " … ".join(named) or "…"


class _Guarded(NodeTransformer):
    """Put calls into a template that mark each value, count each loop and measure each new text."""

    def __init__(self, placeholders: Mapping[int, int]) -> None:
        self._placeholders = placeholders

    def visit_Output(self, node: nodes.Output) -> nodes.Output:  # noqa: N802  Jinja's way
        placeholders = [self._placeholders.get(id(it)) for it in node.nodes]
        self.generic_visit(node)
        node.nodes = [
            it if placeholder is None else _call("mark", it, nodes.Const(placeholder))
            for it, placeholder in zip(node.nodes, placeholders, strict=True)
        ]
        return node

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802
        self.generic_visit(node)
        node.iter = _call("counted", cast("nodes.Expr", node.iter))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _call("joined", nodes.List(node.nodes))

    def visit_Filter(self, node: nodes.Filter) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        value = cast("nodes.Expr", node.node)
        named = cast("list[nodes.Keyword]", node.kwargs)
        return _call("filtered", value, nodes.Const(node.name), *node.args, kwargs=named)


def _call(method: str, *args: nodes.Expr, kwargs: Sequence[nodes.Keyword] = ()) -> nodes.Call:
    called = nodes.Call(nodes.EnvironmentAttribute(method), list(args), list(kwargs), None, None)
    called.set_lineno(getattr(args[0], "lineno", 0))
    return called
