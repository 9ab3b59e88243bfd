"""Bind what was typed to a command's slots, and ask about words that only nearly fit."""

from dataclasses import dataclass

from bot.commands.candidate import LONGEST, Candidate
from bot.commands.command import Command
from bot.commands.doubt import several_names, stray_words, swallowed_flag
from bot.domain.grammar.matching import Bindings, match
from bot.domain.grammar.typed import Word
from bot.domain.grammar.usage import Optionally, Slot, slots
from bot.domain.markup import peeled
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import is_slip
from bot.domain.text import shortened

GIVEN = 2_000
"""Most characters of a command behind a button."""


def bound_to(reading: Candidate, *, is_meant: bool) -> Bindings | None:
    """Bind what was typed to the command's slots. Refuses words that nearly match one of its options."""
    bound = reading.bind()
    if is_meant:
        nearly = reading.bind(reading.resembles, says=_nearly) if reading.has_plain_words else bound
        doubt = _Doubt(reading)
        if nearly is not None and nearly.keys() - (bound or {}).keys():
            if not doubt.is_settled(bound or {}, nearly):
                raise doubt.of(bound or {}, nearly)
            bound = nearly
        bound = _settled(reading, bound)
        _must_be_readable(doubt, bound or {})
    return None if bound is None else {**bound, **reading.spotted}


def may_be_meant(reading: Candidate) -> bool:
    """Whether what was typed fits a command, or nearly does."""
    return reading.bind() is not None or reading.bind(reading.resembles, says=_nearly) is not None


def _settled(reading: Candidate, bound: Bindings | None) -> Bindings | None:
    """Return the bindings if they are unambiguous. Otherwise raise the question or the readers' reason."""
    if bound is not None:
        doubt = several_names(reading, bound) or swallowed_flag(reading, bound)
    else:
        bound = match(reading.pattern, reading.rest, reading.leaves_options, longest=reading.longest)
        doubt = several_names(reading, bound) or stray_words(reading)
    if doubt:
        raise doubt
    return bound


def _must_be_readable(doubt: "_Doubt", bound: Bindings) -> None:
    """Refuse an unreadable option beside unquoted text: it may be part of the text."""
    for name, piece in bound.items():
        if doubt.is_unreadable(name, piece):

            def looks(slot: Slot, phrase: Word, piece: Word = piece) -> bool:
                is_elsewhere = phrase.end <= piece.start or piece.end <= phrase.start
                return is_elsewhere and doubt.reading.looks(slot, phrase)

            raise doubt.about(name, doubt.reading.bind(looks) or {}, bound)


def _nearly(word: Word, literals: tuple[str, ...]) -> bool:
    return any(is_slip(word.bare, it) for it in literals)


@dataclass(frozen=True)
class _Doubt:
    """A word that is nearly an option of the command and would become part of its text."""

    reading: Candidate

    @property
    def command(self) -> Command:
        return self.reading.command

    def of(self, bound: Bindings, nearly: Bindings) -> Refusal:
        """Return the question what was meant: the option, or part of the text."""
        name = next(it for it in nearly if it not in bound and self._is_doubtful(it, nearly[it]))
        return self.about(name, bound, nearly)

    def is_settled(self, bound: Bindings, nearly: Bindings) -> bool:
        """Return whether an option is readable and can't be part of the text, because the text is in quotes."""
        doubtful = [it for it in nearly if it not in bound and self._is_doubtful(it, nearly[it])]
        if doubtful and any(self._is_open_text(it, nearly) for it in nearly):
            return False
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
        return Refusal(sentence, slot=name, choices=tuple(it for it in choices if len(it.say) <= GIVEN))

    def is_unreadable(self, name: str, piece: Word) -> bool:
        """Return whether an optional slot can't be read as it was typed."""
        may_be = name in self.command.slots and len(piece) <= LONGEST and self._is_option_beside_text(name)
        return may_be and self.reading.refusal(name, piece) is not None

    def _is_option_beside_text(self, name: str) -> bool:
        options = tuple(it for it in self.command.pattern if isinstance(it, Optionally))
        optional = {it.name for it in slots(options) if it.kind != "text"}
        return name in optional and bool(self.command.texts)

    def _is_doubtful(self, name: str, piece: Word) -> bool:
        """Return whether these words match their slot only nearly."""
        slot = self.command.slots.get(name)
        if name in self.command.flags or slot is None:
            return peeled(self.reading.typed.text[piece.start : piece.end]).casefold() != name
        return name not in self.command.texts and not slot.reader.looks(
            slot.reader.sees(piece), self.reading.tx
        )

    def _sentence(self, name: str, piece: Word) -> tuple[str, list[str]]:
        typed = self.reading.typed.text[piece.option : piece.end]
        if name not in self.command.slots or self.command.slots[name].type is bool:
            return f"Did you mean `{name}` by {shortened(typed)}?", [name]
        if refusal := self.reading.refusal(name, piece):
            before = self.reading.typed.text[piece.option : piece.start]
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
        return self.reading.saying(edits)
