"""Slack's mrkdwn as HTML. What a person typed stays text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from markupsafe import Markup, escape

from bot.sandbox.page.icons import icon
from bot.sandbox.slack.emoji import character

FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
QUOTED = re.compile(r"(?:^|(?<=\n))&gt; ?")
MARK = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?P<ref>[^<>\s][^<>]*)>"
    r"|(?<![\w:]):(?P<emoji>[a-z0-9_+'-]+(?:::skin-tone-[2-6])?):"
    r"|(?<![\w*])\*(?=\S)(?P<bold>[^*\n]*[^*\s])\*(?![\w*])"
    r"|(?<![\w_])_(?=\S)(?P<italic>[^_\n]*[^_\s])_(?![\w_])"
    r"|(?<![\w~])~(?=\S)(?P<strike>[^~\n]*[^~\s])~(?![\w~])"
)
EMOJI = re.compile(r"(?<![\w:]):([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):")
STYLES = {"bold": Markup("<b>{}</b>"), "italic": Markup("<i>{}</i>"), "strike": Markup("<s>{}</s>")}
SAFE = ("https://", "http://", "mailto:", "tel:")
DATE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Names:
    """Names and links for one reader.

    `of` finds the name of a person, group or channel by id. `may_enter` is whether the reader may see a
    channel. `link` turns an address into one on this page.
    """

    reader: str
    of: Callable[[str], str | None]
    may_enter: Callable[[str], bool]
    link: Callable[[str], str]
    zone: tzinfo
    now: Callable[[], datetime]


def mrkdwn(text: str, names: Names) -> Markup:
    """Render Slack's text, with its three escapes and its angle brackets."""
    parts = FENCE.split(text)
    shown = [
        Markup("<pre><code>{}</code></pre>").format(_typed(part, names))
        if i % 2
        else _paragraphs(part, names)
        for i, part in enumerate(parts)
    ]
    return Markup("").join(shown)


def plain(text: str) -> Markup:
    """Render plain text, with emoji and line ends. Slack's three escapes apply here too."""
    return as_typed(EMOJI.sub(lambda m: character(m[1]) or m[0], _unescaped(text)))


def _paragraphs(text: str, names: Names) -> Markup:
    """Render lines, those that begin with > as a quotation."""
    shown, quote = list[Markup](), list[str]()
    loose: list[str] = []

    def close() -> None:
        if quote:
            shown.append(Markup("<blockquote>{}</blockquote>").format(_inline("\n".join(quote), names)))
            quote.clear()
        if loose:
            shown.append(_inline("\n".join(loose), names))
            loose.clear()

    for line in text.split("\n"):
        is_quoted = QUOTED.match(line) is not None
        if (is_quoted and loose) or (not is_quoted and quote):
            close()
        (quote if is_quoted else loose).append(QUOTED.sub("", line) if is_quoted else line)
    close()
    return Markup("").join(shown)


def _inline(text: str, names: Names) -> Markup:
    shown, at = list[Markup](), 0
    for match in MARK.finditer(text):
        shown.append(as_typed(_unescaped(text[at : match.start()])))
        shown.append(_marked(match, names))
        at = match.end()
    shown.append(as_typed(_unescaped(text[at:])))
    return Markup("").join(shown)


def _marked(match: re.Match[str], names: Names) -> Markup:
    kind, inner = str(match.lastgroup), str(match[str(match.lastgroup)])
    if kind == "code":
        return Markup("<code>{}</code>").format(_typed(inner, names))
    if kind == "ref":
        return _reference(inner, names)
    if kind == "emoji":
        return _emoji(inner)
    return STYLES[kind].format(_inline(inner, names))


def _typed(text: str, names: Names) -> Markup:
    """Render code. Only references are replaced in it."""
    shown, at = list[Markup](), 0
    for match in re.finditer(r"<([^<>\s][^<>]*)>", text):
        shown += [escape(_unescaped(text[at : match.start()])), _reference(match[1], names)]
        at = match.end()
    return Markup("").join([*shown, escape(_unescaped(text[at:]))])


def _emoji(name: str) -> Markup:
    found = character(name)
    if found is None:
        return escape(f":{name}:")
    return Markup('<span class="emoji" title=":{}:">{}</span>').format(name, found)


def _reference(inner: str, names: Names) -> Markup:
    ref, _, label = inner.partition("|")
    label = _unescaped(label)
    if ref.startswith("@"):
        return _mention(ref[1:], label, names)
    if ref.startswith("#"):
        return _channel(ref[1:], label, names)
    if ref.startswith("!subteam^"):
        return _called(names.of(ref.removeprefix("!subteam^")) or label.removeprefix("@"), "mention")
    if ref.startswith("!date^"):
        return escape(_date(ref, label, names))
    if ref.startswith("!"):
        return _called(ref[1:], "mention you")
    return link(_unescaped(ref), label, names)


def link(address: str, label: str, names: Names) -> Markup:
    """Render a link. An address with another scheme stays text."""
    if not address.startswith(SAFE):
        return escape(label or address)
    inside = names.link(address)
    away = Markup("") if inside.startswith("/") else Markup(' target="_blank" rel="noopener noreferrer"')
    return Markup('<a href="{}"{}>{}</a>').format(inside, away, label or address.removeprefix("mailto:"))


def _mention(user: str, label: str, names: Names) -> Markup:
    return _called(names.of(user) or label or user, "mention you" if user == names.reader else "mention")


def _called(name: str, kind: str) -> Markup:
    return Markup('<span class="{}">@{}</span>').format(kind, name)


def _channel(channel: str, label: str, names: Names) -> Markup:
    if not names.may_enter(channel):
        return Markup('<span class="mention">{} private channel</span>').format(icon("lock"))
    address = names.link(f"#{channel}")
    return Markup('<a class="mention" href="{}">#{}</a>').format(
        address, names.of(channel) or label or channel
    )


def _date(ref: str, fallback: str, names: Names) -> str:
    """Render a time in the reader's zone: `!date^1700000000^{date_short} at {time}`."""
    _, timestamp, *rest = ref.split("^")
    if not timestamp.isdigit() or not rest:
        return fallback
    try:
        at = datetime.fromtimestamp(int(timestamp), UTC).astimezone(names.zone)
    except (ValueError, OverflowError, OSError):
        return fallback
    return DATE.sub(lambda m: _part(m[1], at, names), _unescaped(rest[0]))


def _part(name: str, at: datetime, names: Names) -> str:
    forms = {
        "date_num": f"{at:%Y-%m-%d}",
        "date": f"{at:%B} {at.day}, {at.year}",
        "date_short": f"{at:%b} {at.day}, {at.year}",
        "date_long": f"{at:%A}, {at:%B} {at.day}, {at.year}",
        "time": f"{at:%H:%M}",
        "time_secs": f"{at:%H:%M:%S}",
    }
    if name == "ago":
        minutes = max(0, (names.now() - at) // timedelta(minutes=1))
        return f"{minutes} minutes ago" if minutes < 120 else f"{minutes // 60} hours ago"  # noqa: PLR2004
    if name.endswith("_pretty"):
        days = (at.date() - names.now().astimezone(names.zone).date()) // timedelta(days=1)
        near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
        return near.get(days) or forms.get(name.removesuffix("_pretty"), f"{{{name}}}")
    return forms.get(name, f"{{{name}}}")


def as_typed(text: str) -> Markup:
    """Render text with its line ends only."""
    return Markup(str(escape(text)).replace("\n", "<br>"))  # noqa: S704  it is escaped


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
