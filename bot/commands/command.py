"""One declaration holds pattern, permission, help and registration: `@command('page :team "message"')`."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from bot.commands.arguments import Reader, reader_of
from bot.commands.reply import Fill, Reply
from bot.commands.request import Notice, Request
from bot.domain.grammar.usage import (
    Pattern,
    Slot,
    UsageError,
    example,
    flags,
    literal_prefixes,
    parse_usage,
    slots,
)
from bot.domain.incident.incident import Incident
from bot.domain.permission import Role, longest_match
from bot.domain.policy import Policy

Outcome = Reply | Fill | None
NUMBER = "id"
"""A slot of this name holds an incident's number and fills the `incident` parameter."""


@dataclass(frozen=True, kw_only=True)
class CommandParameter:
    name: str
    type: Any
    reader: Reader
    required: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Command:
    """A command as the router sees it. Calling it calls the decorated function."""

    usage: str
    pattern: Pattern
    prefixes: tuple[tuple[str, ...], ...]
    allow: Role
    """The least role that it needs, unless `permissions.commands` names another."""
    unless: str
    """Who or what decides instead of `allow`, in words. The command checks this itself; only members get that far."""
    run: Callable[..., Outcome]
    family: str
    about: str
    """What its family is for: the first sentence of the plugin file."""
    help: str
    slots: Mapping[str, CommandParameter]
    services: Mapping[str, type]
    wants_ask: bool
    wants_incident: bool
    needs_incident: bool
    reads: bool = False
    """Whether it only shows something. One that says so and would change something fails."""
    by_token: bool = True
    """Whether a program may run it, with a person's token, or an agent propose it."""
    second_person: bool = False
    """Whether it asks for a second person, so that who approves it for a machine counts as who runs it."""
    claims_short: bool = True
    """Whether no other command may begin with its words without `incident`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Outcome:
        return self.run(*args, **kwargs)

    def needs(self, policy: Policy) -> Role:
        """Return the role without which Spy does not run it."""
        if role := self.configured(policy):
            return role
        return "member" if self.unless and self.allow != "everyone" else self.allow

    def configured(self, policy: Policy) -> Role | None:
        """Return the role that `permissions.commands` names for it; None if it names none."""
        key = longest_match(self.spoken, policy.command_roles)
        return policy.command_roles[key] if key else None

    @cached_property
    def spoken(self) -> tuple[tuple[str, ...], ...]:
        """Return every form of its words: `incident tldr` is also `tldr`."""
        return (*self.prefixes, *self._short)

    @property
    def claimed(self) -> tuple[tuple[str, ...], ...]:
        """Return the words with which no other command may begin."""
        return self.spoken if self.claims_short else self.prefixes

    @property
    def _short(self) -> tuple[tuple[str, ...], ...]:
        return tuple(it[1:] for it in self.prefixes if it[0] == "incident" and len(it) > 1)

    @property
    def place(self) -> str:
        """Return the file and line that declare it."""
        code = inspect.unwrap(self.run).__code__
        return f"{code.co_filename}:{code.co_firstlineno}"

    @property
    def words(self) -> str:
        """Return the words that call it, without its slots."""
        return " ".join(self.prefixes[0])

    @cached_property
    def flags(self) -> frozenset[str]:
        """Return its flags: options that consist of one word."""
        return frozenset(flags(self.pattern))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Return its slots for text."""
        return tuple(it.name for it in slots(self.pattern) if it.kind == "text")

    @property
    def example(self) -> str:
        """Return an example with every part of the command, as a person may type it."""
        return example(self.pattern, self._example)

    def _example(self, slot: Slot) -> str:
        if slot.name == NUMBER:
            return "1"
        word = self.slots[slot.name].reader.example or slot.name
        return f'"{word}"' if slot.kind == "text" else word

    def begins(self, given: tuple[str, ...]) -> int:
        """Count how many leading words of `given` (in lower case) call this command; 0 if none do."""
        return max((len(it) for it in self.prefixes if given[: len(it)] == it), default=0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Listener:
    """A function that is called when Spy notices something."""

    notice: type[Notice]
    run: Callable[..., None]
    services: Mapping[str, type]

    @property
    def name(self) -> str:
        return f"{self.run.__module__}.{self.run.__name__}"

    @property
    def short_name(self) -> str:
        """Return what its failures are counted by in its plugin: `greet()`. No command is called so."""
        return f"{self.run.__name__}()"


def command(
    usage: str,
    *,
    allow: Role = "member",
    unless: str = "",
    claims_short: bool = True,
    reads: bool = False,
    by_token: bool = True,
    second_person: bool = False,
) -> Callable[[Callable[..., Outcome]], Command]:
    """Declare a command. Raises UsageError, with file and line, if declaration and function disagree.

    `reads`: it only shows something. Then nothing that it would write or send is taken: it fails.
    Without `by_token` no program runs it: it lets somebody in. `second_person`: see `Command.second_person`.

    Without `claims_short` another command may begin with its words without `incident`: then the short form counts
    only where it clearly fits; of a command that takes text, only where the other command does not fit.
    """

    def declare(function: Callable[..., Outcome]) -> Command:
        try:
            return replace(
                _declare(usage, allow, unless, function),
                claims_short=claims_short,
                reads=reads,
                by_token=by_token,
                second_person=second_person,
            )
        except (UsageError, NameError, TypeError) as error:
            code = function.__code__
            raise UsageError(f"{code.co_filename}:{code.co_firstlineno}: {error}") from error

    return declare


def when(notice: type[Notice]) -> Callable[[Callable[..., None]], Listener]:
    """Declare a listener for a kind of notice. Its keyword-only parameters are services."""

    def declare(function: Callable[..., None]) -> Listener:
        return Listener(notice=notice, run=function, services=services_of(function))

    return declare


def _declare(usage: str, allow: Role, unless: str, function: Callable[..., Outcome]) -> Command:
    try:
        pattern = parse_usage(usage)
    except UsageError as error:
        raise UsageError(f"{usage!r}: {error}") from None
    hints = get_type_hints(function, include_extras=True)
    positional = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    words = {it.name for it in slots(pattern) if it.kind != "text"}
    named = {
        it.name: _parameter(it, hints, is_word=it.name in words)
        for it in positional
        if it.name not in {"request", "incident"}
    }
    bound = {*(it.name for it in slots(pattern)), *flags(pattern)} - {NUMBER}
    if missing := bound - set(named):
        raise UsageError(f"{usage!r}: no parameter for {', '.join(sorted(missing))}")
    if extra := set(named) - bound:
        raise UsageError(f"{usage!r}: nothing fills the parameter {', '.join(sorted(extra))}")
    if not (function.__doc__ or "").strip():
        raise UsageError(f"{usage!r}: the docstring is the help, and there is none")
    names = [it.name for it in positional]
    return Command(
        usage=usage,
        pattern=pattern,
        prefixes=tuple(literal_prefixes(pattern)),
        allow=allow,
        unless=unless,
        run=function,
        family=function.__module__.rsplit(".", 1)[-1],
        about=(function.__globals__.get("__doc__") or "").split("\n")[0],
        help=inspect.cleandoc(function.__doc__ or ""),
        slots=named,
        services=services_of(function),
        wants_ask="request" in names,
        wants_incident="incident" in names,
        needs_incident=hints.get("incident") is Incident,
    )


def _parameter(parameter: inspect.Parameter, hints: Mapping[str, Any], *, is_word: bool) -> CommandParameter:
    hint = hints[parameter.name]
    options = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    kinds = [option for option in options if option is not NoneType]
    if len(kinds) != 1:
        raise UsageError(f"{parameter.name}: one type, or one type or None")
    reader = reader_of(kinds[0], is_word=is_word)
    if reader is None:
        raise UsageError(f"no reader for the type of {parameter.name}")
    return CommandParameter(
        name=parameter.name,
        type=kinds[0],
        reader=reader,
        required=NoneType not in options and parameter.default is inspect.Parameter.empty,
    )


def services_of(function: Callable[..., Any]) -> Mapping[str, type]:
    """Return the services that a function asks for by its keyword-only parameters."""
    hints = get_type_hints(function)
    return {
        name: hints[name]
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def made(services: Mapping[str, type], tx: Any, here: Mapping[type, Any]) -> dict[str, Any]:
    """Return services by name: those that are `here`, and all others made for a transaction."""
    return {name: here[wanted] if wanted in here else wanted(tx) for name, wanted in services.items()}


__all__ = [
    "NUMBER",
    "Command",
    "CommandParameter",
    "Listener",
    "Outcome",
    "Request",
    "command",
    "made",
    "services_of",
    "when",
]
