"""What was typed, as one command reads it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from bot.commands.arguments import Reader
from bot.commands.command import NUMBER, Command
from bot.domain.grammar.matching import Accepts, Bindings, Says, exactly, match
from bot.domain.grammar.typed import Typed, Word
from bot.domain.grammar.usage import Pattern, Slot, lacking, slots
from bot.domain.refusal import Refusal
from bot.services.transaction import Transaction

LONGEST = 200
"""Most characters of a word for a slot with a choice."""
ID = re.compile(r"(?:inc-|#)?(\d{1,9})", re.IGNORECASE)
"""An incident's number: `42`, `#42` or `inc-42`."""

Edit = tuple[int, int, str]


@dataclass(frozen=True)
class Candidate:
    """Decides which words fill a command's slots."""

    command: Command
    typed: Typed
    tx: Transaction
    asker: str

    @cached_property
    def spotted(self) -> dict[str, Word]:
        """Return the slot that may stand anywhere, such as `SEV-1` in an incident's name, with its words."""
        begun = self.command.begins(self.typed.literals)
        for name, slot in self.command.slots.items():
            if slot.reader.place and not slot.required:
                place = slot.reader.place(self.typed.words[begun:], self.command.flags, self.tx)
                if place:
                    return {name: self.typed.phrase(begun + place.start, begun + place.stop)}
        return {}

    @cached_property
    def rest(self) -> Typed:
        """Return what was typed without the words in `spotted`."""
        gone = self.spotted.values()
        words = (it for it in self.typed.words if not any(a.start <= it.start < a.end for a in gone))
        return replace(self.typed, words=tuple(words)) if gone else self.typed

    @cached_property
    def pattern(self) -> Pattern:
        """Return the usage line without the slot in `spotted`."""
        return lacking(self.command.pattern, self.spotted)

    @property
    def begun(self) -> int:
        """Count the words that call the command."""
        return self.command.begins(self.rest.literals)

    @property
    def has_plain_words(self) -> bool:
        """Whether there are words without quotes after those that call the command: only they can be slips."""
        return sum(not it.quoted for it in self.rest.words) > self.begun

    def bind(
        self, accepts: Accepts | None = None, *, says: Says = exactly, typed: Typed | None = None
    ) -> Bindings | None:
        """Return what fills the slots, decided by `accepts` (default: `looks`). `typed` is `rest` by default."""
        return match(
            self.pattern,
            typed or self.rest,
            accepts or self.looks,
            longest=self.longest,
            says=says,
            leads=self.leads,
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

    @property
    def is_clear(self) -> bool:
        """Whether there are words for its slots, and each fits its slot: none is text."""
        bound = {} if self.command.texts else self.bind() or {}
        named = {it.name: it for it in slots(self.pattern)}
        return bool(bound) and all(
            name in named and self.looks(named[name], it) for name, it in bound.items()
        )

    def leaves_options(self, slot: Slot, phrase: Word) -> bool:
        """Return whether these words contain no flag and no severity: `checkout private` is not a name."""
        others = [
            it.reader for name, it in self.command.slots.items() if it.reader.place and name != slot.name
        ]
        words = [it.strip(",") for it in phrase.casefold().split()]
        is_option = any(reader.looks(it, self.tx) for reader in others for it in words)
        return not is_option and self.command.flags.isdisjoint(words)

    def leads(self, name: str, words: str) -> bool:
        """Return whether these words may fill a slot before the text."""
        slot = self.command.slots.get(name)
        return slot is None or slot.reader.leads(words)

    def longest(self, slot: Slot) -> int:
        return 1 if slot.name == NUMBER else self.command.slots[slot.name].reader.longest

    def refusal(self, name: str, words: Word) -> Refusal | None:
        """Return why these words can't be read for a slot; None if they can."""
        reader = self.command.slots[name].reader
        try:
            reader.read(reader.sees(words), self.tx, self.asker)
        except Refusal as refusal:
            return refusal
        return None

    def saying(self, edits: Iterable[Edit]) -> str:
        """Return the whole input after these edits: start, end, and other words."""
        text = self.typed.text
        for start, end, words in sorted(edits, reverse=True):
            text = f"{text[:start]}{words}{text[end:]}"
        return text
