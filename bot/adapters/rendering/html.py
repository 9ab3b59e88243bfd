"""Slack's mrkdwn as HTML, with names instead of ids. What a person typed stays text."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from markupsafe import Markup, escape

from bot.adapters.rendering.mrkdwn import Names, plain, typed

_FENCE = "```"
_BULLET = "• "
_QUOTED = re.compile(r"(?:>|&gt;) ?")
_MARK = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?P<mark>[^<>\s][^<>\n]*)>"
    r"|(?P<address>https?://(?:(?!&[lg]t;)[^\s<>|\"*`])*(?!&[lg]t;)[^\s<>|\"*`.,;:!?')\]_~])"
    r"|(?<![\w*])\*(?=[^\s*])(?P<bold>[^*\n]*)(?<!\s)\*(?![\w*])"
    r"|(?<![\w_])_(?=[^\s_])(?P<italic>[^_\n]*)(?<!\s)_(?![\w_])"
    r"|(?<![\w~])~(?=[^\s~])(?P<strike>[^~\n]*)(?<!\s)~(?![\w~])"
)
_STYLES: Mapping[str, Markup] = {
    "bold": Markup("<b>{}</b>"),
    "italic": Markup("<i>{}</i>"),
    "strike": Markup("<s>{}</s>"),
}
_DATE = re.compile(r"!date\^(\d{1,11})\^[^<>|]*")
When = Callable[[datetime], Markup | str]
"""Returns a time (UTC) as its reader sees it."""


def nobody(_person: str) -> None:
    """Know nobody's name."""


def utc(at: datetime) -> str:
    """Return a time for a reader whose zone is not known."""
    return f"{at:%b} {at.day} {at:%H:%M} UTC"


def html(value: object, names: Names = nobody, when: When = utc) -> Markup:
    """Return any value as safe HTML: mrkdwn as Slack shows it, everything else escaped. HTML stays as it is.

    A person or a channel without a known name is *someone* or *a channel*. `when` renders a time for its reader.
    """
    if isinstance(value, Markup):
        return value
    return _Reader(names=names, when=when).text(typed(value))


def link(address: object, label: str) -> Markup:
    """Return a link to http or https, which tells the other side nothing. With any other address it is the label."""
    target = str(address or "")
    if not target.startswith(("https://", "http://")):
        return escape(label)
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(target, label)


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Renders mrkdwn for one reader."""

    names: Names
    when: When

    def text(self, text: str) -> Markup:
        parts = text.split(_FENCE)
        if len(parts) % 2 == 0:  # the last fence is not closed
            parts[-2:] = [_FENCE.join(parts[-2:])]
        said = ((at, it) for at, it in enumerate(parts) if it.strip("\n"))
        shown = (self._block(it) if at % 2 else self._lines(it) for at, it in said)
        return Markup("").join(shown)

    def _block(self, text: str) -> Markup:
        return Markup("<pre><code>{}</code></pre>").format(plain(text.strip("\n"), self.names))

    def _lines(self, text: str) -> Markup:
        """Render lines: those that begin with > are a quotation, those that begin with • a list."""
        shown = list[Markup]()
        for kind, lines in groupby(text.split("\n"), key=_kind):
            if kind == "quote":
                quoted = "\n".join(_QUOTED.sub("", line, count=1) for line in lines)
                shown.append(Markup("<blockquote>{}</blockquote>").format(self._inline(quoted)))
            elif kind == "list":
                items = (Markup("<li>{}</li>").format(self._inline(line[len(_BULLET) :])) for line in lines)
                shown.append(Markup("<ul>{}</ul>").format(Markup("").join(items)))
            else:
                shown.append(self._inline("\n".join(lines)))
        return Markup("").join(shown)

    def _inline(self, text: str) -> Markup:
        return Markup("").join(self._pieces(text))

    def _pieces(self, text: str) -> Iterator[Markup]:
        at = 0
        for found in _MARK.finditer(text):
            yield _typed(text[at : found.start()])
            yield self._marked(found)
            at = found.end()
        yield _typed(text[at:])

    def _marked(self, found: re.Match[str]) -> Markup:
        kind = str(found.lastgroup)
        inner = found[kind]
        match kind:
            case "code":
                return Markup("<code>{}</code>").format(plain(inner, self.names))
            case "mark":
                return self._reference(inner)
            case "address":
                return link(_unescaped(inner), _unescaped(inner))
            case _:
                return _STYLES[kind].format(self._inline(inner))

    def _reference(self, inner: str) -> Markup:
        target, _, label = inner.partition("|")
        label = _unescaped(label)
        if target.startswith("@"):
            name = _unescaped(self.names(target[1:]) or "") or label
            return _called(f"@{name}" if name else "someone", "person")
        if target.startswith("#"):
            name = _unescaped(self.names(target[1:]) or "") or label
            return _called(f"#{name.lstrip('#')}" if name else "a channel", "channel")
        if target.startswith("!"):
            return self._date(target, label)
        return link(_unescaped(target), label or _unescaped(target).removeprefix("mailto:"))

    def _date(self, target: str, label: str) -> Markup:
        found = _DATE.fullmatch(target)
        if found is None:
            return escape(label)
        return escape(self.when(datetime.fromtimestamp(int(found[1]), UTC)))


def _kind(line: str) -> str:
    return "quote" if _QUOTED.match(line) else "list" if line.startswith(_BULLET) else ""


def _called(name: str, kind: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(kind, name)


def _typed(text: str) -> Markup:
    return Markup(str(escape(_unescaped(text))).replace("\n", "<br>"))  # noqa: S704  it is escaped


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
