"""Read the front matter of a runbook: YAML between two lines of ---. Each mistake has its line."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bot.adapters.runbooks.mistakes import UnusableRunbook
from bot.domain.lever import RELIEVES, Relieves
from bot.domain.refusal import Refusal
from bot.domain.runbook.runbook import Kind, Runbook, RunbookParameter, visible

RULE = "---"
PARAMETER = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = frozenset(
    {"incident", "loop", "range", "true", "false", "none", "not", "and", "or", "in", "is", "if"}
)
"""Names that mean something else in a template."""
CHOICES, CHOICE = 100, 75
"""Limits of Slack's menus: the number of choices, and the characters of each."""
PARAMETERS = 20


class _Matter(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_given(cls, data: Any) -> Any:
        """Read a parameter's name without a value as a parameter with the defaults."""
        return data or {}


class ParameterMatter(_Matter):
    type: Literal["word", "number", "choice", "text"] = "word"
    choices: Annotated[list[str], Field(max_length=CHOICES)] = []
    default: str | None = None
    optional: bool = False
    description: Annotated[str, Field(max_length=300)] = ""


def _as_list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


class RunbookMatter(_Matter):
    title: Annotated[str, Field(min_length=1, max_length=120)]
    description: Annotated[str, Field(max_length=300)] = ""
    parameters: Annotated[dict[str, ParameterMatter], Field(max_length=PARAMETERS)] = {}
    relieves: Annotated[list[Relieves], BeforeValidator(_as_list)] = []


MUST = {"type": "must be word, number, choice or text", "relieves": f"must be {', '.join(RELIEVES)}"}
"""What is said of a word that is not among those of a key."""
Lines = dict[tuple[str, ...], int]


def split(text: str) -> tuple[str, str, int]:
    """Return the front matter, the body, and the number of the body's first line."""
    lines = text.split("\n")
    if lines[0].strip() != RULE:
        raise UnusableRunbook((1, "a runbook begins with a line of ---, then `title: …`, then --- again."))
    for at, line in enumerate(lines[1:], start=1):
        if line.strip() == RULE:
            return "\n".join(lines[1:at]), "\n".join(lines[at + 1 :]), at + 2
    raise UnusableRunbook((1, "the front matter never ends: write a line of --- below it."))


def read(name: str, matter: str) -> Runbook:
    """Return the runbook with this name and front matter. Raise UnusableRunbook with all its mistakes."""
    data, lines = _with_lines(matter)
    try:
        read_ = RunbookMatter.model_validate(data)
    except ValidationError as error:
        mistakes = [_mistake(it, lines) for it in error.errors(include_url=False)]
        raise UnusableRunbook(*mistakes) from None
    parameters = {key: _parameter(key, it) for key, it in read_.parameters.items()}
    mistakes = [
        (_line(lines, "parameters", key), f"{key}: {sentence}")
        for key, parameter in parameters.items()
        for sentence in _wrong(parameter)
    ]
    if mistakes:
        raise UnusableRunbook(*mistakes)
    return Runbook(
        name=name,
        title=read_.title,
        description=read_.description,
        parameters=tuple(parameters.values()),
        relieves=tuple(read_.relieves),
    )


def _parameter(key: str, matter: ParameterMatter) -> RunbookParameter:
    return RunbookParameter(
        name=key,
        kind=Kind(matter.type),
        choices=tuple(matter.choices),
        default=matter.default or None,
        optional=matter.optional,
        description=matter.description,
    )


def _wrong(parameter: RunbookParameter) -> Iterator[str]:
    if not PARAMETER.fullmatch(parameter.name) or parameter.name in RESERVED:
        yield "can't be a parameter's name: use small letters, digits and _."
    if (parameter.kind is Kind.CHOICE) != bool(parameter.choices):
        yield "`choices` go with `type: choice`, and it with them."
    for choice in parameter.choices:
        if not choice or len(choice) > CHOICE or "`" in choice or "\n" in choice or visible(choice) != choice:
            yield f"{choice[:20]!r} can't be a choice: one line of at most {CHOICE} letters, without backticks."
    if parameter.default is not None:
        try:
            parameter.read(parameter.default)
        except Refusal as refusal:
            yield f"its default is not right. {refusal.sentence}"


# --- YAML with lines --------------------------------------------------------------------------------------


def _with_lines(matter: str) -> tuple[Any, Lines]:
    """Read YAML with each scalar as text. Return the data, and the file's line of each key."""
    loader: yaml.BaseLoader | None = None
    try:
        loader = yaml.BaseLoader(matter)
        node = loader.get_single_node()
        lines: Lines = dict(_keys(node, ()))
        return loader.construct_document(node) if node else {}, lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it can't be read"
        raise UnusableRunbook((mark.line + 2 if mark else 1, f"not YAML: {problem}.")) from None
    except yaml.reader.ReaderError as error:
        line = matter.count("\n", 0, error.position) + 2
        raise UnusableRunbook((line, "a character that YAML does not allow.")) from None
    finally:
        if loader:
            loader.dispose()


def _keys(node: yaml.Node | None, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if not isinstance(node, yaml.MappingNode):
        return
    seen = set()
    for key, value in node.value:
        line, inner = key.start_mark.line + 2, (*place, str(key.value))
        if inner in seen:
            raise UnusableRunbook((line, f"{key.value} is given twice. Keep one."))
        seen.add(inner)
        yield inner, line
        yield from _keys(value, inner)


def _line(lines: Lines, *place: str) -> int:
    """Return the line of a key, or of the nearest key around it."""
    around = (place[:length] for length in range(len(place), 0, -1))
    return next((lines[it] for it in around if it in lines), 1)


def _mistake(problem: ErrorDetails, lines: Lines) -> tuple[int, str]:
    place = tuple(str(part) for part in problem["loc"] if isinstance(part, str))
    key = ".".join(place)
    match problem["type"]:
        case "missing":
            sentence = f"{key} is missing."
        case "extra_forbidden":
            known = ParameterMatter if place[:1] == ("parameters",) else RunbookMatter
            sentence = f"{key} is an unknown key. Known here: {', '.join(known.model_fields)}."
        case "literal_error":
            sentence = f"{key} {MUST[place[-1]]}."
        case "model_type" | "model_attributes_type" | "dict_type":
            sentence = f"{key or 'the front matter'} must be a section of keys."
        case _:
            sentence = f"{key}: {problem['msg'].removeprefix('Input ')}."
    return _line(lines, *place), sentence
