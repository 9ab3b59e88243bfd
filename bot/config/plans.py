"""Finds mistakes in a failover plan as a whole: unknown placeholders, steps without an undo."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.config.mistakes import suggestion
from bot.config.yaml_lines import ConfigMistake, Place, YamlLines, dotted
from bot.domain.failover.plan import RESERVED, STAGE
from bot.domain.grammar.usage import Item, Literally, Pattern, Slot, UsageError, literal_prefixes, parse_usage
from bot.domain.placeholders import VARIABLE, braced
from bot.domain.spelling import nearest

Fault = tuple[Place, str]
"""A place in the file and the sentence for what is wrong there."""

_VARIABLE = re.compile(rf"{re.escape(VARIABLE)}[A-Za-z_]\w*")
_UNFILLED = (("command", 0), ("args", 0), ("command", "folder"))
"""What must be the same for every run: the program, and where it runs."""


def faults(with_lines: YamlLines) -> Iterator[tuple[Place, ConfigMistake]]:
    """Return mistakes that no single key shows. Reads the file as written, even if other parts are wrong."""
    for place, sentence in _faults(with_lines):
        yield place, ConfigMistake(line=with_lines.line(place), key=dotted(place), sentence=sentence)


def _faults(with_lines: YamlLines) -> Iterator[Fault]:
    plans = {
        name: _section(plan) for name, plan in _section(_section(with_lines.data).get("failover")).items()
    }
    for name, plan in plans.items():
        at = ("failover", name)
        if name in RESERVED:
            yield at, f"`failover {name}` has a meaning of its own. Give the plan another name."
        yield from _usage(plan, at)
        yield from _fillings(plan, at)
        yield from _steps(plan, at, with_lines)
        if str(plan.get("approvals")) == "0" and plan.get("drill") is not True:
            yield (
                (*at, "approvals"),
                "0 is for drills: write 1 or 2, or `drill: true` where nothing real moves.",
            )
    yield from _alike(plans, with_lines)


# --- what starts it ---------------------------------------------------------------------------------------


def _usage(plan: dict[str, Any], at: Place) -> Iterator[Fault]:
    usage, params = plan.get("usage"), _section(plan.get("params"))
    if not isinstance(usage, str) or not usage.strip():
        return
    if "{" in usage:
        yield (*at, "usage"), "params stand in angle brackets here: `pod <pod> to <location>`."
        return
    pattern = _pattern(usage)
    if isinstance(pattern, UsageError):
        yield (*at, "usage"), str(pattern)
        return
    for first in (prefix[0] for prefix in literal_prefixes(pattern) if prefix[0].casefold() in RESERVED):
        yield (*at, "usage"), f"`failover {first}` has a meaning of its own. Begin with another word."
    yield from _slots([item.name for item in pattern if isinstance(item, Slot)], params, at)


def _pattern(usage: str) -> Pattern | UsageError:
    """Return a plan's usage line. It holds words, synonyms and params; every param needs a value."""
    try:
        pattern = parse_usage(usage)
    except UsageError as error:
        return error
    if all(
        isinstance(item, Literally) or (isinstance(item, Slot) and item.kind == "word") for item in pattern
    ):
        return pattern
    return UsageError("holds only bare words, synonyms such as `move|shift`, and <params>.")


def _slots(named: list[str], params: dict[str, Any], at: Place) -> Iterator[Fault]:
    for name in dict.fromkeys(named):
        if named.count(name) > 1:
            yield (*at, "usage"), f"<{name}> stands there twice. Name the second one differently."
        if name not in params:
            yield (*at, "usage"), f"<{name}> is not among the params." + _params(name, params)
    for name in params:
        if name not in named:
            yield (*at, "params", name), f"no <{name}> stands in usage, so it never gets a value."


def _alike(plans: dict[str, dict[str, Any]], with_lines: YamlLines) -> Iterator[Fault]:
    """Find pairs of plans that the same words could mean."""
    usages = {name: plan["usage"] for name, plan in plans.items() if isinstance(plan.get("usage"), str)}
    read = {name: _pattern(usage.casefold()) for name, usage in usages.items()}
    patterns = [(name, it) for name, it in read.items() if not isinstance(it, UsageError)]
    for number, (name, pattern) in enumerate(patterns):
        for other, earlier in patterns[:number]:
            if len(pattern) == len(earlier) and all(map(_could_be_one, pattern, earlier)):
                line = with_lines.line(("failover", other, "usage"))
                sentence = f"can be the same words as `{usages[other][:60]}` of {other} (line {line})."
                yield ("failover", name, "usage"), f"{sentence} Begin them differently."


def _could_be_one(item: Item, other: Item) -> bool:
    if isinstance(item, Literally) and isinstance(other, Literally):
        return not set(item.words).isdisjoint(other.words)
    return True


# --- what is filled in ------------------------------------------------------------------------------------


def _fillings(plan: dict[str, Any], at: Place) -> Iterator[Fault]:
    """Check every text for placeholders: only known names are allowed."""
    params = _section(plan.get("params"))
    for place, value in _values({key: it for key, it in plan.items() if key not in {"usage", "params"}}, at):
        if isinstance(value, date) and "json" in place:
            yield place, "must be text, in quotes, not a date."
        if any(braced(str(place[-1]))):
            yield place, "a key is not filled in: only what stands behind it is."
        for found, name in braced(value) if isinstance(value, str) else ():
            if sentence := _misfilled(found, name, place, plan, params):
                yield place, sentence


def _misfilled(
    found: str, name: str | None, place: Place, plan: dict[str, Any], params: dict[str, Any]
) -> str | None:
    """Return why this placeholder can't be filled in here; None if it can."""
    words = [part for part in place if isinstance(part, str)]
    if name is None:
        return f"`{found[:40]}` is not the name of one value: between {{{{ and }}}} stands a name, and nothing more."
    if place[-2:] in _UNFILLED and "json" not in words[2:]:
        return f"`{found[:40]}` is not filled in here: a program and its folder are the same for every run."
    if name == STAGE:
        return _misstaged(place, plan)
    if name.startswith(VARIABLE):
        return _missecret(name, words)
    return None if name in params else f"there is no param {name[:40]}." + _params(name, params)


def _misstaged(place: Place, plan: dict[str, Any]) -> str | None:
    match place:
        case (_, _, "steps", int(number), "run" | "verify", *_):
            if _section(_listed(plan.get("steps"))[number]).get("stages"):
                return None
            return "there is no stage: this step has no `stages`."
    return "there is no stage here: it is known in run and verify of a step with `stages`."


def _missecret(name: str, words: list[str]) -> str | None:
    """Refuse secrets in text that people read. They are allowed only in instructions."""
    if not _VARIABLE.fullmatch(name):
        return f"{name[:40]} names no variable. It looks like {{{{ env.DRAIN_TOKEN }}}}."
    if {"command", "http", "inputs"}.intersection(words[3:6]):
        return None
    return f"{name[:40]} is not filled in here, where people read it: only where something is done."


def _params(name: str, params: dict[str, Any]) -> str:
    return suggestion(
        name, params, f"Params: {', '.join(params)}." if params else "Describe it under params:."
    )


# --- its steps --------------------------------------------------------------------------------------------


def _steps(plan: dict[str, Any], at: Place, with_lines: YamlLines) -> Iterator[Fault]:
    steps = [_section(step) for step in _listed(plan.get("steps"))]
    ends = [number for number, step in enumerate(steps) if step.get("point_of_no_return") is True]
    for number in ends[1:]:
        place = (*at, "steps", number, "point_of_no_return")
        first = f"{_called(steps[ends[0]])} in line {with_lines.line((*at, 'steps', ends[0]))}"
        yield place, f"there is one point of no return, and {first} is it. Keep one."
    names = [str(step.get("name")).casefold() for step in steps]
    for number, step in enumerate(steps):
        if step.get("name") and names[number] in names[:number]:
            line = with_lines.line((*at, "steps", names.index(names[number]), "name"))
            yield (
                (*at, "steps", number, "name"),
                f"{_called(step)} is the step in line {line} too. Name it apart.",
            )
        if number < (ends[0] if ends else len(steps)) and _lacks_undo(step):
            before = f" It comes before the point of no return ({_called(steps[ends[0]])})." if ends else ""
            cure = "Where nothing is to be taken back, write `undo: {command: ['true']}`."
            yield (*at, "steps", number), f"{_called(step)} has no undo.{before} {cure}"


def _lacks_undo(step: dict[str, Any]) -> bool:
    asks = "person" in _section(step.get("run"))
    is_misspelt = "undo" not in step and nearest("undo", step) is not None
    return bool(step) and not asks and not is_misspelt and step.get("undo") is None


def _called(step: dict[str, Any]) -> str:
    return str(step.get("name") or "a step without a name")[:40]


# --- the file as it was written ---------------------------------------------------------------------------


def _values(data: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Walk all values of the file from here on, with their places."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _values(value, (*place, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _values(value, (*place, number))
    else:
        yield place, data


def _section(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _listed(data: Any) -> list[Any]:
    return data if isinstance(data, list) else []
