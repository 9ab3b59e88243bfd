"""Find what was typed ambiguously, and ask what was meant, so that no word is lost."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.commands.candidate import Candidate, Edit
from bot.domain.grammar.matching import Bindings
from bot.domain.grammar.typed import Typed, Word, is_denied
from bot.domain.grammar.usage import Literally, OneOf, Optionally, Pattern, slots
from bot.domain.incident.severity import read_severity
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import is_slip
from bot.domain.text import quoted, shortened

_LIKE = {
    "privately": "private",
    "confidential": "private",
    "confidentially": "private",
    "secret": "private",
    "secretly": "private",
}
"""Words that people use for a flag. Spy asks about them and never assumes the flag."""
SHORTEST_FLAG, LONGEST_FLAG = 3, 40
"""In characters: `dril` may mean `drill`, `a` means nothing."""
_NOT_UNDONE = frozenset({"private"})
"""Flags that Spy asks about even at the start of a text: what was public once can't be made secret again."""
_COURTESY = re.compile(r"\W*|:[\w+-]+:|(please|pls|plz|thanks?|thx|ok|okay|yes|true)\W*", re.IGNORECASE)
"""What people put beside a flag: a polite word, a dash, an emoji."""
_CLOSING = re.compile(
    rf"{_COURTESY.pattern}|(you|now|only|mode|incident|channel|one|on|it)\W*", re.IGNORECASE
)
_CUT = re.compile(r"[,/&+|;:=()\[\]{}<>#!?.]+")
_YES = frozenset({"yes", "y", "true", "on", "1", "please"})
_EDGES = "-_–—*~`'\""  # noqa: RUF001  as phones write them
MOST_STRAY = 12
"""Up to this many words beside a quote are checked. More are no slip."""


# --- several names where one is read ----------------------------------------------------------------------

_TOKEN = re.compile(r"<[^<>\n]+>|[,/&+]|[^\s,/&+<>()\[\]]+")
_PERSON = re.compile(r"@\w[\w.-]*[:!?]*|<@[^<>]+>|<!subteam[^<>]+>")
_TEAM = re.compile(r":\w[\w-]*[.!?]*")
_JOINERS = frozenset({",", "/", "&", "+", "and", "or", "plus"})
MOST_NAMES = 20
"""Up to this many words on each side of a name are checked."""


def several_names(reading: Candidate, bound: Bindings | None) -> Refusal | None:
    """Refuse two teams or people where a command takes one. Offers a button for each: `page @raj and @kim …`."""
    named = slots(reading.command.pattern)
    kinds: dict[str, str] = {it.kind: it.name for it in named if it.kind in {"person", "team"}}
    for place in _places(reading, kinds.values(), bound):
        words = reading.rest.words[max(place - MOST_NAMES, reading.begun) : place + MOST_NAMES]
        tokens = list(_tokens(words))
        at = next((n for n, it in enumerate(tokens) if it.start >= reading.rest.words[place].start), None)
        around = _Names(tokens, kinds, reading.tx.policy.teams).around(at) if at is not None else []
        if len({it.bare for it in around}) > 1:
            return _ask_name(reading, around)
    return None


def _places(reading: Candidate, named: Iterable[str], bound: Bindings | None) -> list[int]:
    """Return the positions of the words in these slots. If nothing is bound: the first word that looks like a name."""
    words = reading.rest.words
    if bound is None:
        return next(([n] for n, it in enumerate(words) if named and it.startswith(("@", ":", "<"))), [])
    starts = {bound[it].start for it in named if it in bound}
    return [n for n, it in enumerate(words) if it.start in starts] if starts else []


@dataclass(frozen=True)
class _Names:
    """The words around a name, which may name more people or teams."""

    tokens: Sequence[Word]
    kinds: Collection[str]
    teams: Collection[str]

    def _is_marked(self, token: Word) -> bool:
        is_person = "person" in self.kinds and _PERSON.fullmatch(token)
        return not token.quoted and bool(is_person or ("team" in self.kinds and _TEAM.fullmatch(token)))

    def _is_bare_team(self, token: Word) -> bool:
        return not token.quoted and "team" in self.kinds and token.bare in self.teams

    def around(self, at: int) -> list[Word]:
        """Return the name at `at` and the names next to it; nothing if there is no name."""
        if not (self._is_marked(self.tokens[at]) or self._is_bare_team(self.tokens[at])):
            return []
        return [*reversed(list(self._beside(at, -1))), self.tokens[at], *self._beside(at, 1)]

    def _beside(self, at: int, step: int) -> Iterator[Word]:
        """Yield the names on one side. After a marked name and a comma, `payments is down` is the message."""
        expected = _JOINERS if self._is_bare_team(self.tokens[at]) else _JOINERS - {","}
        joiner = ""
        for token in self.tokens[at + 1 :] if step > 0 else reversed(self.tokens[:at]):
            if not token.quoted and token.casefold() in _JOINERS:
                joiner = token.casefold()
            elif self._is_marked(token) or (self._is_bare_team(token) and joiner in expected):
                yield token
                joiner = ""
            else:
                return


def _tokens(words: Iterable[Word]) -> Iterator[Word]:
    """Split words such as `@raj,@kim`."""
    for word in words:
        if word.quoted:
            yield word
        else:
            for found in _TOKEN.finditer(word):
                yield Word.at(word.start + found.start(), word.start + found.end(), found[0])


def _ask_name(reading: Candidate, names: Sequence[Word]) -> Refusal:
    labels = list(dict.fromkeys(it.rstrip(".:!?") for it in names))
    given = f"{', '.join(labels[:-1])} and {labels[-1]}"
    return Refusal(
        f"`{reading.command.words}` takes one name, and you gave {shortened(given)}. Nothing was done. "
        "Repeat the command for each. If a name belongs to the text, put it inside the quotes.",
        choices=tuple(
            Choice(label=it, say=reading.saying([(names[0].start, names[-1].end, it)])) for it in labels
        ),
    )


# --- flags that fell into a text --------------------------------------------------------------------------


def swallowed_flag(reading: Candidate, bound: Bindings) -> Refusal | None:
    """Ask about a near flag that would become part of the text: `payroll stolen - private -`."""
    flags = reading.command.flags - bound.keys()
    for name in reading.command.texts:
        piece = bound.get(name)
        inside = _inside(piece, reading.rest.words) if piece is not None else range(0)
        for at in inside:
            meant = _flags_of(reading.rest.words[at], flags, tuple(reading.tx.policy.severities))
            if meant and _is_set_off(reading, inside, at, meant) and not is_denied(reading.rest.words, at):
                return _ask_flag(reading, name, inside, at, meant)
    return None


def _inside(piece: Word, words: Sequence[Word]) -> range:
    places = [n for n, it in enumerate(words) if piece.start <= it.start < piece.end]
    return range(places[0], places[-1] + 1) if places else range(0)


def _flags_of(word: Word, flags: Iterable[str], severities: Sequence[str]) -> tuple[str, ...]:
    """Return the flags in a word, with its severity if it has one: `private/sev1`, `private=true`."""
    if word.quoted or not SHORTEST_FLAG <= len(word) <= LONGEST_FLAG:
        return ()
    parts = [it.strip(_EDGES) for it in _CUT.split(word.casefold())]
    found = [(it, _flag_of(it, flags)) for it in parts if it and it not in _YES]
    given = [flag or it for it, flag in found if flag or read_severity(it, severities)]
    return tuple(given) if len(given) == len(found) and any(flag for _, flag in found) else ()


def _flag_of(part: str, flags: Iterable[str]) -> str | None:
    return next((it for it in flags if part == it or _LIKE.get(part) == it or is_slip(part, it)), None)


def _is_set_off(reading: Candidate, inside: range, at: int, meant: tuple[str, ...]) -> bool:
    """Return whether a word looks separate from the text rather than part of it."""
    words = reading.rest.words
    word, following = words[at], words[at + 1 : inside.stop]
    is_first, is_plain = at == inside.start, word.casefold().rstrip(",.;!?") in {*meant, *_LIKE}
    after = following[0].start if following else len(reading.typed.text)
    return (
        (is_first and (word.casefold() not in {*meant, *_LIKE} or not _NOT_UNDONE.isdisjoint(meant)))
        or not is_plain
        or all(_CLOSING.fullmatch(it) for it in following)
        or bool(_COURTESY.fullmatch(following[0]))
        or (not is_first and not any(map(str.isalnum, words[at - 1])))
        or any(word.end <= it.start < after for it in reading.spotted.values())
    )


def _ask_flag(reading: Candidate, name: str, inside: range, at: int, meant: tuple[str, ...]) -> Refusal:
    words, text = reading.rest.words, reading.typed.text
    first, last = at, at
    while first > inside.start and not any(map(str.isalnum, words[first - 1])):
        first -= 1
    is_tail = all(_CLOSING.fullmatch(it) for it in words[at + 1 : inside.stop])
    while last + 1 < inside.stop and (is_tail or _COURTESY.fullmatch(words[last + 1])):
        last += 1
    begin, end = words[inside.start].start, words[inside.stop - 1].end
    without = f"{text[begin : words[first].start].rstrip()} {text[words[last].end : end].lstrip()}".strip()
    amid = [text[it.start : it.end] for it in reading.spotted.values() if begin < it.start < end]
    for it in amid:
        without = without.removeprefix(it).lstrip()

    def saying(name: str, *options: str) -> str:
        return " ".join(
            filter(None, (text[:begin].rstrip(), _quoted(name), *options, *amid, text[end:].lstrip()))
        )

    flag = " ".join(meant)
    typed = text[words[first].start : words[last].end]
    return Refusal(
        f"Did you mean `{flag}` by {shortened(typed)}?",
        slot=name,
        choices=(
            Choice(label=flag, say=saying(without, *meant)),
            Choice(label=f"Part of the {name}", say=saying(text[begin:end])),
        ),
    )


def _quoted(text: str) -> str:
    """Put a text in quotes. Quotes inside become single quotes."""
    bare = text[1:-1] if text.count('"') == 2 and text[0] == text[-1] == '"' else text  # noqa: PLR2004  a pair
    return quoted(bare) if bare else ""


# --- words beside a quote ---------------------------------------------------------------------------------


def stray_words(reading: Candidate) -> Refusal | None:
    """Refuse words outside the quotes that no slot takes: the fewest words whose removal makes the rest fit."""
    words, begun = reading.rest.words, reading.begun
    quote = next((n for n, it in enumerate(words) if it.quoted), None)
    if quote is None or not reading.command.texts:
        return None
    stray = next(_strays(reading, begun, quote), None)
    if stray is None or (len(stray) > 1 and words[stray.start].bare in _openers(reading.command.pattern)):
        return None  # the time's reader refuses `since noonish` with a better reason
    if len(stray) == 1 and words[stray.start].bare.isdigit():
        return None  # the severity's reader refuses `"cart" 2` with a better reason
    return _ask_stray(reading, quote, stray)


def _strays(reading: Candidate, begun: int, quote: int) -> Iterator[range]:
    words = reading.rest.words
    if len(words) - begun - 1 > MOST_STRAY:
        return
    for length in range(1, len(words) - begun):
        for start in range(begun, len(words) - length + 1):
            stray = range(start, start + length)
            is_torn = stray.stop < len(words) and is_denied(words, stray.stop)
            if quote not in stray and not is_torn and _fits_without(reading, stray):
                yield stray


def _fits_without(reading: Candidate, places: range) -> bool:
    words = reading.rest.words
    rest = replace(reading.rest, words=(*words[: places.start], *words[places.stop :]))
    return reading.bind(typed=rest) is not None


def _openers(items: Pattern) -> frozenset[str]:
    """Return the first words of options with several words, such as `since`."""
    found: set[str] = set()
    for item in items:
        match item:
            case Optionally(item=(Literally(words=words), _, *_)):
                found |= set(words)
            case Optionally(item=(OneOf(forms=forms),)):
                found |= {it for form in forms if isinstance(form[0], Literally) for it in form[0].words}
    return frozenset(found)


def _ask_stray(reading: Candidate, quote: int, stray: range) -> Refusal:
    typed, words = reading.typed, reading.rest.words
    name = reading.command.texts[-1]
    given = " ".join(typed.text[it.start : it.end] for it in words[stray.start : stray.stop])
    gone: list[Edit] = [_removal(typed, it) for it in words[stray.start : stray.stop]]
    text = words[quote]
    parts = [text, given] if quote < stray.start else [given, text]
    if any(it.quoted for it in words[stray.start : stray.stop]):
        parts = [f"'{it}'" if it == text else it for it in parts]
    whole = (text.start, text.end, _quoted(" ".join(parts)))
    return Refusal(
        f"I can't read {shortened(given)}: it is outside the quotes. Nothing was done. "
        f"Put the whole {name} in quotes, or use no quotes.",
        slot=name,
        choices=(
            Choice(label=f"Part of the {name}", say=reading.saying([*gone, whole])),
            Choice(label="Leave it out", say=reading.saying(gone)),
        ),
    )


def _removal(typed: Typed, word: Word) -> Edit:
    """Return the edit that removes a word and the blank before it."""
    before = typed.text[: word.start]
    return len(before.rstrip()), word.end, ""
