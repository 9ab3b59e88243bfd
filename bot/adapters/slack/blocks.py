"""Render messages as Slack's blocks, within Slack's limits. A message that is too long is split into several."""

from collections.abc import Iterator, Sequence
from itertools import chain, count
from typing import Any

from bot.adapters.slack.button_values import value
from bot.adapters.slack.data_blocks import block_of, fitting
from bot.adapters.slack.lengths import (
    BLOCKS,
    BUTTONS,
    CONFIRM_LABEL,
    CONFIRM_TEXT,
    CONFIRM_TITLE,
    CONTEXT,
    FIELD,
    FIELDS,
    HEADER,
    LABEL,
    MENU,
    MENU_VALUE,
    OPTION,
    SECTION,
    TEXT,
    TOGETHER,
    URL,
    VALUE,
    VIEW_BLOCKS,
    VIEW_TOGETHER,
    fitting_text,
)
from bot.adapters.slack.text import MORE, cut, pieces, size
from bot.domain.message import (
    Button,
    Buttons,
    Context,
    DataChart,
    DataTable,
    Divider,
    Fields,
    Header,
    Message,
    Part,
    Section,
)

Block = dict[str, Any]

STYLES = frozenset({"primary", "danger"})


def payload(message: Message) -> dict[str, Any]:
    """Return `text` and `blocks`, as each of Slack's methods takes them. A message without parts has no blocks."""
    return {"text": fitting_text(message.text), "blocks": blocks(message)}


def blocks(message: Message) -> list[Block]:
    """Return the blocks of one message. If there are too many, the end is replaced by …, but buttons stay."""
    return _folded(_all(_parts(message)))


def view_blocks(message: Message) -> list[Block]:
    """Return the blocks of a Home tab, which may have twice as many as a message, and more words.

    It shows only blocks, so a message without parts becomes a section.
    """
    return _folded(_all(message.parts or (Section(message.text),)), VIEW_BLOCKS, VIEW_TOGETHER)


def messages(message: Message) -> list[Message]:
    """Return the message as one or more messages that together show all of it."""
    small = [*chain.from_iterable(map(_small, _parts(message)))]
    if _fits(_all(small)):
        return [message]
    split = list[list[Part]]()
    for part in small:
        if split and _fits(_all([*split[-1], part])):
            split[-1].append(part)
        else:
            split.append([part])
    first, *others = (tuple(parts) for parts in split)
    rest = (Message(text="\n".join(filter(None, map(_words, parts))), parts=parts) for parts in others)
    return [Message(text=message.text, parts=first), *rest]


def _parts(message: Message) -> Sequence[Part]:
    """Return the parts. A plain text that is too long for `text` becomes a section."""
    if message.parts or size(message.text) <= TEXT:
        return fitting(message.parts)
    return (Section(message.text),)


def _small(part: Part) -> Iterator[Part]:
    """Split a part that may be too large for one message."""
    match part:
        case Section(text):
            yield from map(Section, pieces(text, SECTION))
        case Context(text):
            yield from map(Context, pieces(text, CONTEXT))
        case Fields(texts) if _length(list(texts)) > SECTION:
            yield from (Fields((text,)) for text in texts)
        case Buttons(buttons) if _length(_all([part])) > SECTION:
            yield from (Buttons((button,)) for button in buttons)
        case _:
            yield part


def _words(part: Part) -> str:
    match part:
        case Header(text) | Section(text) | Context(text):
            return text
        case DataTable() | DataChart():
            return part.text
        case Fields(texts):
            return "\n".join(texts)
        case _:
            return ""


def _all(parts: Sequence[Part]) -> list[Block]:
    numbers = count(1)
    return [block for part in parts for block in _laid_out(part, numbers)]


def _fits(them: list[Block]) -> bool:
    return _fitting(them, BLOCKS, TOGETHER) == len(them)


def sections(text: str) -> list[Block]:
    """Return a text as section blocks, split at Slack's limit."""
    return [{"type": "section", "text": mrkdwn(piece)} for piece in pieces(text, SECTION)]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def _laid_out(part: Part, numbers: Iterator[int]) -> Iterator[Block]:
    match part:
        case Header(text) if text.strip():
            yield {"type": "header", "text": plain(cut(" ".join(text.split()), HEADER))}
        case Section(text):
            yield from sections(text)
        case Fields(texts):
            filled = [mrkdwn(cut(text, FIELD)) for text in texts if text.strip()]
            for some in _by(filled, FIELDS):
                yield {"type": "section", "fields": some}
        case Context(text):
            yield from ({"type": "context", "elements": [mrkdwn(piece)]} for piece in pieces(text, CONTEXT))
        case Divider():
            yield {"type": "divider"}
        case DataTable() | DataChart():
            block = block_of(part)
            yield from [block] if block else sections(part.text)
        case Buttons(buttons):
            yield from _rows(buttons, numbers)


def _rows(buttons: Sequence[Button], numbers: Iterator[int]) -> Iterator[Block]:
    whole = [button for button in buttons if _is_whole(button)]
    rare = [button for button in whole if _fits_menu(button)][:MENU]
    elements = [_button(button, next(numbers)) for button in whole if button not in rare]
    if rare:
        elements.append(_menu(rare, next(numbers)))
    for some in _by(elements, BUTTONS):
        yield {"type": "actions", "elements": some}


def _by(many: list[Block], most: int) -> Iterator[list[Block]]:
    return (many[start : start + most] for start in range(0, len(many), most))


def _is_whole(button: Button) -> bool:
    """Return whether the button's command or URL fits: a cut one would do something else, so it is left out."""
    return bool(button.label.strip()) and len(button.say or "") <= VALUE and len(button.url or "") <= URL


def _button(button: Button, number: int) -> Block:
    element: Block = {
        "type": "button",
        "text": plain(cut(button.label, LABEL)),
        "action_id": f"{'open' if button.url else 'say'}-{number}",
    }
    if button.say:
        element["value"] = value(button.say, button.memory)
    if button.url:
        element["url"] = button.url
    if button.style in STYLES:
        element["style"] = button.style
    if button.confirm:
        element["confirm"] = _question(button.label, button.confirm)
    return element


def _fits_menu(button: Button) -> bool:
    return button.in_menu and bool(button.say) and len(button.say or "") <= MENU_VALUE


def _menu(buttons: Sequence[Button], number: int) -> Block:
    options = [{"text": plain(cut(it.label, OPTION)), "value": it.say} for it in buttons]
    return {"type": "overflow", "action_id": f"say-{number}", "options": options}


def _question(label: str, question: str) -> Block:
    return {
        "title": plain(cut(label, CONFIRM_TITLE)),
        "text": plain(cut(question, CONFIRM_TEXT)),
        "confirm": plain(cut(label, CONFIRM_LABEL)),
        "deny": plain("Not now"),
    }


def _folded(all_of_them: list[Block], most: int = BLOCKS, together: int = TOGETHER) -> list[Block]:
    if _fitting(all_of_them, most, together) == len(all_of_them):
        return all_of_them
    buttons = [block for block in all_of_them if block["type"] == "actions"][-3:]
    space = together - sum(map(_length, buttons)) - len(MORE)
    fitting = _fitting(all_of_them, most - len(buttons) - 1, space)
    kept = all_of_them[:fitting]
    fold: Block = {"type": "context", "elements": [mrkdwn(MORE)]}
    return [*kept, fold, *(block for block in buttons if block not in kept)]


def _fitting(them: list[Block], most: int, characters: int) -> int:
    """Return how many blocks, from the first, are within both limits."""
    for index, block in enumerate(them):
        characters -= _length(block)
        if characters < 0 or index == most:
            return index
    return len(them)


def _length(thing: object) -> int:
    """Return the number of characters of all text in a block."""
    if isinstance(thing, dict):
        return sum(_length(value) for value in thing.values())
    if isinstance(thing, list):
        return sum(map(_length, thing))
    return len(thing) if isinstance(thing, str) else 0
