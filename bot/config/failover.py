"""The section `failover:` of config.yaml: the keys of its plans, converted to the domain's plans."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    model_validator,
)

from bot.config.services import as_list
from bot.config.values import Ahead, ConfigSection, Duration, Repository, Words, shaped
from bot.domain.failover.plan import (
    Bound,
    Check,
    Expect,
    HttpCall,
    Param,
    Plan,
    Program,
    Question,
    Step,
    Workflow,
)
from bot.domain.lever import Relieves
from bot.domain.permission import Role

BOUNDS = frozenset({"min", "max", "equals"})
"""A section with only these keys bounds one value of an answer. Any other section leads to values inside it."""


def _text(value: Any) -> str:
    """Accept only text: YAML changes 010, on or 2026-11-25 into something that was seldom meant."""
    if not isinstance(value, str):
        raise ValueError("must be text, in quotes")  # noqa: TRY004  pydantic listens for a ValueError
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004  as above
    return value


def _approvals(value: Any) -> Any:
    """Refuse `no` and `0.0`, which would otherwise count as 0."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be 0, 1 or 2")  # noqa: TRY004  as above
    return value


def _stage(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise ValueError("must be a whole number or a word")
    return value


def _pattern(words: str) -> str:
    try:
        re.compile(words)
    except re.error as error:
        raise ValueError(f"{words[:40]!r} is no pattern: {error}.") from None
    return words


def _arguments(given: Any) -> Any:
    """Accept a list in place of the whole command. A line of text would need a shell to split it."""
    if isinstance(given, str):
        raise ValueError('must be a list, such as [./bin/drain, "{{ pod }}"]: no shell takes a line apart.')  # noqa: TRY004  as above
    return {"args": given} if isinstance(given, list | tuple) else given


def _address(given: Any) -> Any:
    """Accept a URL in place of the whole request."""
    return {"url": given} if isinstance(given, str) else given


def _one_or_more(given: Any) -> Any:
    return given if isinstance(given, list | tuple) else [given]


Text = Annotated[str, PlainValidator(_text)]
"""Text as it is, with the spaces around it."""
ParamName = Annotated[
    str,
    shaped(
        r"(?!(stage|env)$)[a-z][a-z0-9_]*",
        "can't be a param: use small letters, digits and _, and neither stage nor env.",
    ),
]
Choice = Annotated[
    str,
    BeforeValidator(_text),
    shaped(r"[^\s{}-][^\s{}]*", "can't be a choice: it is one word, without braces or a dash before it."),
]
Label = Annotated[
    str, shaped(r"[^\x00-\x1f]{1,60}", "can't be a name here: use one line, at most 60 letters.")
]
Variable = Annotated[
    str,
    shaped(r"[A-Za-z_][A-Za-z0-9_]*", "is no variable's name. It looks like DRAIN_TOKEN, without braces."),
]
Address = Annotated[
    str,
    shaped(
        r"(https?://[^/\s{}]|\{\{\s*env\.\w+\s*\}\})[^\r\n]*",
        "is no address. It begins with https:// and the host's name.",
    ),
]
HeaderName = Annotated[str, shaped(r"[A-Za-z0-9-]+", "can't be a header: use letters, digits and -.")]
HeaderValue = Annotated[Text, shaped(r"[^\r\n\0]*", "can't be a header's value: keep it in one line.")]
Number = Annotated[int | float, BeforeValidator(_number)]
Approvals = Annotated[Literal[0, 1, 2], BeforeValidator(_approvals)]
Status = Annotated[StrictInt, Field(ge=100, le=599)]


class ParamSection(ConfigSection):
    """What a person may type for a `<param>` of the usage line."""

    pattern: Annotated[Text, AfterValidator(_pattern)] | None = None
    choices: Annotated[tuple[Choice, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if self.pattern is None and self.choices is None:
            raise ValueError("needs one of pattern and choices: nothing unchecked reaches a step.")
        if self.pattern is not None and self.choices is not None:
            raise ValueError("has both pattern and choices. Keep one.")
        return self

    def param(self) -> Param:
        return Param(pattern=self.pattern, choices=self.choices or ())


class CommandSection(ConfigSection):
    args: Annotated[tuple[Text, ...], Field(min_length=1)]
    folder: str | None = None
    env: tuple[Variable, ...] = ()

    def instruction(self) -> Program:
        return Program(args=self.args, folder=self.folder, env=self.env)


class BoundSection(ConfigSection):
    """What one value of an answer must be."""

    min: Number | None = None
    max: Number | None = None
    equals: Any = None

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.min is None and self.max is None and self.equals is None:
            raise ValueError("needs a value, or one of min, max and equals.")
        return self


def flattened(
    expected: Mapping[str, Any], before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Return the bound (or the plain value) of each value of an answer, by the keys that lead to it."""
    for key, inner in expected.items():
        path = (*before, str(key))
        if isinstance(inner, Mapping) and inner and not BOUNDS.issuperset(inner):
            yield from flattened(inner, path)
        else:
            yield path, inner


def _bounds(given: Any) -> Any:
    """Convert `{data: {lag_s: 0}}` to `{data.lag_s: {equals: 0}}`."""
    if not isinstance(given, Mapping):
        return given
    return {
        ".".join(path): bound if isinstance(bound, Mapping) else {"equals": bound}
        for path, bound in flattened(given)
    }


class ExpectSection(ConfigSection):
    status: Annotated[tuple[Status, ...], BeforeValidator(_one_or_more), Field(min_length=1)] | None = None
    json_: Annotated[Mapping[str, BoundSection], BeforeValidator(_bounds)] = Field(
        alias="json", default_factory=dict
    )
    text: Text | None = None

    def expect(self) -> Expect:
        bounds = {path: Bound(**dict(bound)) for path, bound in self.json_.items()}
        return Expect(status=self.status or (), json=bounds, text=self.text)


class RequestSection(ConfigSection):
    url: Address
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    json_: Any = Field(alias="json", default=None)
    headers: Mapping[HeaderName, HeaderValue] = Field(default_factory=dict)
    expect: ExpectSection = ExpectSection()

    def instruction(self) -> HttpCall:
        return HttpCall(
            url=self.url,
            method=self.method,
            json=self.json_,
            headers=self.headers,
            expect=self.expect.expect(),
        )


class WorkflowSection(ConfigSection):
    repository: Repository
    file: Annotated[
        str,
        shaped(r"[\w.-]+\.ya?ml", "is no workflow. Name its file in .github/workflows, such as promote.yml."),
    ]
    ref: Label | None = None
    inputs: Mapping[str, Text] = Field(default_factory=dict)

    def instruction(self) -> Workflow:
        return Workflow(repository=self.repository, file=self.file, ref=self.ref, inputs=self.inputs)


CommandArguments = Annotated[CommandSection, BeforeValidator(_arguments)]
Call = Annotated[RequestSection, BeforeValidator(_address)]


class _OneKind(ConfigSection):
    """A section with exactly one of several kinds of instruction."""

    kinds: ClassVar[Sequence[str]] = ("command", "http")

    command: CommandArguments | None = None
    http: Call | None = None

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        given = [kind for kind in self.kinds if getattr(self, kind) is not None]
        if not given:
            raise ValueError(f"needs one of {', '.join(self.kinds[:-1])} and {self.kinds[-1]}.")
        if len(given) > 1:
            raise ValueError(f"has {' and '.join(given)}. Keep one; two things are two steps.")
        return self

    def looks(self) -> Program | HttpCall:
        section = self.command or self.http
        assert section  # noqa: S101  the validator has seen to it
        return section.instruction()


class DryRunSection(_OneKind):
    pass


class VerifySection(_OneKind):
    name: Label | None = None
    within: Duration = Check.within

    def check(self, step: str) -> Check:
        return Check(name=self.name or step, by=self.looks(), within=self.within)


class CheckSection(_OneKind):
    check: Label
    within: Duration = Check.within

    def before(self) -> Check:
        return Check(name=self.check, by=self.looks(), within=self.within)


class UndoSection(_OneKind):
    kinds: ClassVar[Sequence[str]] = ("command", "http", "workflow")

    workflow: WorkflowSection | None = None

    def moves(self) -> Program | HttpCall | Workflow:
        return self.workflow.instruction() if self.workflow else self.looks()


class RunSection(UndoSection):
    kinds: ClassVar[Sequence[str]] = ("command", "http", "workflow", "person")

    person: Words | None = None

    def run(self) -> Program | HttpCall | Workflow | Question:
        return Question(person=self.person) if self.person else self.moves()


class StepSection(ConfigSection):
    name: Label
    run: RunSection
    verify: VerifySection | None = None
    undo: UndoSection | None = None
    dry_run: DryRunSection | None = None
    stages: Annotated[tuple[Annotated[Any, AfterValidator(_stage)], ...], Field(min_length=1)] | None = None
    soak: Ahead = Step.soak
    timeout: Duration = Step.timeout
    point_of_no_return: StrictBool = False

    def step(self) -> Step:
        return Step(
            name=self.name,
            run=self.run.run(),
            verify=self.verify.check(self.name) if self.verify else None,
            undo=self.undo.moves() if self.undo else None,
            dry_run=self.dry_run.looks() if self.dry_run else None,
            stages=self.stages or (),
            soak=self.soak,
            timeout=self.timeout,
            point_of_no_return=self.point_of_no_return,
        )


class PlanSection(ConfigSection):
    usage: Words
    params: Mapping[ParamName, ParamSection] = Field(default_factory=dict)
    allow: Role = "operator"
    approvals: Approvals = 1
    lock: Words | None = None
    blast_radius: Words | None = None
    watch: Words | None = None
    undo_within: Duration = timedelta(hours=24)
    drill: StrictBool = False
    relieves: Annotated[tuple[Relieves, ...], BeforeValidator(as_list)] = ()
    """What it is a lever against, for `levers`."""
    before: tuple[CheckSection, ...] = ()
    steps: Annotated[tuple[StepSection, ...], Field(min_length=1)]

    def plan(self, name: str) -> Plan:
        return Plan(
            name=name,
            usage=self.usage,
            params={key: section.param() for key, section in self.params.items()},
            allow=self.allow,
            approvals=self.approvals,
            lock=self.lock or "",
            blast_radius=self.blast_radius or "",
            watch=self.watch or "",
            undo_within=self.undo_within,
            drill=self.drill,
            before=tuple(check.before() for check in self.before),
            steps=tuple(step.step() for step in self.steps),
        )
