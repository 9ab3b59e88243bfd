"""The commands as tools of an agent: a name, what it takes and what it does, all of it from the declaration."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from bot.commands.command import NUMBER, Command, CommandParameter
from bot.commands.plugins import CommandRegistry
from bot.commands.reply import Fill
from bot.domain.grammar.usage import Slot, slots
from bot.domain.grammar.writing import Values, written
from bot.domain.refusal import Refusal
from bot.domain.text import shortened

INCIDENT = "incident"
"""The argument with the number of an incident. A program has no channel from which Spy could know it."""
KINDS = {
    "team": "A team, such as :imoc.",
    "person": "A person by name, such as @raj.",
    "text": "Text on one line.",
    "word": "",
}
PROPOSES = (
    "It changes something, so it is only proposed: a person reads the command in Slack and decides about it."
)


@dataclass(frozen=True, kw_only=True)
class Tool:
    name: str
    prefix: tuple[str, ...]
    """The words that call it, of several forms those that no other command has."""
    command: Command

    @property
    def reads(self) -> bool:
        return self.command.reads

    @property
    def description(self) -> str:
        about = [self.command.help, *([] if self.reads else [PROPOSES]), f"In chat: {self.command.usage}"]
        return "\n\n".join(about)

    @property
    def schema(self) -> Mapping[str, Any]:
        """Return what it takes as a JSON Schema."""
        return {
            "type": "object",
            "properties": {name: it for name, it, _ in self._arguments()},
            "required": [name for name, _, is_needed in self._arguments() if is_needed],
            "additionalProperties": False,
        }

    def words(self, arguments: Mapping[str, object]) -> str:
        """Return the command as a person would type it. Refuses an argument that the tool does not take."""
        known = {name: it["type"] for name, it, _ in self._arguments()}
        for name, value in arguments.items():
            if name not in known:
                raise Refusal(
                    f"{self.name} takes no {shortened(name)}. It takes: {', '.join(known) or 'nothing'}."
                )
            if not _fits(value, known[name]):
                raise Refusal(f"{name} is not of the type {known[name]}.")
        values = {name: _word(it) for name, it in arguments.items() if it not in {None, False, ""}}
        number = values.pop(INCIDENT, "")
        if self._has_number:
            return self._written(values | ({NUMBER: number} if number else {}))
        words = self._written(values)
        return f"inc-{number} {words}" if number else words

    def _written(self, values: Values) -> str:
        usual = written(self.command.pattern, values)
        return " ".join(self.prefix) + usual[len(self.command.words) :]

    @property
    def _has_number(self) -> bool:
        return any(it.name == NUMBER for it in slots(self.command.pattern))

    def _arguments(self) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
        """Yield the name of each argument, its schema, and whether it is needed."""
        if self.command.wants_incident or self._has_number:
            about = {
                "type": "integer",
                "minimum": 1,
                "description": "The number of the incident: 12 for INC-12.",
            }
            yield INCIDENT, about, self.command.needs_incident
        kinds = {it.name: it for it in slots(self.command.pattern)}
        for name, it in self.command.slots.items():
            yield name, _schema(it, kinds.get(name)), it.required and it.type is not bool


def tools(registry: CommandRegistry) -> Mapping[str, Tool]:
    """Return the tools by name: all commands but those for people only, and those that only open a form."""
    commands = [it for it in registry.commands if it.by_token and not _only_opens_a_form(it)]
    return {_name(words): Tool(name=_name(words), prefix=words, command=it) for words, it in _named(commands)}


def _named(commands: Sequence[Command]) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Yield each command with words of its own. One whose every form is another's too is no tool: the other is."""
    claimed = Counter(it.prefixes[0] for it in commands)
    taken = set[tuple[str, ...]]()
    for command in commands:
        first, *others = command.prefixes
        own = next((it for it in others if it not in claimed), None) if claimed[first] > 1 else first
        words = own or (first if first not in taken else None)
        if words:
            taken.add(words)
            yield words, command


def _name(words: tuple[str, ...]) -> str:
    return "_".join(words).replace("-", "_")


def _only_opens_a_form(command: Command) -> bool:
    return get_type_hints(command.run).get("return") is Fill


def _schema(parameter: CommandParameter, slot: Slot | None) -> Mapping[str, Any]:
    if parameter.type is bool:
        return {"type": "boolean"}
    kind = slot.kind if slot else "word"
    example = parameter.reader.example
    about = " ".join(
        filter(None, (KINDS[kind], f"For example: {example}" if example and kind == "word" else ""))
    )
    return {"type": "string", "maxLength": parameter.reader.most, **({"description": about} if about else {})}


def _fits(value: object, kind: str) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool) or value is None
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return isinstance(value, str | int) and not isinstance(value, bool)


def _word(value: object) -> str:
    return "yes" if value is True else str(value)
