"""How Slack checks a block: required and optional keys, and values of each kind."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.world import Json

LONGEST_ID = 255
RICH = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
Problems = Iterator[str]
Check = Callable[[Any, str], Problems]


@dataclass(frozen=True, kw_only=True)
class BlockSchema:
    """A block or element: required keys, optional keys, and a check of the whole."""

    required: dict[str, Check]
    optional: dict[str, Check]
    whole: Check | None = None

    def problems(self, it: Json, at: str) -> Problems:
        for key, check in self.required.items():
            if it.get(key) is None:
                yield f"missing required field: {key} [json-pointer:{at}]"
            else:
                yield from check(it[key], f"{at}/{key}")
        for key in it.keys() - self.required.keys() - {"type"}:
            if key not in self.optional:
                yield f"invalid additional property: {key} [json-pointer:{at}]"
            elif it[key] is not None:
                yield from self.optional[key](it[key], f"{at}/{key}")
        if self.whole is not None:
            yield from self.whole(it, at)


def string(longest: int, *, empty: bool = True) -> Check:
    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, str):
            yield f"must be a string [json-pointer:{at}]"
        elif len(value) > longest:
            yield f"must be no more than {longest} characters [json-pointer:{at}]"
        elif not value and not empty:
            yield f"must be more than 0 characters [json-pointer:{at}]"

    return check


def plain(longest: int) -> Check:
    return text(longest, ("plain_text",))


def text(longest: int, kinds: tuple[str, ...] = ("mrkdwn", "plain_text")) -> Check:
    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, dict) or value.get("type") not in kinds:
            yield f"must be a text object of type {' or '.join(kinds)} [json-pointer:{at}/type]"
            return
        yield from string(longest, empty=False)(value.get("text"), f"{at}/text")
        allowed = {"type", "text", "emoji"} if value["type"] == "plain_text" else {"type", "text", "verbatim"}
        for key in value.keys() - allowed:
            yield f"invalid additional property: {key} [json-pointer:{at}]"

    return check


def listed(most: int, each: Check, *, least: int = 1) -> Check:
    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, list) or not least <= len(value) <= most:
            yield f"must be an array of {least} to {most} items [json-pointer:{at}]"
            return
        for i, item in enumerate(value):
            yield from each(item, f"{at}/{i}")

    return check


def one_of(*values: str) -> Check:
    def check(value: Any, at: str) -> Problems:
        if value not in values:
            yield f"must be one of {', '.join(values)} [json-pointer:{at}]"

    return check


def boolean(value: Any, at: str) -> Problems:
    if not isinstance(value, bool):
        yield f"must be a boolean [json-pointer:{at}]"


def anything(_value: Any, _at: str) -> Problems:
    return iter(())


def rich(value: Any, at: str) -> Problems:
    if not isinstance(value, dict) or value.get("type") not in RICH:
        yield f"unsupported type of rich text [json-pointer:{at}/type]"
    elif not isinstance(value.get("elements"), list):
        yield f"missing required field: elements [json-pointer:{at}]"


def number(value: Any, at: str) -> Problems:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield f"must be a number [json-pointer:{at}]"


def whole_number(least: int, most: int) -> Check:
    def check(value: Any, at: str) -> Problems:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            yield f"must be an integer from {least} to {most} [json-pointer:{at}]"

    return check


def length(node: Any) -> int:
    """Count the visible characters of all blocks."""
    if isinstance(node, dict):
        own = len(node["text"]) if isinstance(node.get("text"), str) else 0
        return own + sum(length(v) for v in node.values() if isinstance(v, (dict, list)))
    return sum(length(item) for item in node) if isinstance(node, list) else 0


ID = string(LONGEST_ID)
BLOCK: dict[str, Check] = {"block_id": ID}
