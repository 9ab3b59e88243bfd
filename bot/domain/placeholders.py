"""Placeholders in an organisation's own texts: `{{ name }}`, a name and nothing more.

Milestones and failover plans use them. People can read such a text as it is, and a value is never evaluated.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

PLACEHOLDER = re.compile(r"\{\{\s*([\w.]*)\s*\}\}")
VARIABLE = "env."
"""The prefix of a variable of Spy's environment. It is filled in only where it is used, and never stored or shown."""

_BRACED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{[{%].*", re.DOTALL)


def braced(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield everything in braces, with the name in it. None means that it is more than a name."""
    for found in _BRACED.findall(text):
        only = PLACEHOLDER.fullmatch(found)
        yield found, (only[1] or None) if only else None


def filled(text: str, values: Mapping[str, Any], *, write: Callable[[str], str] = str) -> str:
    """Return the text with these values. A placeholder without a value stays. `write` encodes each value."""

    def value(found: re.Match[str]) -> str:
        return write(str(values[found[1]])) if found[1] in values else found[0]

    return PLACEHOLDER.sub(value, text)


def encoded(value: str) -> str:
    """Return a value as one part of a URL."""
    return quote(value, safe="")


def names(value: Any) -> Iterator[str]:
    """Yield the name of every placeholder in a text, or in a nested value."""
    if isinstance(value, str):
        yield from PLACEHOLDER.findall(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from names(inner)


def variables(value: Any) -> Iterator[str]:
    """Yield the name of every environment variable in a text, or in a nested value."""
    return (name.removeprefix(VARIABLE) for name in names(value) if name.startswith(VARIABLE))
