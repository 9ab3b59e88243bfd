"""Render a form as Slack's modal, and read what a person filled in."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.adapters.slack.blocks import Block, plain, sections
from bot.adapters.slack.lengths import (
    HINT,
    OPTION,
    OPTIONS,
    QUESTION,
    TYPED,
    VIEW_BLOCKS,
    VIEW_MEMORY,
    VIEW_TITLE,
)
from bot.adapters.slack.text import cut
from bot.domain.message import Message
from bot.domain.text import storable
from bot.ports import Form, FormField, Rejected

CALLBACK = "say"
ANSWER = "answer"  # the one element in each question
TICKED = "yes"
PERSON = re.compile(r"(?:<@)?(?P<id>[UW][A-Z0-9]{2,20})(?:\||>|$)")


def view(form: Form, memory: Mapping[str, Any]) -> dict[str, Any]:
    """Return the modal. Slack returns `memory` with the answers. Raise Rejected if it is over 3,000 characters."""
    kept = json.dumps(dict(memory), separators=(",", ":"), ensure_ascii=False)
    if len(kept) > VIEW_MEMORY:
        raise Rejected("memory_too_long", "That is too long for a form. Write it in a message instead.")
    intro = sections(form.intro or "")
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain(cut(form.title, VIEW_TITLE)),
        "submit": plain(cut(form.submit, VIEW_TITLE)),
        "close": plain("Close"),
        "private_metadata": kept,
        "blocks": (intro + [_question(field) for field in form.fields])[:VIEW_BLOCKS],
    }


def notice(title: str, message: Message) -> dict[str, Any]:
    """Return a modal without questions: the answer to a submitted form."""
    return {
        "type": "modal",
        "title": plain(cut(title, VIEW_TITLE)),
        "close": plain("Close"),
        "blocks": sections(message.text)[:VIEW_BLOCKS],
    }


def remembered(view_sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the memory that the form was opened with; empty if it can't be read."""
    try:
        memory = json.loads(view_sent.get("private_metadata") or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}
    return memory if isinstance(memory, dict) else {}


def filled_in(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the answers in `view.state.values` by field: "yes" or "" for a tick, `<@U…>` for a person, else text.

    An empty field is "".
    """
    return {name: storable(_words(_first(elements))) for name, elements in values.items()}


def _first(elements: Any) -> Mapping[str, Any]:
    first = next(iter(elements.values()), None) if isinstance(elements, Mapping) else None
    return first if isinstance(first, Mapping) else {}


def _words(element: Mapping[str, Any]) -> str:
    match element.get("type"):
        case "static_select":
            option = element.get("selected_option")
            return str(option.get("value", "")) if isinstance(option, Mapping) else ""
        case "users_select":
            person = element.get("selected_user")
            return f"<@{person}>" if person else ""
        case "checkboxes":
            return TICKED if element.get("selected_options") else ""
        case _:
            return str(element.get("value") or "")


def _question(field: FormField) -> Block:
    block: Block = {
        "type": "input",
        "block_id": field.name,
        "label": plain(cut(field.label, QUESTION)),
        "element": {**_element(field), "action_id": ANSWER},
        "optional": field.optional or field.kind == "tick",
    }
    if field.hint and field.kind != "tick":
        block["hint"] = plain(cut(field.hint, HINT))
    return block


def _element(field: FormField) -> Block:
    match field.kind:
        case "line" | "text":
            return _typed(field)
        case "choice":
            return _choice(field)
        case "person":
            person = PERSON.match(field.initial or "")
            return {"type": "users_select"} | ({"initial_user": person["id"]} if person else {})
        case "tick":
            box = _option(TICKED, field.hint or field.label)
            return {"type": "checkboxes", "options": [box]} | (
                {"initial_options": [box]} if field.initial else {}
            )
        case unknown:
            raise ValueError(f"a form asks nothing of the kind {unknown!r}")


def _typed(field: FormField) -> Block:
    longest = min(field.max_length or TYPED, TYPED)
    element: Block = {
        "type": "plain_text_input",
        "multiline": field.kind == "text",
        "max_length": longest,
    }
    return element | ({"initial_value": cut(field.initial, longest)} if field.initial else {})


def _choice(field: FormField) -> Block:
    options = [_option(value, label) for value, label in field.options][:OPTIONS]
    chosen = [option for option in options if option["value"] == field.initial]
    element: Block = {"type": "static_select", "options": options}
    return element | ({"initial_option": chosen[0]} if chosen else {})


def _option(value: str, label: str) -> Block:
    return {"text": plain(cut(label, OPTION)), "value": value}
