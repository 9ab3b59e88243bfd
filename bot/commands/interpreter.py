"""Find the command that a text means, and the words that fill its slots."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property

from bot.commands.arguments import Line
from bot.commands.binding import bound_to, may_be_meant
from bot.commands.candidate import ID, Candidate
from bot.commands.command import NUMBER, Command
from bot.commands.plugins import CommandRegistry
from bot.domain.former_words import current_command
from bot.domain.grammar.matching import Bindings, match
from bot.domain.grammar.typed import MOST_LITERALS, Typed, Word, read
from bot.domain.grammar.usage import slots
from bot.domain.markup import as_seen, peeled
from bot.domain.refusal import Choice, Refusal
from bot.domain.text import shortened
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

INCIDENT, TLDR = (Word.at(0, 0, text) for text in ("incident", "tldr"))
ALIKE = 0.7
"""How similar each typed word must be to the suggested one: `stp` suggests stop, `oncall` does not suggest cancel."""
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
        typed = self._with_incident(typed, tx, asker) or self._spelled_out(typed)
        candidates = self._candidates(typed)
        if candidates and number is None:
            typed, number = _number_before_text(candidates[0], typed, tx, asker, channel)
        readings = [Candidate(command, typed, tx, asker) for command in candidates]
        other = self._short_form(typed) if candidates else None
        if other and not any(map(may_be_meant, readings)):
            return self.understand(other, tx, asker=asker, channel=channel)
        for command, reading in zip(candidates, readings, strict=True):
            is_meant = command.begins(typed.literals) == candidates[0].begins(typed.literals)
            bound = bound_to(reading, is_meant=is_meant)
            if bound is not None:
                return Meant(command=command, bound=bound, typed=typed, number=number)
        if not candidates and self._is_begun(typed):
            return self.understand(f"{HELP} {typed.text}", tx, asker=asker)
        raise self._not_understood(typed, number)

    def _short_form(self, typed: Typed) -> str | None:
        """Return the full words of a command of an incident that does not claim its short form.

        They are meant if nothing else fits: `report still broken` is an update, `report last month` is a report.
        """
        spelled = replace(typed, words=(INCIDENT, *typed.words))
        is_one = typed.words[0].bare != INCIDENT and any(
            not it.claims_short and it.texts for it in self._candidates(spelled)
        )
        return f"{INCIDENT} {typed.text}" if is_one else None

    def of_form(self, text: str) -> Meant:
        """Return the command of a form. The form's fields fill the slots that the text leaves open."""
        typed, number = _without_number(read(current_command(text)))
        typed = self._spelled_out(typed)
        for command in self._candidates(typed):
            bound = match(command.pattern, typed) or {}
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
        is_about = bool(typed.words) and typed.words[0].bare == INCIDENT
        other = bare if is_about else spelled
        return other if self._candidates(other) else typed

    def _with_incident(self, typed: Typed, tx: Transaction, asker: str) -> Typed | None:
        """Return the words with `incident` before them, if they clearly mean that, although others begin alike.

        `status mitigated` is about the incident, because it is a phase; `status` alone is about customers.
        """
        spelled = replace(typed, words=(INCIDENT, *typed.words))
        if not typed.words or not self._candidates(typed):
            return None
        shared = (it for it in self._candidates(spelled) if not it.claims_short)
        readings = (Candidate(it, spelled, tx, asker) for it in shared)
        return spelled if any(it.is_clear for it in readings) else None

    def _is_begun(self, typed: Typed) -> bool:
        """Return whether the input is only the beginning of commands. Then their help is the answer."""
        given = tuple(word.bare for word in typed.words[: MOST_LITERALS + 1])
        return bool(given) and (HELP,) in self._prefixes and self._begins_some(given)

    def _begins_some(self, given: tuple[str, ...]) -> bool:
        return any(it[: len(given)] == given for it in self._prefixes)

    @cached_property
    def _prefixes(self) -> list[tuple[str, ...]]:
        return [prefix for command in self._registry.commands for prefix in command.prefixes]

    def _help_wanted(self, typed: Typed) -> str | None:
        """Return the help command if help was asked for after a command: `stop --help`, `pager help`, `me ?`."""
        if not typed.words or typed.words[-1].quoted or typed.words[0].bare == HELP:
            return None
        asked = _HELP.fullmatch(typed.words[-1])
        if asked is None or (HELP,) not in self._prefixes:
            return None
        given = typed.words[:-1]
        bare = given[1:] if given and given[0].bare == INCIDENT else given
        forms = (bare, given, (INCIDENT, *bare))
        begun = (self._begun(it, may_go_on=bool(asked["flag"])) for it in forms)
        return HELP if not bare else next((f"{HELP} {' '.join(it)}" for it in begun if it), None)

    def _begun(self, given: Sequence[Word], *, may_go_on: bool) -> tuple[str, ...]:
        """Return the words that begin a command. With `may_go_on`, words for its slots may follow."""
        words = tuple("" if it.quoted else it.bare for it in given)
        if self._begins_some(words):
            return words
        count = max((it.begins(words) for it in self._registry.commands), default=0)
        prose = [it for it in given[count:] if not it.quoted and not _NO_PROSE.match(it)]
        return words[:count] if may_go_on and len(prose) <= 1 else ()

    def _candidates(self, typed: Typed) -> list[Command]:
        """Return the commands whose literal words begin the input, longest first."""
        given = typed.literals
        begun = ((count, self._by_prefix.get(given[:count], ())) for count in range(1, len(given) + 1))
        counted = {place: count for count, places in begun for place in places}
        longest_first = sorted(counted, key=lambda place: (-counted[place], place))
        return [self._registry.commands[place] for place in longest_first]

    @cached_property
    def _by_prefix(self) -> Mapping[tuple[str, ...], Sequence[int]]:
        """The places of the commands in the registry, by each of their prefixes."""
        found: dict[tuple[str, ...], list[int]] = {}
        for place, command in enumerate(self._registry.commands):
            for prefix in command.prefixes:
                found.setdefault(prefix, []).append(place)
        return found

    # --- what is not understood ---

    def _not_understood(self, typed: Typed, number: int | None) -> Refusal:
        for best in self._candidates(typed):
            return Refusal(f"I understood `{best.words}`, but not the rest. Usage: `{best.usage}`")
        if near := self._nearest(typed):
            words, count = near
            meant = " ".join(words)
            given = " ".join(typed.words[:count])
            about = f"inc-{number} " if number is not None else ""
            rest = typed.text[typed.words[count - 1].end :]
            return Refusal(
                f"I don't know `{shortened(given)}`. Did you mean `{meant}`?",
                choices=(Choice(label=shortened(f"{meant}{rest}"), say=f"{about}{meant}{rest}"),),
            )
        return Refusal(
            f"I don't know `{shortened(typed.text)}`. `help` shows what I can do."
            if typed.text
            else 'What can I do? `help` shows it; `incident me "what is wrong"` opens an incident.',
            choices=(Choice(label="Help", say="help"),),
        )

    def _nearest(self, typed: Typed) -> tuple[tuple[str, ...], int] | None:
        """Return the most similar command's words, and how many typed words they replace.

        Words that resemble no command word stay as typed: in `incident start db down` only `me` is missing. In
        `ledger` only the first word of `oncall ledger` is.
        """
        given = tuple(word.bare for word in typed.words[:MOST_LITERALS])
        spelled = self._prefixes
        short = [it[1:] for it in spelled if it[0] == INCIDENT and len(it) > 1]
        unbegun = [it for it in spelled if len(it) > 1 and given[: len(it) - 1] == it[1:]]
        near = [
            (_likeness(given, words[:count]), count - len(words), count, spoken)
            for spoken, words in [
                *((it, it) for it in spelled),
                *(((INCIDENT, *it), it) for it in short),
                *((it, it[1:]) for it in unbegun),
            ]
            for count in {len(words), max(len(words) - 1, 2)}
            if count <= min(len(words), len(given)) and not any(it.quoted for it in typed.words[:count])
        ]
        likeness, _, count, spoken = max(near, key=lambda it: it[:3], default=(0.0, 0, 0, ()))
        return (spoken, count) if likeness >= ALIKE else None


def incident_number(word: str) -> int:
    """Read an incident's number: `42`, `#42` or `inc-42`. Refuses anything else."""
    found = ID.fullmatch(peeled(word))
    if not found:
        raise Refusal(f"{shortened(as_seen(word))} is not an incident number. `incident list` shows them.")
    return int(found[1])


# --- words ------------------------------------------------------------------------------------------------


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
    at = command.begins(typed.literals)
    word, behind = next(iter(typed.words[at:]), None), typed.words[at + 1 :]
    found = ID.fullmatch(word.bare) if word and not word.quoted and _begins_with_prose(command) else None
    if word is None or found is None:
        return typed, None
    number, is_prose = int(found[1]), bool(behind) and not behind[0].quoted
    here = tx.session.incidents.in_channel(channel) if channel else None
    other = tx.session.incidents.get(number)
    is_seen = not is_prose and other is not None and ReadAccess(tx).sees(asker, other)
    is_named = word.bare.startswith("inc-") or is_seen
    if not is_named or (is_prose and here and here.number == number):
        return typed, None
    if here is None or here.number == number:
        return replace(typed, words=(*typed.words[:at], *behind)), number
    about = typed.text[: word.start].removeprefix(INCIDENT).strip()
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
    named = list(slots(command.pattern))
    is_text = bool(named) and named[0].kind == "text" and command.slots[named[0].name].type in {str, Line}
    return command.needs_incident and is_text and all(it.name != NUMBER for it in named)


def _likeness(given: Sequence[str], meant: Sequence[str]) -> float:
    """Return the similarity of the least similar pair, from 0 to 1. Compares 40 letters: no command word is longer."""
    pairs = zip(given, meant, strict=False)
    return min(SequenceMatcher(a=one[:40], b=other).ratio() for one, other in pairs)
