"""The usage line is the parser.

A bare word is a literal, `:x` a team, `@x` a person, `"x"` text (quotes optional, takes the rest), `<x>` a word,
`[…]` optional, `a|b` synonyms, `(…|…)` longer synonyms. Optional parts may come in any order.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal

SlotKind = Literal["team", "person", "text", "word"]


@dataclass(frozen=True)
class Literally:
    words: tuple[str, ...]


@dataclass(frozen=True)
class Slot:
    kind: SlotKind
    name: str


@dataclass(frozen=True)
class Optionally:
    item: "Pattern"


@dataclass(frozen=True)
class OneOf:
    forms: tuple["Pattern", ...]


Item = Literally | Slot | Optionally | OneOf
Pattern = tuple[Item, ...]


class UsageError(ValueError):
    """A usage line that can't be read, and why, in one sentence."""


_TOKEN = re.compile(r'[\[\]()|]|"\w+"|<\w+>|[:@]\w+|[\w.-]+|(?P<stray>\S+)')
_KINDS: Mapping[str, SlotKind] = {":": "team", "@": "person", '"': "text", "<": "word"}


def parse_usage(usage: str) -> Pattern:
    """Parse a usage line. Raises UsageError if it makes no sense."""
    pattern = _sequence(deque(_parts(usage)), until="")
    if not pattern or not isinstance(pattern[0], Literally | OneOf):
        raise UsageError("must begin with a bare word, such as `pod <pod>`.")
    return pattern


def _parts(usage: str) -> Iterator[str]:
    for found in _TOKEN.finditer(usage):
        if found["stray"]:
            raise UsageError(f"`{found[0][:40]}` can't stand in a usage line.")
        yield found[0]


def _sequence(parts: deque[str], *, until: str) -> Pattern:
    items: list[Item] = []
    while parts:
        part = parts.popleft()
        if part == until:
            return tuple(items)
        items.append(_item(part, parts))
    if until:
        raise UsageError(f"`{until}` is missing.")
    return tuple(items)


def _item(part: str, parts: deque[str]) -> Item:
    if part == "[":
        return Optionally(_sequence(parts, until="]"))
    if part == "(":
        return _group(parts)
    item = _word_or_slot(part)
    if isinstance(item, Slot):
        return item
    words = list(item.words)
    while parts and parts[0] == "|":
        parts.popleft()
        following = _word_or_slot(parts.popleft()) if parts else None
        if not isinstance(following, Literally):
            raise UsageError("a word is missing after `|`.")
        words.extend(following.words)
    return Literally(tuple(words))


def _group(parts: deque[str]) -> OneOf:
    forms: list[list[Item]] = [[]]
    while parts:
        part = parts.popleft()
        if part == ")":
            return OneOf(tuple(map(tuple, forms)))
        if part == "|":
            forms.append([])
        else:
            forms[-1].append(_word_or_slot(part))
    raise UsageError("`)` is missing.")


def _word_or_slot(part: str) -> Literally | Slot:
    if part in {"[", "(", "]", ")", "|"}:
        raise UsageError(f"`{part}` is in the wrong place.")
    kind = _KINDS.get(part[0])
    return Slot(kind, part.strip(':@"<>')) if kind else Literally((part,))


def slots(pattern: Pattern) -> Iterator[Slot]:
    """Return the slots of a usage line, including those of its optional parts."""
    for item in pattern:
        match item:
            case Slot():
                yield item
            case Optionally(item=inner):
                yield from slots(inner)
            case OneOf(forms=forms):
                yield from chain.from_iterable(map(slots, forms))


def flags(pattern: Pattern) -> Iterator[str]:
    """Return the flags of a usage line: options that consist of one word."""
    for item in pattern:
        match item:
            case Optionally(item=(Literally(words=words),)):
                yield words[0]
            case Optionally(item=inner):
                yield from flags(inner)


def literal_prefixes(pattern: Pattern) -> list[tuple[str, ...]]:
    """Return every form of the leading literals."""
    prefixes: list[tuple[str, ...]] = [()]
    for item in pattern:
        forms = _literal_forms(item)
        if not forms:
            break
        prefixes = [(*prefix, *form) for prefix in prefixes for form in forms]
    return prefixes


def _literal_forms(item: Item) -> list[tuple[str, ...]]:
    """Return the words that an item may consist of. Empty if it has a slot or is optional."""
    match item:
        case Literally(words=words):
            return [(word,) for word in words]
        case OneOf(forms=forms) if not any(isinstance(it, Slot) for form in forms for it in form):
            return [tuple(it.words[0] for it in form if isinstance(it, Literally)) for form in forms]
    return []


def example(pattern: Pattern, say: Callable[[Slot], str]) -> str:
    """Return a usage line with every part, each slot filled with an example. Of several forms, the first."""
    return " ".join(shown for item in pattern if (shown := _example(item, say)))


def _example(item: Item, say: Callable[[Slot], str]) -> str:
    match item:
        case Literally(words=words):
            return words[0]
        case Slot():
            return say(item)
        case Optionally(item=inner):
            return example(inner, say)
        case OneOf(forms=forms):
            return example(forms[0], say)


def lacking(items: Pattern, names: Iterable[str]) -> Pattern:
    """Return a usage line without the options of these names."""
    gone = {(Slot("word", it),) for it in names}
    return tuple(it for it in items if not (isinstance(it, Optionally) and it.item in gone))
