"""The usage line is the parser.

A bare word is a literal, `:x` a team, `@x` a person, `"x"` text (quotes optional, takes the rest), `<x>` a word,
`[…]` optional, `a|b` synonyms, `(…|…)` longer synonyms. Optional parts may come in any order.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
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
    sources: tuple["Pattern", ...]


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
    sources: list[list[Item]] = [[]]
    while parts:
        part = parts.popleft()
        if part == ")":
            return OneOf(tuple(map(tuple, sources)))
        if part == "|":
            sources.append([])
        else:
            sources[-1].append(_word_or_slot(part))
    raise UsageError("`)` is missing.")


def _word_or_slot(part: str) -> Literally | Slot:
    if part in {"[", "(", "]", ")", "|"}:
        raise UsageError(f"`{part}` is in the wrong place.")
    kind = _KINDS.get(part[0])
    return Slot(kind, part.strip(':@"<>')) if kind else Literally((part,))


def slots(sequence: Pattern) -> Iterator[str]:
    """Return the names that a usage line can bind: its slots, and its optional flags."""
    for item in sequence:
        match item:
            case Slot(name=name):
                yield name
            case Optionally(item=(Literally(words=words),)):
                yield words[0]
            case Optionally(item=inner):
                yield from slots(inner)
            case OneOf(sources=sources):
                for source in sources:
                    yield from slots(source)


def slots_of(items: Pattern) -> Iterator[Slot]:
    """Return the slots of a usage line, including those of its optional parts."""
    for item in items:
        match item:
            case Slot():
                yield item
            case Optionally(item=inner):
                yield from slots_of(inner)
            case OneOf(sources=sources):
                for source in sources:
                    yield from slots_of(source)


def literal_prefixes(sequence: Pattern) -> list[tuple[str, ...]]:
    """Return every form of the leading literals."""
    prefixes: list[tuple[str, ...]] = [()]
    for item in sequence:
        match item:
            case Literally(words=words):
                prefixes = [(*prefix, word) for prefix in prefixes for word in words]
            case OneOf(sources=sources) if all(
                isinstance(it, Literally) for source in sources for it in source
            ):
                said = [
                    tuple(it.words[0] for it in source if isinstance(it, Literally)) for source in sources
                ]
                prefixes = [(*prefix, *source) for prefix in prefixes for source in said]
            case _:
                break
    return prefixes


def example(sequence: Pattern, say: Callable[[Slot], str]) -> str:
    """Return a usage line with every part, each slot filled with an example. Of several forms, the first."""
    return " ".join(said for item in sequence if (said := _example(item, say)))


def _example(item: Item, say: Callable[[Slot], str]) -> str:
    match item:
        case Literally(words=words):
            return words[0]
        case Slot():
            return say(item)
        case Optionally(item=inner):
            return example(inner, say)
        case OneOf(sources=sources):
            return example(sources[0], say)


def lacking(items: Pattern, names: Iterable[str]) -> Pattern:
    """Return a usage line without the options of these names."""
    gone = {(Slot("word", it),) for it in names}
    return tuple(it for it in items if not (isinstance(it, Optionally) and it.item in gone))
