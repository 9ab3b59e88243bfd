"""Turns validation errors into one plain line each, with the nearest known key."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.sections import sections_with
from bot.config.vendors import Vendors
from bot.config.yaml_lines import ConfigMistake, Place, YamlLines, dotted
from bot.domain.spelling import did_you_mean, nearest


class ConfigError(Exception):
    """The configuration can't be used: one line for each mistake."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


_WANTED = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "tuple_type": "must be a list, such as [one, two]",
    "dict_type": "must be a section of keys",
    "model_type": "must be a section of keys",
    "model_attributes_type": "must be a section of keys",
    "bool_type": "must be true or false",
}
_MUST = {
    "too_short": "not be empty",
    "string_too_short": "not be empty",
    "too_long": "be at most {max_length} long",
}
_MISSING = {
    "channel": "Give the Slack id of the team's channel, such as C0PAY.",
    "repository": "Give it as owner/name.",
    "usage": "Give the words that start it, such as `pod <pod> to <location>`.",
    "steps": "Give a list of what to do, in order.",
    "run": "Say what it does: one of command, http, workflow and person.",
    "args": "Give the program and its arguments as a list.",
    "url": "Give the address to call.",
    "name": "Give it a name of its own.",
    "check": "Give the check a name.",
    "from": "Give the address that Spy's mail comes from, such as spy@example.com.",
    "host": "Give the name of the mail server, such as smtp.example.com.",
    "domains": "List the domains to whose addresses Spy may write, such as [example.com].",
    "file": "Name the workflow's file in .github/workflows, such as promote.yml.",
}
_STANDS_FOR_ALL = frozenset({"args", "url", "equals", "all"})
"""Keys that the file may leave out, writing their value in place of the whole section."""


def mistakes_of(
    error: ValidationError, with_lines: YamlLines, vendors: Vendors
) -> Iterator[tuple[Place, ConfigMistake]]:
    """Return each problem with its place. A key that is missing because it is misspelt is reported once."""
    problems = error.errors(include_url=False)
    misspelt = {
        _meant(_place(problem), vendors) for problem in problems if problem["type"] == "extra_forbidden"
    }
    for problem in problems:
        place = _place(problem)
        if not _follows_from_another(problem, misspelt):
            sentence = _sentence(problem, place, vendors)
            written = place if problem["type"] == "missing" else _written(place, with_lines)
            yield (
                written,
                ConfigMistake(line=with_lines.line(written), key=dotted(written), sentence=sentence),
            )


def suggestion(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a suggestion of the nearest known word, or `otherwise`."""
    return did_you_mean(nearest(word, known)) or (otherwise and f" {otherwise}")


def _follows_from_another(problem: ErrorDetails, misspelt: set[Place | None]) -> bool:
    """Return whether another problem causes this one: a misspelt key, or a wrong item that leaves a list empty."""
    if problem["type"] == "too_short":
        return bool(problem["input"])
    return problem["type"] == "missing" and _place(problem) in misspelt


def _place(problem: ErrorDetails) -> Place:
    return tuple(part for part in problem["loc"] if part != "[key]")


def _written(place: Place, with_lines: YamlLines) -> Place:
    """Return the place as the file has it, where a value stands for the whole section."""
    written: Place = ()
    for part in place:
        if isinstance(part, str) and (*written, part) not in with_lines.lines:
            further = tuple(part.split("."))
            if (*written, *further) in with_lines.lines:
                written = (*written, *further)
                continue
            if part in _STANDS_FOR_ALL:
                continue
        written = (*written, part)
    return written


def _meant(place: Place, vendors: Vendors) -> Place | None:
    """Return the place of the key that an unknown key was meant to be."""
    close = nearest(str(place[-1]), _keys(place[:-1], vendors))
    return (*place[:-1], close) if close else None


def _sentence(problem: ErrorDetails, place: Place, vendors: Vendors) -> str:
    kind, given = problem["type"], problem["input"]
    context: Mapping[str, Any] = problem.get("ctx", {})
    if kind == "extra_forbidden":
        known = _keys(place[:-1], vendors)
        return "unknown key." + suggestion(str(place[-1]), known, f"Known here: {', '.join(known)}.")
    if kind == "missing":
        return f"is missing. {_cure(str(place[-1]), vendors)}".strip()
    if kind == "literal_error":
        choices = str(context["expected"]).replace("'", "")
        return f"must be {choices}, not {_shown(given)}."
    if kind == "value_error":
        sentence = str(context["error"])
        return sentence if sentence.endswith(".") else f"{sentence}, not {_shown(given)}."
    if wanted := _WANTED.get(kind):
        return f"{wanted}, not {_shown(given)}."
    must = _MUST.get(kind, "").format_map(context) or problem["msg"].removeprefix("Input should ")
    return f"must {must}." if must != problem["msg"] else f"{must}."


def _cure(key: str, vendors: Vendors) -> str:
    """Return what to do about a missing key."""
    return next((it.missing[key] for it in vendors.all if key in it.missing), _MISSING.get(key, ""))


def _shown(given: Any) -> str:
    """Describe a given value by its type. Text is quoted."""
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "yes or no"),
        (int, f"the number {given}"),
        (float, f"the number {given}"),
        (date, "a date"),
        (dict, "a section of keys"),
        (list, "a list"),
    )
    if given is None:
        return "nothing"
    return next((words for kind, words in kinds if isinstance(given, kind)), repr(str(given)[:40]))


def _keys(place: Place, vendors: Vendors) -> tuple[str, ...]:
    """Return the known keys of the section at this place."""
    section: type[BaseModel] = sections_with(vendors)
    parts = iter(place)
    for part in parts:
        annotation = next(
            (field.annotation for name, field in section.model_fields.items() if part in {name, field.alias}),
            None,
        )
        section = _section_in(annotation) or section
        if get_origin(annotation) is Mapping:
            next(parts, None)  # a name that the file's author chose
    return tuple(field.alias or name for name, field in section.model_fields.items())


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """Return the section in an annotation: itself, or inside an Optional or a Mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_section_in, get_args(annotation))), None)
