"""A failover plan: its steps with their checks and undos, as in config.yaml and as filled in for one run."""

import hashlib
import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from bot.domain.grammar.matching import match
from bot.domain.grammar.typed import split
from bot.domain.grammar.usage import Pattern, example, literal_prefixes, parse_usage
from bot.domain.placeholders import PLACEHOLDER, encoded, filled
from bot.domain.refusal import Refusal
from bot.domain.text import shortened

STAGE = "stage"
RESERVED = frozenset(
    {"abort", "answer", "approve", "output", "rehearse", "rollback", "status", "trail", "withdraw"}
)
"""Words with a meaning of their own after `failover`. No plan can have such a name."""
AS_IT_IS = frozenset({"json", "equals"})
"""In these fields a value that is only a placeholder can stay a number. Elsewhere it becomes text."""
_PATH_ENDS = re.compile(r"[?#]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
_UNSAFE = re.compile(rf"{_CONTROL.pattern}|^-|\{{\{{")
"""Never allowed in a value, whatever its pattern says: line ends, a leading dash (an option), a placeholder."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Param:
    """The allowed values of a parameter: a pattern that must match the whole value, or a list of choices."""

    pattern: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def expression(self) -> str:
        """A regular expression of its values."""
        return f"(?:{self.pattern or '|'.join(map(re.escape, self.choices))})"

    def read(self, name: str, word: str) -> str:
        """Return the value, or refuse one that is not allowed."""
        if self.choices:
            chosen = next((it for it in self.choices if it.casefold() == word.casefold()), None)
            if chosen is None:
                raise Refusal(
                    f"`{name}` must be one of {', '.join(self.choices)}, not {_shown(word)}.", slot="what"
                )
            return chosen
        if not re.fullmatch(self.pattern or "", word):
            raise Refusal(f"{name} must fit `{self.pattern}`, and {_shown(word)} does not.", slot="what")
        if _UNSAFE.search(word):
            reason = "can't begin with a dash, nor hold a line end or {{, whatever its pattern allows"
            raise Refusal(f"{name} {reason}: {_shown(word)} does.", slot="what")
        return word


# --- actions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program and its arguments, run without a shell. `env` names the variables it gets besides PATH and HOME."""

    args: tuple[str, ...]
    folder: str | None = None
    env: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The allowed range of a value in a response, or the value it must equal."""

    min: int | float | None = None
    max: int | float | None = None
    equals: Any = None


@dataclass(frozen=True, kw_only=True)
class Expect:
    """The expected response: a status (default: any 2xx), values by dotted path, and a text it contains."""

    status: tuple[int, ...] = ()
    json: Mapping[str, Bound] = field(default_factory=dict)
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class HttpCall:
    """An HTTP request; `json` is its body."""

    url: str
    method: str = "GET"
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    expect: Expect = Expect()


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A GitHub Actions workflow. Spy starts it on `ref` (None: the default branch) and waits for its end."""

    repository: str
    file: str
    ref: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that a person answers with yes or no."""

    person: str


Instruction = Program | HttpCall | Workflow | Question


def described(instruction: Instruction) -> str:
    """Return an action as one line, as a person would type it. Open placeholders appear as <stage>."""
    return PLACEHOLDER.sub(r"<\1>", _described(instruction))


def _described(instruction: Instruction) -> str:
    match instruction:
        case Program(args=args):
            return shlex.join(args)
        case HttpCall(method=method, url=url, json=body):
            return f"{method} {url}" + (
                f" {json.dumps(body, ensure_ascii=False)}" if body is not None else ""
            )
        case Workflow(repository=repository, file=file, inputs=inputs):
            given = ", ".join(f"{name}={value}" for name, value in inputs.items())
            return f"workflow {file} of {repository}" + (f" with {given}" if given else "")
        case Question(person=words):
            return words


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check that changes nothing. It is repeated until it passes, for at most `within`; then it has failed."""

    name: str
    by: Program | HttpCall
    within: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change. `undo` reverts all of its stages, and is harmless if there is nothing to undo."""

    name: str
    run: Instruction
    verify: Check | None = None
    undo: Program | HttpCall | Workflow | None = None
    dry_run: Program | HttpCall | None = None
    stages: tuple[int | str, ...] = ()
    soak: timedelta = timedelta()
    timeout: timedelta = timedelta(minutes=5)
    point_of_no_return: bool = False

    @property
    def asks(self) -> bool:
        """Whether a person is asked and nothing moves."""
        return isinstance(self.run, Question)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A failover plan from config.yaml. Its placeholders stay open until `filled`."""

    name: str
    usage: str
    params: Mapping[str, Param] = field(default_factory=dict)
    allow: str = "operator"
    approvals: int = 1
    lock: str = ""
    """Two runs with one lock never overlap. Empty means the plan's name."""
    blast_radius: str = ""
    watch: str = ""
    """What to watch after the run."""
    undo_within: timedelta = timedelta(hours=24)
    """How long after a success `failover rollback` is possible."""
    drill: bool = False
    """Whether nothing real moves. Only then may a plan run without approval."""
    before: tuple[Check, ...] = ()
    steps: tuple[Step, ...] = ()

    def begins(self, word: str) -> bool:
        """Whether its usage line begins with this word."""
        return any(prefix[0] == word.casefold() for prefix in literal_prefixes(self._pattern))

    def read(self, words: str) -> Mapping[str, str] | None:
        """Return the values in these words, or None if they don't match the usage line."""
        found = match(self._pattern, split(words))
        return None if found is None else {name: str(piece) for name, piece in found.items()}

    def may_lock(self, name: str) -> bool:
        """Whether a run of it can hold a lock of this name."""
        lock, at, pattern = self.lock or self.name, 0, ""
        for it in PLACEHOLDER.finditer(lock):
            pattern += re.escape(lock[at : it.start()]) + self.params[it[1]].expression
            at = it.end()
        return bool(re.fullmatch(pattern + re.escape(lock[at:]), name, re.IGNORECASE))

    def in_words(self, given: Mapping[str, str]) -> str:
        """Return its usage line with these values."""
        return example(parse_usage(self.usage), lambda slot: _as_typed(given[slot.name]))

    @property
    def _pattern(self) -> Pattern:
        return parse_usage(self.usage.casefold())

    def filled(self, given: Mapping[str, str]) -> "Plan":
        """Return the plan with validated values filled in. `{{ stage }}` and secrets are filled in later."""
        values = {name: param.read(name, given[name]) for name, param in self.params.items()}
        filled = _walked(self, _filling(values))
        return replace(filled, lock=filled.lock or self.name)

    @property
    def fingerprint(self) -> str:
        """A hash that differs for any other plan or values (16 hex digits)."""
        whole = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    @property
    def no_return(self) -> int | None:
        """The index of the step that is the point of no return, or None."""
        return next((at for at, step in enumerate(self.steps) if step.point_of_no_return), None)

    def undoing(self, began: Sequence[int]) -> "Plan":
        """Return the plan that undoes these steps, last step first. Its first step is a point of no return."""
        back = [self.steps[at] for at in sorted(began, reverse=True) if self.steps[at].undo]
        steps = [
            Step(
                name=f"undo {step.name}",
                run=step.undo or step.run,
                timeout=step.timeout,
                point_of_no_return=not first,
            )
            for first, step in enumerate(back)
        ]
        return replace(self, before=(), steps=tuple(steps))


def staged(instruction: Instruction, stage: float | str | None) -> Instruction:
    """Return the instruction with the stage filled in. A value that is only `{{ stage }}` keeps its number."""
    return instruction if stage is None else _walked(instruction, _filling({STAGE: stage}))


# --- outcomes ---------------------------------------------------------------------------------------------


class End(StrEnum):
    OK = "ok"
    RED = "red"
    """It failed, or its check did not pass. The outcome is known."""
    UNKNOWN = "unknown"
    """Nobody knows whether it happened, so Spy does not repeat it without asking."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt ended. `says` is short: exit 1, HTTP 503, lag_s is 12 (allows at most 5).

    `output` is what it printed, with secrets masked: the last 64 KB (issue 4). `dropped` is the number of bytes before
    that.
    """

    end: End
    says: str
    output: str = ""
    dropped: int = 0


# --- filling in -------------------------------------------------------------------------------------------

Fill = Callable[[str, str], Any]
"""A function from a field's name and text to the filled-in value."""


def _filling(values: Mapping[str, Any]) -> Fill:
    def fill(where: str, text: str) -> Any:
        whole = PLACEHOLDER.fullmatch(text)
        if whole and where in AS_IT_IS and whole[1] in values:
            return values[whole[1]]
        return _address(text, values) if where == "url" else filled(text, values)

    return fill


def _address(text: str, values: Mapping[str, Any]) -> str:
    """Return a URL with these values, each inside its own path segment. Refuses `.` and `..`: they leave it."""
    url = filled(text, values, write=encoded)
    for before, segment in zip(text.split("/"), url.split("/"), strict=False):
        if before != segment and _PATH_ENDS.split(segment)[0] in {".", ".."}:
            raise Refusal(f"{_shown(segment)} can't be part of the address {shortened(text)}.")
    return url


def _walked(value: T, fill: Fill, where: str = "") -> T:
    """Return a copy with every text filled in, except the parameters' own patterns."""
    walked: Any = value
    if isinstance(value, str):
        walked = fill(where, value)
    elif isinstance(value, Mapping):
        walked = {key: _walked(inner, fill, where) for key, inner in value.items()}
    elif isinstance(value, list | tuple):
        walked = type(value)(_walked(inner, fill, where) for inner in value)
    elif is_dataclass(value) and not isinstance(value, type | Param):
        walked = replace(
            value, **{it.name: _walked(getattr(value, it.name), fill, it.name) for it in fields(value)}
        )
    return walked  # type: ignore[no-any-return]


def _as_typed(value: str) -> str:
    return f'"{value}"' if " " in value else value


def _shown(word: str) -> str:
    return f"“{shortened(_CONTROL.sub('␤', word))}”"
