"""Finds buttons and fields by their visible words, and builds the state of a form."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from bot.sandbox.slack.call import SlackError
from bot.sandbox.slack.world import Json

OptionValue = str | list[str]
PICKED = {
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "multi_users_select": "selected_users",
}
KEPT = ("text", "value", "url", "style")  # keys of a button in its action
TYPED = ("plain_text_input", "email_text_input", "url_text_input", "number_input")


class Target(NamedTuple):
    """One element of a message or a view."""

    block_id: str
    action_id: str


class NotThereError(LookupError):
    """An element that is not on the screen."""


def pressed(blocks: list[Json], wanted: str) -> Json:
    """Return the action of a button, or of an option, with this label."""
    seen: list[str] = []
    for block, element in _interactive(blocks):
        ids = {"block_id": block.get("block_id", ""), "action_id": element.get("action_id", "")}
        if element["type"] == "button":
            seen.append(element["text"]["text"])
            if wanted in (seen[-1], ids["action_id"]):
                return {"type": "button", **ids} | {key: element[key] for key in KEPT if key in element}
        for option in options(element):
            seen.append(option["text"]["text"])
            if wanted in (seen[-1], option["value"]):
                return {"type": element["type"], **ids, "selected_option": option}
    raise NotThereError(
        f"nothing here is called {wanted!r}; there is {', '.join(map(repr, seen)) or 'nothing'}"
    )


def used(blocks: list[Json], target: Target, value: OptionValue) -> Json:
    """Return the action of exactly this element, with the chosen `value`. A button takes no value."""
    for block, element in _interactive(blocks):
        if (block.get("block_id"), element.get("action_id")) == tuple(target):
            ids = {"block_id": target.block_id, "action_id": target.action_id}
            if element["type"] == "button":
                return {"type": "button", **ids} | {key: element[key] for key in KEPT if key in element}
            return ids | _chosen(element, value)
    raise NotThereError("This is not there any more: the message has changed.")


def labels(blocks: list[Json]) -> list[str]:
    """Return the labels of all buttons and options."""
    return [e["text"]["text"] for _, e in _interactive(blocks) if e["type"] == "button"]


def _interactive(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    for block in blocks:
        if block["type"] == "actions":
            yield from ((block, element) for element in block["elements"])
        elif block["type"] == "section" and block.get("accessory", {}).get("type") not in (None, "image"):
            yield block, block["accessory"]


def options(element: Json) -> list[Json]:
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(option for group in groups for option in group["options"])]


def filled(blocks: list[Json], given: dict[str, Any]) -> tuple[Json, dict[str, str]]:
    """Return a modal's `state.values`, and errors for missing values, by block id. NotThereError for unknown names."""
    values: Json = {}
    missing: dict[str, str] = {}
    left = dict(given)
    for block in blocks:
        if block["type"] != "input":
            continue
        element, block_id = block["element"], block["block_id"]
        names = (block["label"]["text"], block_id, element.get("action_id", ""))
        key = next((name for name in names if name in left), None)
        state = _chosen(element, left.pop(key)) if key is not None else _initial(element)
        values[block_id] = {element["action_id"]: state}
        if not block.get("optional") and not _says_something(state):
            missing[block_id] = "Please complete this required field."
    if left:
        there = [block["label"]["text"] for block in blocks if block["type"] == "input"]
        raise NotThereError(f"no field is called {', '.join(left)}; there is {', '.join(there) or 'none'}")
    return values, missing


def matched(blocks: list[Json], errors: Any) -> dict[str, str]:
    """Keep the errors that belong to an input of the form."""
    inputs = {block["block_id"] for block in blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise SlackError("invalid_errors")
    return errors


def _says_something(state: Json) -> bool:
    return any(value not in (None, "", []) for key, value in state.items() if key != "type")


def _chosen(element: Json, value: Any) -> Json:
    kind = element["type"]
    if kind in TYPED:
        return {"type": kind, "value": str(value) if value not in (None, "") else None}
    if kind in PICKED:
        return {"type": kind, PICKED[kind]: value}
    if kind in ("checkboxes", "multi_static_select"):
        wanted = [value] if isinstance(value, str) else list(value)
        return {"type": kind, "selected_options": [_option(element, one) for one in wanted]}
    return {"type": kind, "selected_option": _option(element, value) if value else None}


def _initial(element: Json) -> Json:
    kind = element["type"]
    if kind in TYPED:
        return {"type": kind, "value": element.get("initial_value")}
    if kind in PICKED:
        return {"type": kind, PICKED[kind]: element.get(PICKED[kind].replace("selected", "initial"))}
    if kind in ("checkboxes", "multi_static_select"):
        return {"type": kind, "selected_options": element.get("initial_options") or []}
    return {"type": kind, "selected_option": element.get("initial_option")}


def _option(element: Json, wanted: str) -> Json:
    for option in options(element):
        if wanted in (option["text"]["text"], option["value"]):
            return option
    there = ", ".join(option["text"]["text"] for option in options(element))
    raise NotThereError(f"no option is called {wanted!r}; there is {there}")
