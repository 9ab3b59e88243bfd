"""Finds mistakes in a failover plan as a whole: unknown placeholders, steps without an undo."""

import re
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from typing import Any

from bot.config.mistakes import nearest
from bot.config.yaml_lines import ConfigMistake, Place, YamlLines, dotted
from bot.domain.failover.plan import PLACE, RESERVED, SECRET, STAGE

Fault = tuple[Place, str]
"""A place in the file and the sentence for what is wrong there."""

_BRACED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{[{%].*", re.DOTALL)
_SLOT = re.compile(r"<(\w+)>")
_BARE = re.compile(r"\w[\w.-]*")
_VARIABLE = re.compile(rf"{re.escape(SECRET)}[A-Za-z_]\w*")
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
    words = usage.split()
    for word in words:
        if not _SLOT.fullmatch(word) and not _BARE.fullmatch(word):
            yield (*at, "usage"), f"`{word[:40]}` is neither a bare word nor a <param>."
    if not _BARE.fullmatch(words[0]):
        yield (*at, "usage"), "must begin with a bare word, such as `pod <pod>`."
    elif words[0].casefold() in RESERVED:
        yield (*at, "usage"), f"`failover {words[0]}` has a meaning of its own. Begin with another word."
    yield from _slots([slot[1] for word in words if (slot := _SLOT.fullmatch(word))], params, at)


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
    forms = [(name, usage.casefold().split()) for name, usage in usages.items() if usage.strip()]
    for number, (name, form) in enumerate(forms):
        for other, earlier in forms[:number]:
            if len(form) == len(earlier) and all(map(_could_be_one, form, earlier)):
                line = with_lines.line(("failover", other, "usage"))
                sentence = f"can be the same words as `{usages[other][:60]}` of {other} (line {line})."
                yield ("failover", name, "usage"), f"{sentence} Begin them differently."


def _could_be_one(word: str, other: str) -> bool:
    return word == other or bool(_SLOT.fullmatch(word) or _SLOT.fullmatch(other))


# --- what is filled in ------------------------------------------------------------------------------------


def _fillings(plan: dict[str, Any], at: Place) -> Iterator[Fault]:
    """Check every text for placeholders: only known names are allowed."""
    params = _section(plan.get("params"))
    for place, value in _values({key: it for key, it in plan.items() if key not in {"usage", "params"}}, at):
        if isinstance(value, date) and "json" in place:
            yield place, "must be text, in quotes, not a date."
        if _BRACED.search(str(place[-1])):
            yield place, "a key is not filled in: only what stands behind it is."
        for found in _BRACED.findall(value) if isinstance(value, str) else ():
            if sentence := _misfilled(found, place, plan, params):
                yield place, sentence


def _misfilled(found: str, place: Place, plan: dict[str, Any], params: dict[str, Any]) -> str | None:
    """Return why this placeholder can't be filled in here; None if it can."""
    only = PLACE.fullmatch(found)
    words = [part for part in place if isinstance(part, str)]
    if not only or not only[1]:
        return f"`{found[:40]}` is not the name of one value: between {{{{ and }}}} stands a name, and nothing more."
    name = only[1]
    if place[-2:] in _UNFILLED and "json" not in words[2:]:
        return f"`{found[:40]}` is not filled in here: a program and its folder are the same for every run."
    if name == STAGE:
        return _misstaged(place, plan)
    if name.startswith(SECRET):
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
    return nearest(name, params, f"Params: {', '.join(params)}." if params else "Describe it under params:.")


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
    is_misspelt = "undo" not in step and bool(get_close_matches("undo", step, n=1))
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
