"""Find the command that a text means, and the words that fill its slots."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property
from itertools import islice

from bot.commands.command import NUMBER, Command
from bot.commands.doubt import Candidate, edited, several_names, stray_words, swallowed_flag
from bot.commands.plugins import CommandRegistry
from bot.commands.slots import Line, Reader
from bot.domain.former_words import current_command
from bot.domain.grammar.matching import Accepts, Bindings, Says, exactly, match
from bot.domain.grammar.typed import Piece, Typed, Word, read
from bot.domain.grammar.usage import Optionally, Pattern, Slot, lacking, slots_of
from bot.domain.markup import as_seen, peeled
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import is_slip
from bot.domain.text import shortened
from bot.services.transaction import Transaction

INCIDENT, TLDR = (Word(text=text, start=0, end=0) for text in ("incident", "tldr"))
ALIKE = 0.7
"""How similar each typed word must be to the suggested one: `stp` suggests stop, `oncall` does not suggest cancel."""
MOST_LITERALS = 8
"""No command is called by this many words."""
LONGEST, SAID = 200, 2_000
"""Most characters of a word for a slot with a choice, and of a command behind a button."""
ID = re.compile(r"(?:inc-|#)?(\d{1,9})", re.IGNORECASE)
HELP = "help"
_HELP = re.compile(r"(?P<flag>(--?|[–—])help|[-–—]h)|help\W*|\?+", re.IGNORECASE)  # noqa: RUF001  as phones write it
_NO_PROSE = re.compile(r"[@:<#\d]")


@dataclass(frozen=True, kw_only=True)
class Meant:
    """A command with the words for its slots, by name. `number` is the incident's, if the words contained one."""

    command: Command
    bound: Bindings
    typed: Typed
    number: int | None


class Interpreter:
    """Understands the loaded commands."""

    def __init__(self, registry: CommandRegistry) -> None:
        self._registry = registry

    def understand(self, text: str, tx: Transaction, *, asker: str, channel: str | None = None) -> Meant:
        """Return the command that was typed. Refuses, with suggestions, if there is none."""
        typed, number = _without_number(read(current_command(text)))
        if wanted := self._help_wanted(typed):
            return self.understand(wanted, tx, asker=asker)
        typed = self._spelled_out(typed)
        candidates = self._candidates(typed)
        if candidates and number is None:
            typed, number = _number_before_text(candidates[0], typed, tx, asker, channel)
        for command in candidates:
            is_meant = _begins(command, typed) == _begins(candidates[0], typed)
            bound = _bound(command, typed, tx, asker, is_meant=is_meant)
            if bound is not None:
                return Meant(command=command, bound=bound, typed=typed, number=number)
        if not candidates and self._is_begun(typed):
            return self.understand(f"{HELP} {typed.text}", tx, asker=asker)
        raise self._not_understood(typed, number)

    def of_form(self, text: str) -> Meant:
        """Return the command of a form. The form's fields fill the slots that the text leaves open."""
        typed, number = _without_number(read(current_command(text)))
        typed = self._spelled_out(typed)
        for command in self._candidates(typed):
            bound = match(command.pattern, typed, _anything) or {}
            return Meant(command=command, bound=bound, typed=typed, number=number)
        raise self._not_understood(typed, number)

    def _spelled_out(self, typed: Typed) -> Typed:
        """Add the word `incident` where a command needs it, and remove it where it does not belong.

        `tldr` becomes `incident tldr`. `/incident help` and `/incident page :imoc …` become `help` and `page :imoc
        …`.
        """
        if self._candidates(typed) or self._is_begun(typed):
            return typed
        spelled = replace(typed, words=(INCIDENT, *typed.words))
        bare = replace(typed, words=typed.words[1:])
        is_about = bool(typed.words) and typed.words[0].bare == INCIDENT.text
        other = bare if is_about else spelled
        return other if self._candidates(other) else typed

    def _is_begun(self, typed: Typed) -> bool:
        """Return whether the input is only the beginning of commands. Then their help is the answer."""
        said = tuple(word.bare for word in typed.words[: MOST_LITERALS + 1])
        return bool(said) and (HELP,) in self._prefixes and self._begins_some(said)

    def _begins_some(self, said: tuple[str, ...]) -> bool:
        return any(it[: len(said)] == said for it in self._prefixes)

    @cached_property
    def _prefixes(self) -> list[tuple[str, ...]]:
        return [prefix for command in self._registry.commands for prefix in command.prefixes]

    def _help_wanted(self, typed: Typed) -> str | None:
        """Return the help command if help was asked for after a command: `stop --help`, `pager help`, `me ?`."""
        if not typed.words or typed.words[-1].quoted or typed.words[0].bare == HELP:
            return None
        asked = _HELP.fullmatch(typed.words[-1].text)
        if asked is None or (HELP,) not in self._prefixes:
            return None
        said = typed.words[:-1]
        bare = said[1:] if said and said[0].bare == INCIDENT.text else said
        sources = (bare, said, (INCIDENT, *bare))
        begun = (self._begun(it, may_go_on=bool(asked["flag"])) for it in sources)
        return HELP if not bare else next((f"{HELP} {' '.join(it)}" for it in begun if it), None)

    def _begun(self, said: Sequence[Word], *, may_go_on: bool) -> tuple[str, ...]:
        """Return the words that begin a command. With `may_go_on`, words for its slots may follow."""
        words = tuple("" if it.quoted else it.bare for it in said)
        if self._begins_some(words):
            return words
        count = max((it.begins(words) for it in self._registry.commands), default=0)
        prose = [it for it in said[count:] if not it.quoted and not _NO_PROSE.match(it.text)]
        return words[:count] if may_go_on and len(prose) <= 1 else ()

    def _candidates(self, typed: Typed) -> list[Command]:
        """Return the commands whose literal words begin the input, longest first."""
        said = _literals(typed)
        counted = [(it.begins(said), it) for it in self._registry.commands]
        return [command for count, command in sorted(counted, key=lambda it: -it[0]) if count]

    # --- what is not understood ---

    def _not_understood(self, typed: Typed, number: int | None) -> Refusal:
        for best in self._candidates(typed):
            return Refusal(f"I understood `{best.words}`, but not the rest. Usage: `{best.usage}`")
        if near := self._nearest(typed):
            words, count = near
            meant = " ".join(words)
            said = " ".join(word.text for word in typed.words[:count])
            about = f"inc-{number} " if number is not None else ""
            rest = typed.text[typed.words[count - 1].end :]
            return Refusal(
                f"I don't know `{shortened(said)}`. Did you mean `{meant}`?",
                choices=(Choice(label=meant, say=f"{about}{meant}{rest}"),),
            )
        return Refusal(
            f"I don't know `{shortened(typed.text)}`. `help` shows what I can do."
            if typed.text
            else 'What can I do? `help` shows it; `incident me "what is wrong"` opens an incident.',
            choices=(Choice(label="Help", say="help"),),
        )

    def _nearest(self, typed: Typed) -> tuple[tuple[str, ...], int] | None:
        """Return the most similar command's words, and how many typed words they replace.

        Words that resemble no command word stay as typed: in `incident start db down` only `me` is missing.
        """
        said = tuple(word.bare for word in typed.words[:MOST_LITERALS])
        spelled = self._prefixes
        short = [it[1:] for it in spelled if it[0] == INCIDENT.text and len(it) > 1]
        near = [
            (_likeness(said, words[:count]), count - len(words), count, spoken)
            for spoken, words in [
                *((it, it) for it in spelled),
                *(((INCIDENT.text, *it), it) for it in short),
            ]
            for count in {len(words), max(len(words) - 1, 2)}
            if count <= min(len(words), len(said)) and not any(it.quoted for it in typed.words[:count])
        ]
        likeness, _, count, spoken = max(near, key=lambda it: it[:3], default=(0.0, 0, 0, ()))
        return (spoken, count) if likeness >= ALIKE else None


def incident_number(word: str) -> int:
    """Read an incident's number: `42`, `#42` or `inc-42`. Refuses anything else."""
    found = ID.fullmatch(peeled(word))
    if not found:
        raise Refusal(f"{shortened(as_seen(word))} is not an incident number. `incident list` shows them.")
    return int(found[1])


# --- what fills the slots ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Vocabulary:
    """Decides which words fill a command's slots. `pattern` is its usage line without what was spotted already."""

    command: Command
    pattern: Pattern
    tx: Transaction

    def bind(self, typed: Typed, accepts: Accepts | None = None, *, says: Says = exactly) -> Bindings | None:
        """Return what fills the slots, decided by `accepts` (default: `looks`)."""
        return match(
            self.pattern, typed, accepts or self.looks, longest=self.longest, says=says, leads=self.leads
        )

    def looks(self, slot: Slot, phrase: Word) -> bool:
        """Return whether these words clearly fit a slot."""
        return self._fits(slot, phrase, lambda reader, words: reader.looks(words, self.tx))

    def resembles(self, slot: Slot, phrase: Word) -> bool:
        """Return whether these words fit a slot, or nearly do."""
        return self._fits(
            slot, phrase, lambda it, words: it.looks(words, self.tx) or it.resembles(words, self.tx)
        )

    def _fits(self, slot: Slot, phrase: Word, is_one: Callable[[Reader, str], bool]) -> bool:
        if len(phrase.text) > LONGEST:
            return False
        if slot.name == NUMBER:
            return bool(ID.fullmatch(phrase.bare))
        reader = self.command.slots[slot.name].reader
        return is_one(reader, reader.sees(phrase.text))

    def leads(self, name: str, words: str) -> bool:
        """Return whether these words may fill a slot before the text."""
        slot = self.command.slots.get(name)
        return slot is None or slot.reader.leads(words)

    def longest(self, slot: Slot) -> int:
        return 1 if slot.name == NUMBER else self.command.slots[slot.name].reader.longest


def _anything(slot: Slot, word: Word) -> bool:
    """Accept any word: the slot's reader then explains what is wrong with it."""
    del slot, word
    return True


def _nearly(word: Word, literals: tuple[str, ...]) -> bool:
    return any(is_slip(word.bare, it) for it in literals)


def _bound(command: Command, typed: Typed, tx: Transaction, asker: str, *, is_meant: bool) -> Bindings | None:
    """Bind what was typed to the command's slots. Refuses words that nearly match one of its options."""
    spotted, rest = _spotted(command, typed, tx)
    words = _Vocabulary(command, lacking(command.pattern, spotted), tx)
    bound = words.bind(rest)
    if is_meant:
        nearly = words.bind(rest, words.resembles, says=_nearly)
        doubt = _Doubt(command, typed, tx, asker)
        if nearly is not None and nearly.keys() - (bound or {}).keys():
            if not doubt.is_settled(bound or {}, nearly):
                raise doubt.of(bound or {}, nearly)
            bound = nearly
        reading = Candidate(
            command=command,
            typed=typed,
            rest=rest,
            spotted=spotted,
            severities=tuple(tx.policy.severities),
            teams=tx.policy.teams.keys(),
        )
        bound = _settled(reading, bound, words)
        _must_be_readable(doubt, words, rest, bound or {})
    return None if bound is None else {**bound, **spotted}


def _settled(reading: Candidate, bound: Bindings | None, words: _Vocabulary) -> Bindings | None:
    """Return the bindings if they are unambiguous. Otherwise raise the question or the readers' reason."""
    if bound is not None:
        doubt = several_names(reading, bound) or swallowed_flag(reading, bound)
    else:
        bound = match(words.pattern, reading.rest, _anything, longest=words.longest)
        doubt = several_names(reading, bound) or stray_words(reading, lambda it: words.bind(it) is not None)
    if doubt:
        raise doubt
    return bound


def _must_be_readable(doubt: "_Doubt", words: _Vocabulary, typed: Typed, bound: Bindings) -> None:
    """Refuse an unreadable option beside unquoted text: it may be part of the text."""
    for name, piece in bound.items():
        if doubt.is_unreadable(name, piece):

            def looks(slot: Slot, phrase: Word, piece: Piece = piece) -> bool:
                is_elsewhere = phrase.end <= piece.start or piece.end <= phrase.start
                return is_elsewhere and words.looks(slot, phrase)

            raise doubt.about(name, words.bind(typed, looks) or {}, bound)


def _spotted(command: Command, typed: Typed, tx: Transaction) -> tuple[dict[str, Piece], Typed]:
    """Find a slot that may stand anywhere, such as `SEV-1` in an incident's name. Return it and the other words."""
    begun = _begins(command, typed)
    for name, slot in command.slots.items():
        if slot.reader.place and not slot.required:
            place = slot.reader.place(typed.words[begun:], command.flags, tx)
            if place:
                at, end = begun + place.start, begun + place.stop
                phrase = typed.phrase(at, end)
                rest = replace(typed, words=(*typed.words[:at], *typed.words[end:]))
                return {name: Piece.at(phrase.text, phrase.start, phrase.end)}, rest
    return {}, typed


@dataclass(frozen=True)
class _Doubt:
    """A word that is nearly an option of the command and would become part of its text."""

    command: Command
    typed: Typed
    tx: Transaction
    asker: str

    def of(self, bound: Bindings, nearly: Bindings) -> Refusal:
        """Return the question what was meant: the option, or part of the text."""
        name = next(it for it in nearly if it not in bound and self._is_doubtful(it, nearly[it]))
        return self.about(name, bound, nearly)

    def is_settled(self, bound: Bindings, nearly: Bindings) -> bool:
        """Return whether an option is readable and can't be part of the text, because the text is in quotes."""
        if any(self._is_open_text(it, nearly) for it in nearly):
            return False
        doubtful = [it for it in nearly if it not in bound and self._is_doubtful(it, nearly[it])]
        return all(
            self._is_option_beside_text(it)
            and it not in self.command.flags
            and not self.is_unreadable(it, nearly[it])
            for it in doubtful
        )

    def about(self, name: str, bound: Bindings, nearly: Bindings) -> Refusal:
        """Return the question what the words of this slot mean."""
        piece = nearly[name]
        sentence, words = self._sentence(name, piece)
        text = next((it for it in nearly if self._is_open_text(it, nearly)), None)
        choices = [Choice(label=it, say=self._said(piece, it, nearly.get(text or ""))) for it in words]
        if text and text in bound:
            quoted = self._said(piece, None, bound[text])
            choices.append(Choice(label=f"Part of the {text}", say=quoted))
        return Refusal(sentence, slot=name, choices=tuple(it for it in choices if len(it.say) <= SAID))

    def is_unreadable(self, name: str, piece: Piece) -> bool:
        """Return whether an optional slot can't be read as it was typed."""
        slot = self.command.slots.get(name)
        if slot is None or len(piece) > LONGEST or not self._is_option_beside_text(name):
            return False
        try:
            slot.reader.read(slot.reader.sees(piece), self.tx, self.asker)
        except Refusal:
            return True
        return False

    def _is_option_beside_text(self, name: str) -> bool:
        options = tuple(it for it in self.command.pattern if isinstance(it, Optionally))
        optional = {it.name for it in slots_of(options) if it.kind != "text"}
        return name in optional and any(it.kind == "text" for it in slots_of(self.command.pattern))

    def _is_doubtful(self, name: str, piece: Piece) -> bool:
        """Return whether these words match their slot only nearly."""
        slot = self.command.slots.get(name)
        if name in self.command.flags or slot is None:
            return peeled(self.typed.text[piece.start : piece.end]).casefold() != name
        is_text = any(it.kind == "text" and it.name == name for it in slots_of(self.command.pattern))
        return not is_text and not slot.reader.looks(slot.reader.sees(piece), self.tx)

    def _sentence(self, name: str, piece: Piece) -> tuple[str, list[str]]:
        typed = self.typed.text[piece.option : piece.end]
        if name not in self.command.slots or self.command.slots[name].type is bool:
            return f"Did you mean `{name}` by {shortened(typed)}?", [name]
        reader = self.command.slots[name].reader
        try:
            reader.read(reader.sees(piece), self.tx, self.asker)
        except Refusal as refusal:
            before = self.typed.text[piece.option : piece.start]
            return refusal.sentence, [f"{before}{it.label}" for it in refusal.choices]
        return f"Is {shortened(typed)} the {name}, or part of the text?", [typed]

    def _is_open_text(self, name: str, nearly: Bindings) -> bool:
        """Return whether this is text without quotes, so that quotes can be added."""
        piece = nearly[name]
        is_text = any(it.kind == "text" and it.name == name for it in slots_of(self.command.pattern))
        return is_text and '"' not in piece and self.typed.text[piece.start : piece.start + 1] != '"'

    def _said(self, piece: Piece, option: str | None, text: Piece | None) -> str:
        """Return the whole command with the option corrected, if there is one, and the text in quotes."""
        edits = [(piece.option, piece.end, option)] if option is not None else []
        edits += [(text.start, text.end, f'"{text}"')] if text is not None else []
        return edited(self.typed.text, edits)


# --- words ------------------------------------------------------------------------------------------------


def _begins(command: Command, typed: Typed) -> int:
    return command.begins(_literals(typed))


def _without_number(typed: Typed) -> tuple[Typed, int | None]:
    """Read `incident 42 stop` and `inc-42 stop` as `incident stop` about INC-42, and `inc-42` as its tldr."""
    words = typed.words
    for at in (0, 1):
        if len(words) > at and (at == 0 or words[0].bare == "incident"):
            found = ID.fullmatch(words[at].bare)
            if found and (at == 1 or not words[at].bare.isdigit()):
                rest = (*words[:at], *words[at + 1 :])
                return replace(typed, words=rest if len(words) > at + 1 else (*rest, TLDR)), int(found[1])
    return typed, None


def _number_before_text(
    command: Command, typed: Typed, tx: Transaction, asker: str, channel: str | None
) -> tuple[Typed, int | None]:
    """Read `stop inc-1` and `note 1 "x"` as about INC-1. Asks if that is not the channel's own incident."""
    at = _begins(command, typed)
    word, behind = next(iter(typed.words[at:]), None), typed.words[at + 1 :]
    found = ID.fullmatch(word.bare) if word and not word.quoted and _begins_with_prose(command) else None
    if word is None or found is None:
        return typed, None
    number, is_prose = int(found[1]), bool(behind) and not behind[0].quoted
    here = tx.session.incidents.in_channel(channel) if channel else None
    other = tx.session.incidents.get(number)
    is_named = word.bare.startswith("inc-") or bool(not is_prose and other and other.is_seen_by(asker))
    if not is_named or (is_prose and here and here.number == number):
        return typed, None
    if here is None or here.number == number:
        return replace(typed, words=(*typed.words[:at], *behind)), number
    about = typed.text[: word.start].removeprefix(INCIDENT.text).strip()
    rest, whole = typed.text[word.end :].strip(), typed.text[word.start :]
    raise Refusal(
        f"Do you mean INC-{number}? This is {here.id}. Nothing was done.",
        choices=(
            Choice(label=f"INC-{number}", say=f"inc-{number} {about} {rest}".strip()),
            Choice(
                label=here.id,
                say=f'inc-{here.number} {about} "{whole}"'
                if is_prose and '"' not in whole
                else f"inc-{here.number} {about} {rest}".strip(),
            ),
        ),
    )


def _begins_with_prose(command: Command) -> bool:
    """Return whether a command about one incident has text as its first slot, and no slot for its number."""
    slots = list(slots_of(command.pattern))
    is_text = bool(slots) and slots[0].kind == "text" and command.slots[slots[0].name].type in {str, Line}
    return command.needs_incident and is_text and all(it.name != NUMBER for it in slots)


def _literals(typed: Typed) -> tuple[str, ...]:
    """Return the first unquoted words in lower case. A command's words are looked for there."""
    unquoted = (word.bare for word in typed.words if not word.quoted)
    return tuple(islice(unquoted, MOST_LITERALS))


def _likeness(said: Sequence[str], meant: Sequence[str]) -> float:
    """Return the similarity of the least similar pair, from 0 to 1. Compares 40 letters: no command word is longer."""
    pairs = zip(said, meant, strict=False)
    return min(SequenceMatcher(a=one[:40], b=other).ratio() for one, other in pairs)
