"""Slack's mrkdwn as HTML, with names instead of ids. What a person typed stays text."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby

from markupsafe import Markup, escape

from bot.adapters.rendering.mrkdwn import Names, plain, typed

_FENCE = "```"
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
_DATE = re.compile(r"!date\^(\d{1,11})\^([^<>|^]+)")
"""A time, and the form in which Slack shows it."""
_LATEST = 253_402_300_799
"""The last second that has a date of four digits."""


def nobody(_person: str) -> None:
    """Know nobody's name."""


def html(value: object, names: Names = nobody) -> Markup:
    """Return any value as safe HTML: mrkdwn as Slack shows it, everything else escaped. HTML stays as it is.

    A person or a channel without a known name is *someone* or *a channel*. A time becomes a `time` element in UTC, which
    the page shows in its reader's zone.
    """
    if isinstance(value, Markup):
        return value
    parts = typed(value).split(_FENCE)
    if len(parts) % 2 == 0:  # the last fence is not closed
        parts[-2:] = [_FENCE.join(parts[-2:])]
    shown = (_block(it, names) if at % 2 else _lines(it, names) for at, it in enumerate(parts))
    return Markup("").join(shown)


def _block(text: str, names: Names) -> Markup:
    return Markup("<pre><code>{}</code></pre>").format(plain(text.strip("\n"), names))


def _lines(text: str, names: Names) -> Markup:
    """Render lines, those that begin with > as a quotation."""
    shown = list[Markup]()
    for is_quoted, lines in groupby(text.split("\n"), key=lambda line: _QUOTED.match(line) is not None):
        if is_quoted:
            quoted = "\n".join(_QUOTED.sub("", line, count=1) for line in lines)
            shown.append(Markup("<blockquote>{}</blockquote>").format(_inline(quoted, names)))
        else:
            shown.append(_inline("\n".join(lines), names))
    return Markup("").join(shown)


def _inline(text: str, names: Names) -> Markup:
    return Markup("").join(_pieces(text, names))


def _pieces(text: str, names: Names) -> Iterator[Markup]:
    at = 0
    for found in _MARK.finditer(text):
        yield _typed(text[at : found.start()])
        yield _marked(found, names)
        at = found.end()
    yield _typed(text[at:])


def _marked(found: re.Match[str], names: Names) -> Markup:
    kind = str(found.lastgroup)
    inner = found[kind]
    match kind:
        case "code":
            return Markup("<code>{}</code>").format(plain(inner, names))
        case "mark":
            return _reference(inner, names)
        case "address":
            return _link(inner, inner)
        case _:
            return _STYLES[kind].format(_inline(inner, names))


def _reference(inner: str, names: Names) -> Markup:
    target, _, label = inner.partition("|")
    if target.startswith("@"):
        name = names(target[1:]) or _unescaped(label)
        return Markup('<span class="person">{}</span>').format(f"@{name}" if name else "someone")
    if target.startswith("#"):
        name = names(target[1:]) or _unescaped(label)
        return Markup('<span class="channel">{}</span>').format(f"#{name.lstrip('#')}" if name else "a channel")
    if target.startswith("!date^"):
        return _date(target, label)
    return _link(target, label or target.removeprefix("mailto:"))


def _link(address: str, label: str) -> Markup:
    """Render a link to http or https, which tells the other side nothing. Any other address stays text."""
    if not address.startswith(("https://", "http://")):
        return _typed(label)
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(_unescaped(address), _typed(label))


def _date(target: str, label: str) -> Markup:
    found = _DATE.fullmatch(target)
    if found is None or int(found[1]) > _LATEST:
        return _typed(label)
    return moment(datetime.fromtimestamp(int(found[1]), UTC), _unescaped(label), form=_unescaped(found[2]))


def moment(at: datetime, label: str, *, form: str) -> Markup:
    """Return a time (UTC) that the page shows in its reader's zone, in one of Slack's forms; `label` without a script."""
    return Markup('<time datetime="{}" data-form="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"), form, label
    )


def _typed(text: str) -> Markup:
    return Markup(str(escape(_unescaped(text))).replace("\n", "<br>"))  # noqa: S704  it is escaped


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
