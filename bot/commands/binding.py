"""Bind what was typed to a command's slots, and ask about words that only nearly fit."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.commands.arguments import Reader
from bot.commands.command import NUMBER, Command
from bot.commands.doubt import Candidate, edited, several_names, stray_words, swallowed_flag
from bot.domain.grammar.matching import Accepts, Bindings, Says, exactly, match
from bot.domain.grammar.typed import Typed, Word
from bot.domain.grammar.usage import Optionally, Pattern, Slot, lacking, slots
from bot.domain.markup import peeled
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import is_slip
from bot.domain.text import shortened
from bot.services.transaction import Transaction

LONGEST, SAID = 200, 2_000
"""Most characters of a word for a slot with a choice, and of a command behind a button."""
ID = re.compile(r"(?:inc-|#)?(\d{1,9})", re.IGNORECASE)
"""An incident's number: `42`, `#42` or `inc-42`."""


def bound_to(
    command: Command, typed: Typed, tx: Transaction, asker: str, *, is_meant: bool
) -> Bindings | None:
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


def _settled(reading: Candidate, bound: Bindings | None, words: "_Vocabulary") -> Bindings | None:
    """Return the bindings if they are unambiguous. Otherwise raise the question or the readers' reason."""
    if bound is not None:
        doubt = several_names(reading, bound) or swallowed_flag(reading, bound)
    else:
        bound = match(words.pattern, reading.rest, longest=words.longest)
        doubt = several_names(reading, bound) or stray_words(reading, lambda it: words.bind(it) is not None)
    if doubt:
        raise doubt
    return bound


def _must_be_readable(doubt: "_Doubt", words: "_Vocabulary", typed: Typed, bound: Bindings) -> None:
    """Refuse an unreadable option beside unquoted text: it may be part of the text."""
    for name, piece in bound.items():
        if doubt.is_unreadable(name, piece):

            def looks(slot: Slot, phrase: Word, piece: Word = piece) -> bool:
                is_elsewhere = phrase.end <= piece.start or piece.end <= phrase.start
                return is_elsewhere and words.looks(slot, phrase)

            raise doubt.about(name, words.bind(typed, looks) or {}, bound)


def _spotted(command: Command, typed: Typed, tx: Transaction) -> tuple[dict[str, Word], Typed]:
    """Find a slot that may stand anywhere, such as `SEV-1` in an incident's name. Return it and the other words."""
    begun = command.begins(typed.literals)
    for name, slot in command.slots.items():
        if slot.reader.place and not slot.required:
            place = slot.reader.place(typed.words[begun:], command.flags, tx)
            if place:
                at, end = begun + place.start, begun + place.stop
                phrase = typed.phrase(at, end)
                rest = replace(typed, words=(*typed.words[:at], *typed.words[end:]))
                return {name: phrase}, rest
    return {}, typed


def _nearly(word: Word, literals: tuple[str, ...]) -> bool:
    return any(is_slip(word.bare, it) for it in literals)


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
        if len(phrase) > LONGEST:
            return False
        if slot.name == NUMBER:
            return bool(ID.fullmatch(phrase.bare))
        reader = self.command.slots[slot.name].reader
        return is_one(reader, reader.sees(phrase))

    def leads(self, name: str, words: str) -> bool:
        """Return whether these words may fill a slot before the text."""
        slot = self.command.slots.get(name)
        return slot is None or slot.reader.leads(words)

    def longest(self, slot: Slot) -> int:
        return 1 if slot.name == NUMBER else self.command.slots[slot.name].reader.longest


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

    def is_unreadable(self, name: str, piece: Word) -> bool:
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
        optional = {it.name for it in slots(options) if it.kind != "text"}
        return name in optional and bool(self.command.texts)

    def _is_doubtful(self, name: str, piece: Word) -> bool:
        """Return whether these words match their slot only nearly."""
        slot = self.command.slots.get(name)
        if name in self.command.flags or slot is None:
            return peeled(self.typed.text[piece.start : piece.end]).casefold() != name
        return name not in self.command.texts and not slot.reader.looks(slot.reader.sees(piece), self.tx)

    def _sentence(self, name: str, piece: Word) -> tuple[str, list[str]]:
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
        return name in self.command.texts and not piece.quoted and '"' not in piece

    def _said(self, piece: Word, option: str | None, text: Word | None) -> str:
        """Return the whole command with the option corrected, if there is one, and the text in quotes."""
        edits = [(piece.option, piece.end, option)] if option is not None else []
        edits += [(text.start, text.end, f'"{text}"')] if text is not None else []
        return edited(self.typed.text, edits)
