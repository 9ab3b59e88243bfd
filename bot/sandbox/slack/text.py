"""The text that a person reads: blocks flattened, mentions and links by name."""

import re
from collections.abc import Callable, Iterator

from bot.sandbox.slack.world import Json, SlackMessage, SlackView

MARK = re.compile(r"<([^<>\s][^<>]*)>")
BARE = re.compile(r"&(?!(?:amp|lt|gt);)")


def stored(text: str) -> str:
    """Return a text as Slack stores it: characters outside marks are escaped."""
    parts, at = list[str](), 0
    for mark in MARK.finditer(text):
        parts += [_escaped(text[at : mark.start()]), BARE.sub("&amp;", mark[0])]
        at = mark.end()
    return "".join([*parts, _escaped(text[at:])])


def _escaped(text: str) -> str:
    return BARE.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


class MessageReader:
    """Reads messages and views. `name_of` finds the name of a person, group or channel."""

    def __init__(self, name_of: Callable[[str], str | None]) -> None:
        self._name_of = name_of

    def message(self, m: SlackMessage) -> str:
        """Return the blocks' text, or else the message's; a button as [Label]."""
        return self.blocks(m.blocks) if m.blocks else self.mrkdwn(m.text)

    def view(self, v: SlackView) -> str:
        return "\n".join(part for part in (v.title, self.blocks(v.body.get("blocks", []))) if part)

    def blocks(self, blocks: list[Json]) -> str:
        return "\n".join(line for block in blocks for line in self._block(block) if line)

    def mrkdwn(self, text: str) -> str:
        named = MARK.sub(self._mark, text) if "<" in text else text
        return named.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    def _mark(self, match: re.Match[str]) -> str:
        ref, _, label = match[1].partition("|")
        if ref.startswith("@"):
            return f"@{self._name_of(ref[1:]) or label or ref[1:]}"
        if ref.startswith("#"):
            return f"#{self._name_of(ref[1:]) or label or ref[1:]}"
        if ref.startswith("!subteam^"):
            return f"@{self._name_of(ref.removeprefix('!subteam^')) or label}"
        if ref.startswith("!date^"):
            return label
        return f"@{ref[1:]}" if ref.startswith("!") else label or ref

    def _block(self, block: Json) -> Iterator[str]:
        kind = block.get("type")
        if kind in ("header", "section"):
            yield self._text(block.get("text"))
            yield from (self._text(field) for field in block.get("fields", []))
            yield self._element(block.get("accessory"))
        elif kind in ("context", "actions"):
            yield " ".join(self._element(e) for e in block["elements"])
        elif kind == "input":
            yield f"{self._text(block.get('label'))}: {self._element(block.get('element'))}"
        elif kind == "divider":
            yield "---"
        elif kind == "markdown":
            yield str(block.get("text", ""))
        elif kind == "rich_text":
            yield "".join(self._rich(block))
        elif kind == "data_table":
            yield str(block["caption"])
            yield from (" | ".join(map(self._cell, row)) for row in block["rows"])
        elif kind == "data_visualization":
            yield from _plotted(block)

    def _cell(self, cell: Json) -> str:
        return "".join(self._rich(cell)).strip() if cell["type"] == "rich_text" else str(cell["text"])

    def _text(self, text: Json | None) -> str:
        if not text:
            return ""
        plain = str(text.get("text", ""))
        return self.mrkdwn(plain) if text.get("type") == "mrkdwn" else plain

    def _element(self, element: Json | None) -> str:
        if not element:
            return ""
        kind = element.get("type")
        if kind in ("mrkdwn", "plain_text"):
            return self._text(element)
        if kind == "image":
            return str(element.get("alt_text", ""))
        label = (
            element.get("text") or element.get("placeholder") or element.get("initial_option", {}).get("text")
        )
        return f"[{self._text(label)}]" if label else "[...]"

    def _rich(self, node: Json) -> Iterator[str]:
        for child in node.get("elements", []):
            kind = child.get("type")
            if kind == "text":
                yield str(child["text"])
            elif kind in ("user", "channel", "usergroup"):
                sigil = "#" if kind == "channel" else "@"
                yield sigil + (self._name_of(child.get(f"{kind}_id", "")) or "")
            elif kind == "link":
                yield str(child.get("text") or child.get("url", ""))
            elif kind == "emoji":
                yield f":{child.get('name')}:"
            elif kind == "broadcast":
                yield f"@{child.get('range')}"
            else:
                yield from self._rich(child)
                yield "\n"


def _plotted(block: Json) -> Iterator[str]:
    """Yield what a chart shows: its title, and a line for each series."""
    yield str(block["title"])
    chart = block["chart"]
    series = chart.get("series") or [{"name": "", "data": chart.get("segments", [])}]
    for it in series:
        yield ", ".join(f"{point['label']} {point['value']}" for point in it["data"])
