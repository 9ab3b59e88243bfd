"""Slack's mrkdwn: escape what people typed, and add markup such as links, mentions and times."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.domain.subject import SOMEBODY, is_forgotten
from bot.domain.text import letter_end

Names = Callable[[str], str | None]
"""Returns a person's or a channel's name by Slack id; None if it is not known."""

_STRIPPED = re.compile(r"[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]")
"""Control characters, and halves of surrogate pairs, which UTF-8 can't encode."""

_TELLING = re.compile(r"[&<>]")

_LABEL = r"(?:\|(?P<{name}>[^<>\n]*))?"

_MARK = re.compile(
    r"<@(?P<person>[UW][A-Z0-9]+)" + _LABEL.format(name="person_label") + ">"
    r"|<#(?P<channel>[CGD][A-Z0-9]+)" + _LABEL.format(name="channel_label") + ">"
    r"|<(?P<url>(?:https?://|mailto:)[^<>|\s]+)" + _LABEL.format(name="url_label") + ">"
    r"|<(?P<date>!date\^\d+\^[^<>|^&\n]+)" + _LABEL.format(name="date_label") + ">"
    r"|<!(?P<everybody>channel|here|everyone)(?:\|[^<>\n]*)?>"
    r"|<!subteam\^[A-Z0-9]+" + _LABEL.format(name="team_label") + ">"
)
"""All of Slack's markup that stays live. Anything else is escaped."""

_LONE_AMPERSAND = re.compile("&(?!(?:amp|lt|gt);)")
_UNIT = re.compile(r"<[^<>\n]*>|&(?:amp|lt|gt);|:[\w+'-]{1,100}:(?::skin-tone-[2-6]:)?")
"""Text that must not be cut: a link or a mention, an escape, an emoji's name."""
_LONGEST_UNIT = 4_000
_SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_LINKABLE = re.compile(r"(?:https?://|mailto:)\S+")
_UNSAFE_IN_URL = str.maketrans({"<": "%3C", ">": "%3E", "|": "%7C"})
_TODAY = timedelta(hours=12)


class Mrkdwn(str):
    """Mrkdwn that is already safe; it is not escaped again."""

    __slots__ = ()


def typed(value: object) -> Mrkdwn:
    """Escape any value, so that it is safe to post.

    Mentions of one person, channel links, http and mailto links and dates stay live. A mention of many people
    becomes plain text. Everything else is escaped once: a second call changes nothing. None becomes empty.
    """
    if isinstance(value, Mrkdwn):
        return value
    if value is None:
        return Mrkdwn()
    text = without_controls(str(value))
    return Mrkdwn(_marked(text, _safe, _literal)) if _TELLING.search(text) else Mrkdwn(text)


def without_controls(text: str) -> str:
    """Remove control characters, except line ends and tabs."""
    return text if text.isascii() and text.isprintable() else _STRIPPED.sub("", text)


def flat(value: object, names: Names = lambda _person: None) -> str:
    """Return the text for headings and labels, where Slack shows no mentions or links: their words, still escaped."""
    text = without_controls("" if value is None else str(value))
    if not _TELLING.search(text):
        return text
    return _literal(_marked(text, lambda mark: _words(mark, names), str))


def plain(value: object, names: Names = lambda _person: None) -> str:
    """Return the text without Slack's escapes, as a person would type it: for forms, phones and terminals."""
    return _unescaped(flat(value, names))


def spoken(value: object, names: Names) -> str:
    """Return the text without Slack ids, for readers outside Slack. A person without a known name is *someone*."""
    text = without_controls("" if value is None else str(value))
    return _unescaped(_literal(_marked(text, lambda mark: _words(mark, names, with_ids=False), str)))


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# --- our own markup ----------------------------------------------------------------------------------------


def mention(person: object) -> Mrkdwn:
    """Return a mention of a person by Slack id; any other text is only escaped."""
    text = str(person or "")
    if is_forgotten(text):
        return Mrkdwn(SOMEBODY)
    return Mrkdwn(f"<@{text}>") if _SLACK_ID.fullmatch(text) else typed(text)


def channel(ident: object) -> Mrkdwn:
    return Mrkdwn(f"<#{ident}>") if re.fullmatch("[CGD][A-Z0-9]+", str(ident or "")) else typed(ident)


def link(url: object, label: object = None) -> Mrkdwn:
    """Return a link; only the label if the URL is not http, https or mailto."""
    address = without_controls(str(url or ""))
    words = flat(label).replace("\n", " ")
    if not _LINKABLE.fullmatch(address):
        return Mrkdwn(words)
    address = _escaped(address.translate(_UNSAFE_IN_URL))
    return Mrkdwn(f"<{address}|{words}>" if words else f"<{address}>")


def bold(value: object) -> Mrkdwn:
    text = typed(value)
    return Mrkdwn(f"*{text}*") if text.strip() else text


def quote(value: object) -> Mrkdwn:
    """Return a value as a quotation: each line begins with >."""
    return Mrkdwn("\n".join(f">{line}" for line in typed(value).splitlines()))


def code(value: object, most: int = 300) -> Mrkdwn:
    """Return a value as code on one line, `most` characters at most. A similar letter replaces each backtick."""
    text = " ".join(_as_code(value).split())
    return Mrkdwn(f"`{clip(_literal(text), most)}`") if text else Mrkdwn()


def block(value: object, most: int = 900) -> Mrkdwn:
    """Return the last `most` characters of a program's output as a block of code, from the start of a line."""
    text = _as_code(value).strip("\n")
    if len(text) > most:
        text = text[-most:]
        text = text.partition("\n")[2] or text
    return Mrkdwn(f"```\n{_literal(text)}\n```") if text else Mrkdwn()


def _as_code(value: object) -> str:
    return without_controls("" if value is None else str(value)).replace("`", "ˋ")  # noqa: RUF001  looks alike


def clip(value: object, most: int) -> Mrkdwn:
    """Shorten to `most` characters of mrkdwn. A link, mention, escape or emoji is never cut."""
    text = typed(value)
    return text if len(text) <= most else Mrkdwn(text[: unit_end(text, most - 1)].rstrip() + "…")


def unit_end(text: str, most: int) -> int:
    """Return the last position, at most `most`, that cuts no link, mention, escape, emoji or letter."""
    for unit in _UNIT.finditer(text, 0, most + _LONGEST_UNIT):
        if unit.end() > most:
            return min(unit.start(), letter_end(text, most))
    return letter_end(text, most)


def moment(at: datetime, *, now: datetime | None, form: str | None = None) -> Mrkdwn:
    """Return a time that Slack shows in the reader's time zone; the fallback text is in UTC.

    The date is left out if the time is within 12 hours of `now`. `form` is Slack's date format, such as `{ago}`.
    """
    universal = at.astimezone(UTC)
    near = now is not None and abs(universal - now) < _TODAY
    shown = f"{universal:%H:%M}" if near else f"{universal:%b} {universal.day} {universal:%H:%M}"
    local = form or ("{time}" if near else "{date_short} {time}")
    return Mrkdwn(f"<!date^{int(universal.timestamp())}^{local}|{shown} UTC>")


def aware(at: datetime | str) -> datetime:
    """Return a time, also from its ISO form. Raise ValueError if it has no time zone."""
    moment_ = datetime.fromisoformat(at) if isinstance(at, str) else at
    if moment_.tzinfo is None:
        raise ValueError(f"{moment_} names no time zone")
    return moment_


def until(start: datetime | str, end: datetime | str) -> Mrkdwn:
    """Return the length of time from start to end, in words."""
    return span(aware(end) - aware(start))


def span(length: timedelta | float | None) -> Mrkdwn:
    """Return a duration in its largest units, rounded down: 40 s, 5 min, 1 h 05, 2 d 3 h. A negative one is 0 s.

    A number is in seconds. None becomes empty.
    """
    if length is None:
        return Mrkdwn()
    seconds = max(0, int(length.total_seconds() if isinstance(length, timedelta) else length))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return Mrkdwn(f"{days} d {hours % 24} h" if hours % 24 else f"{days} d")
    if hours:
        return Mrkdwn(f"{hours} h {minutes % 60:02}" if minutes % 60 else f"{hours} h")
    if minutes:
        return Mrkdwn(f"{minutes} min")
    return Mrkdwn(f"{seconds} s")


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: *1 page*, *2 pages*. `many` is for irregular plurals."""
    return f"{count} {one if count == 1 else many or one + 's'}"


# --- Slack's marks ----------------------------------------------------------------------------------------


def _marked(text: str, mark: Callable[[re.Match[str]], str], rest: Callable[[str], str]) -> str:
    """Rewrite each of Slack's marks with `mark`, and the text between them with `rest`."""
    written, at = list[str](), 0
    for found in _MARK.finditer(text):
        if found.start() > at:
            written.append(rest(text[at : found.start()]))
        written.append(mark(found))
        at = found.end()
    return "".join([*written, rest(text[at:])])


def _safe(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "person" | "person_label":
            return mention(found["person"])
        case "channel" | "channel_label":
            return f"<#{found['channel']}>"
        case "url" | "url_label":
            return _labelled(found["url"], found["url_label"])
        case "date" | "date_label":
            return _labelled(found["date"], found["date_label"])
        case _:
            return _escaped(_words(found, lambda _person: None))


def _words(found: re.Match[str], names: Names, *, with_ids: bool = True) -> str:
    """Return what a reader sees of a mark. With `with_ids`, an id replaces a name that is not known."""
    match found.lastgroup:
        case "person" | "person_label":
            name = names(found["person"]) or found["person_label"] or (with_ids and found["person"])
            return f"@{name}" if name else "someone"
        case "channel" | "channel_label":
            name = names(found["channel"]) or found["channel_label"] or (with_ids and found["channel"])
            return f"#{name.lstrip('#')}" if name else "a channel"
        case "url" | "url_label":
            return found["url_label"] or found["url"]
        case "date" | "date_label":
            return found["date_label"] or ""
        case "everybody":
            return f"@{found['everybody']}"
        case _:
            return f"@{(found['team_label'] or 'team').lstrip('@')}"


def _labelled(target: str, label: str | None) -> str:
    return f"<{_escaped(target)}|{_escaped(label)}>" if label else f"<{_escaped(target)}>"


def _literal(text: str) -> Mrkdwn:
    return Mrkdwn(_escaped(text).replace("<", "&lt;").replace(">", "&gt;"))


def _escaped(text: str) -> str:
    return _LONE_AMPERSAND.sub("&amp;", text)
