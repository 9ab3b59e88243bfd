"""Block Kit as Slack checks it: known types, required keys, counts and lengths."""

import json
from typing import Any

from bot.sandbox.slack.call import SlackError
from bot.sandbox.slack.checks import (
    BLOCK,
    ID,
    LONGEST_ID,
    BlockSchema,
    Check,
    Problems,
    anything,
    boolean,
    length,
    listed,
    one_of,
    plain,
    rich,
    string,
    text,
)
from bot.sandbox.slack.data_blocks import DATA_BLOCKS, together
from bot.sandbox.slack.world import Json

MOST_IN_MESSAGE, MOST_IN_VIEW = 50, 100
LONGEST_TOGETHER, LONGEST_METADATA, LONGEST_TITLE = 12_000, 3000, 24
MOST_OPTIONS, LONGEST_URL = 100, 3000
LARGEST_VIEW = 250_000
LINKS = ("https://", "http://", "mailto:", "slack://")


def sound_message(blocks: Any) -> list[Json]:
    """Check the blocks, and return them with ids. SlackError if Slack would refuse them."""
    problems = [*_blocks(blocks, MOST_IN_MESSAGE, MESSAGE_BLOCKS, "/blocks")]
    if problems or (problems := [*together(blocks)]):
        raise SlackError.explained("invalid_blocks", problems)
    if length(blocks) > LONGEST_TOGETHER:
        raise SlackError("msg_blocks_too_long")
    return _with_ids(blocks)


def sound_view(view: Any, kind: str) -> Json:
    if not isinstance(view, dict) or view.get("type") != kind:
        raise SlackError.explained("invalid_arguments", [f"must be a {kind} [json-pointer:/view/type]"])
    problems = [*_view(view)]
    if problems:
        raise SlackError.explained("invalid_arguments", problems)
    if len(json.dumps(view)) > LARGEST_VIEW:
        raise SlackError("view_too_large")
    return view | {"blocks": _with_ids(view["blocks"])}


def _with_ids(blocks: list[Json]) -> list[Json]:
    """Add the block and action ids that the bot left out."""
    return [{"block_id": f"b{i}"} | _named(block, f"b{i}") for i, block in enumerate(blocks)]


def _named(block: Json, name: str) -> Json:
    named = dict(block)
    if block["type"] == "actions":
        named["elements"] = [{"action_id": f"{name}.{n}"} | e for n, e in enumerate(block["elements"])]
    for key in ("accessory", "element"):
        if key in block and block[key]["type"] != "image":
            named[key] = {"action_id": f"{name}.0"} | block[key]
    return named


def _view(view: Json) -> Problems:
    is_modal = view["type"] == "modal"
    yield from _blocks(view.get("blocks"), MOST_IN_VIEW, VIEW_BLOCKS, "/view/blocks")
    if is_modal and "title" not in view:
        yield "missing required field: title [json-pointer:/view]"
    for key in ("title", "submit", "close"):
        if view.get(key) is not None:
            yield from plain(LONGEST_TITLE)(view[key], f"/view/{key}")
    has_input = any(isinstance(b, dict) and b.get("type") == "input" for b in view.get("blocks") or [])
    if is_modal and has_input and not view.get("submit"):
        yield "missing required field: submit [json-pointer:/view]"
    yield from string(LONGEST_METADATA)(view.get("private_metadata", ""), "/view/private_metadata")
    for key in ("callback_id", "external_id"):
        yield from string(LONGEST_ID)(view.get(key, ""), f"/view/{key}")


def _blocks(blocks: Any, most: int, known: frozenset[str], at: str) -> Problems:
    if not isinstance(blocks, list):
        yield f"must be an array [json-pointer:{at}]"
        return
    if not blocks or len(blocks) > most:
        yield f"no more than {most} items allowed, and at least 1 [json-pointer:{at}]"
    for i, block in enumerate(blocks):
        if not isinstance(block, dict) or block.get("type") not in known:
            yield f"unsupported type [json-pointer:{at}/{i}]"
        else:
            yield from BLOCKS[block["type"]].problems(block, f"{at}/{i}")
    yield from _twice("block_id", [b for b in blocks if isinstance(b, dict)], at)


def _twice(key: str, items: list[Json], at: str) -> Problems:
    ids = [item[key] for item in items if item.get(key)]
    for id_ in {id_ for id_ in ids if ids.count(id_) > 1}:
        yield f"`{key}` {id_} already exists [json-pointer:{at}]"


# -------------------------------------------------------------------- checks of values


def element(*kinds: str) -> Check:
    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, dict) or value.get("type") not in kinds:
            yield f"unsupported type of element [json-pointer:{at}/type]"
        else:
            yield from ELEMENTS[value["type"]].problems(value, at)

    return check


def option(value: Any, at: str) -> Problems:
    if not isinstance(value, dict):
        yield f"must be an object [json-pointer:{at}]"
        return
    yield from OPTION.problems(value, at)


def confirm(value: Any, at: str) -> Problems:
    if not isinstance(value, dict):
        yield f"must be an object [json-pointer:{at}]"
        return
    yield from CONFIRM.problems(value, at)


def _section_says_something(section: Any, at: str) -> Problems:
    if not section.get("text") and not section.get("fields"):
        yield f"missing required field: text or fields [json-pointer:{at}]"


def _actions_differ(block: Any, at: str) -> Problems:
    elements = [e for e in block.get("elements") or [] if isinstance(e, dict)]
    yield from _twice("action_id", elements, f"{at}/elements")


def _has_options(select: Any, at: str) -> Problems:
    if bool(select.get("options")) == bool(select.get("option_groups")):
        yield f"needs options or option_groups [json-pointer:{at}]"


def _offers_its_first(select: Any, at: str) -> Problems:
    """Check that the initial choice is one of the options, exactly."""
    groups = select.get("option_groups") or []
    offered = [*(select.get("options") or []), *(one for group in groups for one in group.get("options", []))]
    first = select.get("initial_option")
    chosen = [*(select.get("initial_options") or []), *([first] if first else [])]
    if any(one not in offered for one in chosen):
        yield f"initial options must be among the options [json-pointer:{at}]"


def _choices_are_sound(select: Any, at: str) -> Problems:
    yield from _has_options(select, at)
    yield from _offers_its_first(select, at)


def _shows_something(image: Any, at: str) -> Problems:
    if bool(image.get("image_url")) == bool(image.get("slack_file")):
        yield f"needs image_url or slack_file [json-pointer:{at}]"


def link(value: Any, at: str) -> Problems:
    yield from string(LONGEST_URL)(value, at)
    if isinstance(value, str) and not value.startswith(LINKS):
        yield f"must be a valid URL [json-pointer:{at}]"


# -------------------------------------------------------------------- the forms

ACTION: dict[str, Check] = {"action_id": ID, "confirm": confirm, "focus_on_load": boolean}
HINTED: dict[str, Check] = ACTION | {"placeholder": plain(150)}
OPTION = BlockSchema(
    required={"text": text(75), "value": string(150)}, optional={"description": text(75), "url": string(3000)}
)
CONFIRM = BlockSchema(
    required={"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    optional={"style": one_of("primary", "danger")},
)
OPTIONS = listed(MOST_OPTIONS, option)
GROUP = BlockSchema(required={"label": plain(75), "options": OPTIONS}, optional={})
CHOICES: dict[str, Check] = {"options": OPTIONS, "option_groups": listed(100, GROUP.problems)}


def _select(**more: Check) -> BlockSchema:
    return BlockSchema(required={}, optional=HINTED | more)


def _static(**more: Check) -> BlockSchema:
    return BlockSchema(required={}, optional=HINTED | CHOICES | more, whole=_choices_are_sound)


def _picker(initial: str) -> BlockSchema:
    return BlockSchema(required={}, optional=HINTED | {initial: anything})


NUMBER: dict[str, Check] = {
    "min_length": anything,
    "max_length": anything,
    "dispatch_action_config": anything,
}
TYPED = BlockSchema(
    required={}, optional=HINTED | NUMBER | {"initial_value": string(3000), "multiline": boolean}
)
ELEMENTS: dict[str, BlockSchema] = {
    "button": BlockSchema(
        required={"text": plain(75)},
        optional=ACTION
        | {
            "value": string(2000),
            "url": link,
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
        },
    ),
    "overflow": BlockSchema(required={"options": listed(5, option)}, optional=ACTION),
    "static_select": _static(initial_option=option),
    "multi_static_select": _static(initial_options=OPTIONS, max_selected_items=anything),
    "external_select": _select(initial_option=option, min_query_length=anything),
    "users_select": _select(initial_user=ID),
    "multi_users_select": _select(initial_users=anything, max_selected_items=anything),
    "channels_select": _select(initial_channel=ID, response_url_enabled=boolean),
    "conversations_select": _select(
        initial_conversation=ID,
        default_to_current_conversation=boolean,
        response_url_enabled=boolean,
        filter=anything,
    ),
    "radio_buttons": BlockSchema(
        required={"options": listed(10, option)},
        optional=ACTION | {"initial_option": option},
        whole=_offers_its_first,
    ),
    "checkboxes": BlockSchema(
        required={"options": listed(10, option)},
        optional=ACTION | {"initial_options": OPTIONS},
        whole=_offers_its_first,
    ),
    "datepicker": _picker("initial_date"),
    "timepicker": BlockSchema(
        required={}, optional=HINTED | {"initial_time": anything, "timezone": anything}
    ),
    "datetimepicker": BlockSchema(required={}, optional=ACTION | {"initial_date_time": anything}),
    "plain_text_input": TYPED,
    "email_text_input": TYPED,
    "url_text_input": TYPED,
    "number_input": BlockSchema(
        required={"is_decimal_allowed": boolean},
        optional=HINTED | NUMBER | {"initial_value": anything, "min_value": anything, "max_value": anything},
    ),
    "image": BlockSchema(
        required={"alt_text": string(2000)},
        optional={"image_url": link, "slack_file": anything},
        whole=_shows_something,
    ),
    "mrkdwn": BlockSchema(required={"text": string(3000, empty=False)}, optional={"verbatim": boolean}),
    "plain_text": BlockSchema(required={"text": string(3000, empty=False)}, optional={"emoji": boolean}),
}
TEXTS = ("mrkdwn", "plain_text", "image")
TYPED_IN = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
INTERACTIVE = tuple(kind for kind in ELEMENTS if kind not in (*TEXTS, *TYPED_IN))
BLOCKS: dict[str, BlockSchema] = {
    "header": BlockSchema(required={"text": plain(150)}, optional=BLOCK),
    "section": BlockSchema(
        required={},
        optional=BLOCK
        | {
            "text": text(3000),
            "fields": listed(10, text(2000)),
            "accessory": element(*INTERACTIVE, "image"),
            "expand": boolean,
        },
        whole=_section_says_something,
    ),
    "context": BlockSchema(required={"elements": listed(10, element(*TEXTS))}, optional=BLOCK),
    "actions": BlockSchema(
        required={"elements": listed(25, element(*INTERACTIVE))}, optional=BLOCK, whole=_actions_differ
    ),
    "divider": BlockSchema(required={}, optional=BLOCK),
    "image": BlockSchema(
        required={"alt_text": string(2000)},
        optional=BLOCK | {"image_url": link, "title": plain(2000), "slack_file": anything},
        whole=_shows_something,
    ),
    "input": BlockSchema(
        required={
            "label": plain(2000),
            "element": element(
                *TYPED_IN, *(kind for kind in INTERACTIVE if kind not in ("button", "overflow"))
            ),
        },
        optional=BLOCK | {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": BlockSchema(required={"text": string(12_000, empty=False)}, optional=BLOCK),
    "rich_text": BlockSchema(required={"elements": listed(1000, rich)}, optional=BLOCK),
    **DATA_BLOCKS,
}
MESSAGE_BLOCKS = frozenset(BLOCKS)
VIEW_BLOCKS = frozenset(BLOCKS) - {"markdown", *DATA_BLOCKS}
