"""A message in Slack's blocks, within Slack's limits: what is too long is split, folded, and never refused."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from bot.adapters.slack.text import MORE, cut, pieces
from bot.domain.message import Button, Buttons, Context, Divider, Fields, Header, Message, Part, Section

Block = dict[str, Any]

TEXT = 40_000
BLOCKS, CHARACTERS = 50, 12_000
SECTION, FIELD, FIELDS, HEADER, CONTEXT = 3_000, 2_000, 10, 150, 2_000
LABEL, VALUE, URL, BUTTONS = 75, 2_000, 3_000, 25
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_LABEL = 100, 300, 30
STYLES = frozenset({"primary", "danger"})


def payload(message: Message) -> dict[str, Any]:
    """Give `text` and `blocks` as chat.postMessage takes them; no blocks where plain text is all there is."""
    return {"text": cut(message.text, TEXT) or MORE, "blocks": blocks(message)}


def blocks(message: Message) -> list[Block]:
    """Lay out the parts; where they are too many the tail is folded, its buttons kept."""
    numbers = count(1)
    return _folded([block for part in message.parts for block in _laid_out(part, numbers)])


def sections(text: str) -> list[Block]:
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
        case Buttons(buttons):
            elements = [_button(button, next(numbers)) for button in buttons if _is_whole(button)]
            for some in _by(elements, BUTTONS):
                yield {"type": "actions", "elements": some}


def _by(many: list[Block], most: int) -> Iterator[list[Block]]:
    return (many[start : start + most] for start in range(0, len(many), most))


def _is_whole(button: Button) -> bool:
    """Tell whether a press would do what it says: half a command or half an address is worse than none."""
    return bool(button.label.strip()) and len(button.say or "") <= VALUE and len(button.url or "") <= URL


def _button(button: Button, number: int) -> Block:
    element: Block = {
        "type": "button",
        "text": plain(cut(button.label, LABEL)),
        "action_id": f"{'open' if button.url else 'say'}-{number}",
    }
    if button.say:
        element["value"] = button.say
    if button.url:
        element["url"] = button.url
    if button.style in STYLES:
        element["style"] = button.style
    if button.confirm:
        element["confirm"] = _question(button.label, button.confirm)
    return element


def _question(label: str, question: str) -> Block:
    return {
        "title": plain(cut(label, CONFIRM_TITLE)),
        "text": plain(cut(question, CONFIRM_TEXT)),
        "confirm": plain(cut(label, CONFIRM_LABEL)),
        "deny": plain("Not now"),
    }


def _folded(all_of_them: list[Block]) -> list[Block]:
    fitting = _fitting(all_of_them, BLOCKS, CHARACTERS)
    if fitting == len(all_of_them):
        return all_of_them
    buttons = [block for block in all_of_them if block["type"] == "actions"][-3:]
    room = CHARACTERS - sum(map(_length, buttons)) - len(MORE)
    fitting = _fitting(all_of_them, BLOCKS - len(buttons) - 1, room)
    kept = all_of_them[:fitting]
    fold: Block = {"type": "context", "elements": [mrkdwn(MORE)]}
    return [*kept, fold, *(block for block in buttons if block not in kept)]


def _fitting(them: list[Block], most: int, characters: int) -> int:
    """Count the blocks, from the first, that keep within both limits."""
    for index, block in enumerate(them):
        characters -= _length(block)
        if characters < 0 or index == most:
            return index
    return len(them)


def _length(thing: object) -> int:
    """Count the characters of everything that is written in a block."""
    if isinstance(thing, dict):
        return sum(_length(value) for value in thing.values())
    if isinstance(thing, list):
        return sum(map(_length, thing))
    return len(thing) if isinstance(thing, str) else 0
