"""Write a command from values for its slots: the other way round than what a person types is read."""

from collections.abc import Mapping

from bot.domain.grammar.usage import Item, Literally, OneOf, Optionally, Pattern, Slot, slots
from bot.domain.text import quoted

Values = Mapping[str, str]
"""Words for slots, by name. A flag is given by its own word."""


def written(pattern: Pattern, values: Values) -> str:
    """Return the command with these values. An option without a value for each of its slots is left out."""
    return " ".join(words for item in pattern if (words := _item(item, values)))


def _item(item: Item, values: Values) -> str:
    match item:
        case Literally(words=words):
            return words[0]
        case Slot(kind=kind, name=name):
            return _word(kind, values.get(name, ""))
        case Optionally(item=(Literally(words=words),)):
            return words[0] if words[0] in values else ""
        case Optionally(item=inner):
            return written(inner, values) if all(it.name in values for it in _needed(inner, values)) else ""
        case OneOf(forms=forms):
            return written(_form(forms, values), values)


def _needed(inner: Pattern, values: Values) -> list[Slot]:
    """Return the slots of an option; of several forms, those of the one that is written."""
    forms = [it for it in inner if isinstance(it, OneOf)]
    chosen = [slot for it in forms for slot in slots(_form(it.forms, values))]
    return [*slots(tuple(it for it in inner if not isinstance(it, OneOf))), *chosen]


def _form(forms: tuple[Pattern, ...], values: Values) -> Pattern:
    """Return the first form of which all slots are given; else the first."""
    named = (form for form in forms if any(slots(form)) and all(it.name in values for it in slots(form)))
    return next(named, forms[0])


def _word(kind: str, value: str) -> str:
    word = " ".join(value.split())
    if kind == "text":
        return quoted(word).replace("`", "'") if word else ""
    if kind == "team" and word and not word.startswith(":"):
        return f":{word}"
    return f"@{word}" if kind == "person" and word and not word.startswith(("@", "<@")) else word
