"""Judge the answer to an HTTP request by what its plan expects."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from bot.domain.failover.plan import Bound, End, Expect

LONGEST_ANSWER = 1024 * 1024
"""Bytes of an answer that are read. The rest is ignored."""
SHOWN = 60
"""Characters of a value that are shown: enough to recognise it."""

_NOTHING = object()


@dataclass(frozen=True, kw_only=True)
class HttpReply:
    status: int
    body: bytes
    is_whole: bool
    elsewhere: str = ""
    """The target of a redirect that was not followed."""


def judged(answer: HttpReply, expect: Expect) -> tuple[End, str]:
    """Return whether an answer is as expected, and a short description of it."""
    result = f"HTTP {answer.status}"
    wanted = expect.status or range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
    if answer.status not in wanted:
        return End.RED, f"{result}, to {_cut(answer.elsewhere)}" if answer.elsewhere else result
    if (expect.json or expect.text is not None) and not answer.is_whole:
        return End.RED, f"its answer is longer than {LONGEST_ANSWER // 1024 // 1024} MB"
    if expect.text is not None and expect.text not in answer.body.decode(errors="replace"):
        return End.RED, f"“{_cut(expect.text)}” is not in its answer"
    return _weighed(answer.body, expect.json) if expect.json else (End.OK, result)


def _weighed(body: bytes, bounds: Mapping[str, Bound]) -> tuple[End, str]:
    try:
        whole = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return End.RED, "its answer is not JSON"
    looked = {path: (_at(whole, path), bound) for path, bound in bounds.items()}
    wrong = [words for path, (value, bound) in looked.items() if (words := _wrong(path, value, bound))]
    if wrong:
        return End.RED, ", ".join(wrong)
    return End.OK, ", ".join(f"{path} is {_shown(value)}" for path, (value, _) in looked.items())


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity: they are not JSON, and every comparison with NaN is false."""
    raise ValueError(name)


def _at(value: Any, path: str) -> Any:
    """Return the value at a dotted path, in which a number is a list index; _NOTHING if there is none."""
    for name in path.split("."):
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif (
            isinstance(value, list)
            and re.fullmatch(r"-?\d{1,9}", name)
            and -len(value) <= int(name) < len(value)
        ):
            value = value[int(name)]
        else:
            return _NOTHING
    return value


def _wrong(path: str, value: Any, bound: Bound) -> str:
    """Return what is wrong with a value; empty if it is as expected."""
    result = f"{path} is {_shown(value)}"
    if value is _NOTHING:
        return f"{path} is missing"
    if bound.equals is not None and not _is_same(value, bound.equals):
        return f"{result} (needs {_shown(bound.equals)})"
    return f"{result} ({beyond})" if (beyond := _beyond(value, bound)) else ""


def _beyond(value: Any, bound: Bound) -> str:
    if bound.min is None and bound.max is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "not a number"
    if bound.min is not None and value < bound.min:
        return f"needs at least {_shown(bound.min)}"
    return f"allows at most {_shown(bound.max)}" if bound.max is not None and value > bound.max else ""


def _is_same(value: Any, wanted: Any) -> bool:
    """Return whether two JSON values are equal. Unlike in Python, true is not 1."""
    return isinstance(value, bool) is isinstance(wanted, bool) and bool(value == wanted)


def _shown(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
