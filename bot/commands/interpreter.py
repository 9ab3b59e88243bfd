"""From what was typed to the command that is meant, and the words that fill its slots."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from bot.commands.command import NUMBER, Command
from bot.commands.grammar import Bindings, Slot, Typed, Word, match, read
from bot.commands.plugins import Handbook
from bot.domain.refusal import Choice, Refusal
from bot.domain.text import shortened
from bot.services.desk import Desk

INCIDENT, TLDR = (Word(text=text, start=0, end=0) for text in ("incident", "tldr"))
ALIKE = 0.7
"""How much each typed word must resemble the one that is taken to be meant: `stp` is stop, `oncall` is not cancel."""
ID = re.compile(r"(?:inc-|#)?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Meant:
    """A command with the words for its slots, by name; `number` is the incident's where the words told it."""

    command: Command
    bound: Bindings
    typed: Typed
    number: int | None


class Interpreter:
    """Knows the commands that can be said."""

    def __init__(self, handbook: Handbook) -> None:
        self._handbook = handbook

    def understand(self, text: str, desk: Desk) -> Meant:
        """Find the command that was typed; refuses, with what may have been meant, where there is none."""
        typed, number = _without_number(read(text))
        typed = self._spelled_out(typed)
        candidates, literals = self._candidates(typed), _literals(typed)
        for command in candidates:
            is_meant = command.begins(literals) == candidates[0].begins(literals)
            for accepts in (_accepts(command, desk), *([_anything] if is_meant else [])):
                bound = match(command.pattern, typed, accepts)
                if bound is not None:
                    return Meant(command=command, bound=bound, typed=typed, number=number)
        if not candidates and self._is_begun(typed):
            return self.understand(f"help {typed.text}", desk)
        raise self._not_understood(typed, number)

    def of_form(self, text: str) -> Meant:
        """Find the command that a form was opened for: its fields fill the slots that the text leaves open."""
        typed, number = _without_number(read(text))
        typed = self._spelled_out(typed)
        for command in self._candidates(typed):
            bound = match(command.pattern, typed, _anything) or {}
            return Meant(command=command, bound=bound, typed=typed, number=number)
        raise self._not_understood(typed, number)

    def _spelled_out(self, typed: Typed) -> Typed:
        """Put the word `incident` before what makes sense with it only, and take it from what makes none with it.

        `tldr` is `incident tldr`; `/incident help` and `/incident page :imoc …` are `help` and `page :imoc …`.
        """
        if self._candidates(typed) or self._is_begun(typed):
            return typed
        spelled = replace(typed, words=(INCIDENT, *typed.words))
        bare = replace(typed, words=typed.words[1:])
        is_about = bool(typed.words) and typed.words[0].text.casefold() == INCIDENT.text
        other = bare if is_about else spelled
        return other if self._candidates(other) else typed

    def _is_begun(self, typed: Typed) -> bool:
        """Whether what was typed is the beginning of commands: then their help is the answer."""
        said = tuple(word.text.casefold() for word in typed.words)
        prefixes = [prefix for command in self._handbook.commands for prefix in command.prefixes]
        return bool(said) and ("help",) in prefixes and any(it[: len(said)] == said for it in prefixes)

    def _candidates(self, typed: Typed) -> list[Command]:
        """Give the commands whose literal words begin what was typed, longest first."""
        said = _literals(typed)
        counted = [(it.begins(said), it) for it in self._handbook.commands]
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
        """Give the command's words that are most like what was typed, and in place of how many words they stand.

        What resembles no word of a command stays what it was: `incident start db down` has lost its `me` only.
        """
        said = tuple(word.text.casefold() for word in typed.words)
        spelled = [prefix for command in self._handbook.commands for prefix in command.prefixes]
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
    """Read an incident's number, `42`, `#42` or `inc-42`; refuses anything else."""
    found = ID.fullmatch(word)
    if not found:
        raise Refusal(f"{shortened(word)} is no incident's number. `incident list` shows them.")
    return int(found[1])


def _accepts(command: Command, desk: Desk) -> Callable[[Slot, Word], bool]:
    def accepts(slot: Slot, word: Word) -> bool:
        if slot.name == NUMBER:
            return bool(ID.fullmatch(word.text))
        return command.slots[slot.name].reader.looks(word.text, desk)

    return accepts


def _anything(slot: Slot, word: Word) -> bool:
    """Take any word: the slot's reader then says what is wrong with it."""
    del slot, word
    return True


def _without_number(typed: Typed) -> tuple[Typed, int | None]:
    """Read `incident 42 stop` as `incident stop`, about INC-42; `inc-42 stop` too, and `inc-42` as its tldr."""
    words = typed.words
    for at in (0, 1):
        if len(words) > at and (at == 0 or words[0].text.casefold() == "incident"):
            found = ID.fullmatch(words[at].text)
            if found and (at == 1 or not words[at].text.isdigit()):
                rest = (*words[:at], *words[at + 1 :])
                return replace(typed, words=rest if len(words) > at + 1 else (*rest, TLDR)), int(found[1])
    return typed, None


def _literals(typed: Typed) -> tuple[str, ...]:
    """Give what was typed without quotes, in small letters: where the words of commands are sought."""
    return tuple(word.text.casefold() for word in typed.words if not word.quoted)


def _likeness(said: Sequence[str], meant: Sequence[str]) -> float:
    """Give how much the least alike of the words are alike, from 0 to 1; no command has a word of 40 letters."""
    pairs = zip(said, meant, strict=False)
    return min(SequenceMatcher(a=one[:40], b=other).ratio() for one, other in pairs)
