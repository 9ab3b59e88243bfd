"""Render templates as Markdown documents for GitHub, without notifying anybody.

Text that a person typed is escaped here once. Slack's mentions become names, and Markdown's signs are escaped.
A zero-width space (`&#8203;`) follows `@` and `#`, so that GitHub notifies nobody and links no issue by accident.
"""

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from bot.adapters.rendering import mrkdwn
from bot.adapters.rendering.drawing import tidy
from bot.adapters.rendering.macros import OwnMacros
from bot.adapters.rendering.mrkdwn import Names
from bot.adapters.rendering.overrides import Folders, start_counting
from bot.domain.postmortem.document import Document, DocumentSection

LONGEST_TITLE = 250
"""Characters; GitHub's limit is 256."""
_LINK = re.compile(
    r"<(?P<url>https?://[^<>|\s]+)(?:\|(?P<label>[^<>\n]*))?>|(?P<bare>https?://[^\s<>|\"]*[^\s<>|\".,;:!?')\]])"
)
_SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\`*_[]|~$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_APART = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=\bGH-)(?=\d)", re.IGNORECASE)
_OPENING = re.compile(r"^(?:\d+(?=[.)](?:\s|$))|(?=[#+=-]))", re.MULTILINE)
"""What begins a heading, a list or a rule at the start of a line."""
_IN_URL = str.maketrans({"(": "%28", ")": "%29", "<": "%3C", ">": "%3E", "\\": "%5C", "|": "%7C", "`": "%60"})
_ADDRESS = re.compile(r"https?://\S+")


class Markdown(str):
    """Markdown that is already safe; it is not escaped again."""

    __slots__ = ()


def unlinked(text: str) -> str:
    """Return plain text in which GitHub sees no mention, no issue and no address: a commit message can't be escaped."""
    return _APART.sub("\u200b", text).replace("://", ":\u200b//")


# --- one value --------------------------------------------------------------------------------------------


def inline(value: object, names: Names = lambda _person: None) -> Markdown:
    """Escape a value for use inside a line. Line ends become spaces. Markdown stays as it is; None becomes empty."""
    if isinstance(value, Markdown):
        return value
    if value is None:
        return Markdown()
    given = mrkdwn.without_controls(str(value))
    whole = _written(" ".join(given.split()), names)
    return Markdown(f"{' ' * given[:1].isspace()}{whole}{' ' * (bool(whole) and given[-1:].isspace())}")


def paragraphs(value: object, names: Names = lambda _person: None) -> Markdown:
    """Escape a text of several lines. Each line becomes a paragraph."""
    given = mrkdwn.without_controls(str(value or ""))
    lines = filter(None, (" ".join(line.split()) for line in given.splitlines()))
    return Markdown(_written("\n\n".join(lines), names))


def link(url: object, label: object = None, names: Names = lambda _person: None) -> Markdown:
    """Return a link; only the label if the URL is not http or https."""
    words = inline(label, names) if label else Markdown()
    address = str(url or "")
    if not _ADDRESS.fullmatch(address):
        return words
    return Markdown(f"[{words}]({_in_url(address)})" if words else f"<{_in_url(address)}>")


def moment(at: datetime | str | None) -> Markdown:
    """Return a time as *23 Nov 12:00 UTC*; empty for None. Raise ValueError if it has no time zone."""
    if at is None:
        return Markdown()
    universal = mrkdwn.aware(at).astimezone(UTC)
    return Markdown(f"{universal.day} {universal:%b %H:%M} UTC")


def _linked(found: re.Match[str], names: Names) -> str:
    if bare := found["bare"]:
        return f"<{_in_url(bare)}>"
    return link(found["url"], mrkdwn.plain(found["label"]) if found["label"] else None, names)


def _in_url(address: str) -> str:
    return address.replace("&amp;", "&").translate(_IN_URL)


def _written(text: str, names: Names) -> str:
    """Escape a text: keep its links, and escape what would begin a list or a heading."""
    parts, at = list[str](), 0
    for found in _LINK.finditer(text):
        if found.start() > at:
            parts.append(_words(text[at : found.start()], names))
        parts.append(_linked(found, names))
        at = found.end()
    return _OPENING.sub(r"\g<0>\\", "".join([*parts, _words(text[at:], names)]))


def _words(text: str, names: Names) -> str:
    return _APART.sub("&#8203;", mrkdwn.plain(text, names).translate(_SIGNS))


# --- a document -------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class _Writing:
    """The state of one rendering."""

    names: Names
    title: str = ""
    heading: str = ""
    sections: list[DocumentSection] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


_writing: ContextVar[_Writing] = ContextVar("_writing")


class MarkdownTemplates:
    """Document templates; the first folder that has a template wins."""

    def __init__(self, loader: Folders) -> None:
        self.environment = _environment(loader)

    def document(
        self, template: str, facts: Mapping[str, Any], *, names: Names = lambda _person: None
    ) -> Document:
        """Render a document from `<template>.md.j2`. `names` returns a person's name by Slack id, or None."""
        start_counting()
        writing = _Writing(names=names)
        before = _writing.set(writing)
        try:
            self.environment.get_template(f"{template}.md.j2").render(facts)
        finally:
            _writing.reset(before)
        return Document(
            title=writing.title,
            heading=writing.heading,
            sections=tuple(writing.sections),
            log=tuple(writing.log),
        )


def _title(words: str) -> str:
    """Set the title. On GitHub it is plain text, so it needs no escapes and notifies nobody."""
    writing = _writing.get()
    shown = " ".join(mrkdwn.plain(mrkdwn.flat(words, writing.names)).split())
    writing.title = shown if len(shown) <= LONGEST_TITLE else f"{shown[: LONGEST_TITLE - 1]}…"
    writing.heading = inline(words, writing.names)
    return ""


def _section(key: str, heading: str = "", *, caller: Callable[[], str]) -> str:
    text = tidy(f"## {heading}\n\n{caller()}" if heading else caller())
    _writing.get().sections.append(DocumentSection(key=key, text=text))
    return ""


def _log(caller: Callable[[], str]) -> str:
    _writing.get().log += [line for line in caller().splitlines() if line.strip()]
    return ""


def _safe(value: object) -> Markdown:
    return inline(value, _writing.get().names)


def _paragraphs(value: object) -> Markdown:
    return paragraphs(value, _writing.get().names)


def _link(url: object, label: object = None) -> Markdown:
    return link(url, label, _writing.get().names)


def _person(person: str | None) -> Markdown:
    if not person:
        return Markdown()
    return inline(mrkdwn.plain(_writing.get().names(person) or person))


def _channel(ident: object) -> Markdown:
    return Markdown(f"#{inline(mrkdwn.plain(_writing.get().names(str(ident)) or ident))}")


def _clock(at: datetime | str) -> Markdown:
    return Markdown(f"{mrkdwn.aware(at).astimezone(UTC):%H:%M}")


def _day(at: datetime | str) -> Markdown:
    universal = mrkdwn.aware(at).astimezone(UTC)
    return Markdown(f"{universal.day} {universal:%B %Y}")


def _clip(value: object, most: int) -> Markdown:
    """Shorten a text that a person typed to `most` characters. Markdown is not shortened."""
    if isinstance(value, Markdown):
        return value
    text = " ".join(str(value or "").split())
    return _safe(mrkdwn.clip(text, most) if len(text) > most else text)


def _code(value: object, most: int = 300) -> Markdown:
    """Return a value as inline code, fenced by more backticks than it contains."""
    words = " ".join(mrkdwn.plain(mrkdwn.flat(value, _writing.get().names)).split())
    shown = words if len(words) <= most else f"{words[: most - 1]}…"
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    return Markdown(f"{fence} {shown} {fence}" if "`" in shown else f"`{shown}`") if shown else Markdown()


def _label(value: object) -> Markdown:
    """Return a label for a Mermaid diagram, without Mermaid's special characters; 60 characters at most."""
    words = mrkdwn.plain(mrkdwn.flat(value, _writing.get().names))
    return Markdown(" ".join(re.sub(r"[^\w .,+()-]", " ", words).split())[:60])


def _timestamp(at: datetime) -> Markdown:
    return Markdown(f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}")


class _DocumentEnvironment(OwnMacros):
    own = Markdown


@pass_context
def _told(context: Context, entry: Mapping[str, Any]) -> Markdown:
    """Render an entry of the timeline with the template of its kind, or with `events/unknown`."""
    template = context.environment.select_template([f"events/{entry['kind']}.j2", "events/unknown.j2"])
    return Markdown(" ".join(template.render({"e": entry}).split()))


def _environment(loader: Folders) -> Environment:
    environment = _DocumentEnvironment(loader, finalize=_safe)
    environment.globals |= {
        "title": _title,
        "section": _section,
        "log": _log,
        "told": _told,
        "link": _link,
        "plural": mrkdwn.plural,
    }
    environment.filters |= {
        "typed": _safe,
        "person": _person,
        "mention": _person,
        "channel": _channel,
        "link": _link,
        "span": mrkdwn.span,
        "until": mrkdwn.until,
        "when": moment,
        "clock": _clock,
        "day": _day,
        "clip": _clip,
        "code": _code,
        "paragraphs": _paragraphs,
        "label": _label,
        "stamp": _timestamp,
        "verbatim": Markdown,
    }
    return environment
