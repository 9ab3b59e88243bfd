"""Turn Slack's markup into what a person sees: a link's label, a channel's name, an unescaped character.

Mentions of people stay, because they identify the person. References without a label (channels, user groups, dates)
stay too, because only Slack can resolve them.
"""

import re

_QUOTES = str.maketrans(
    {**dict.fromkeys("“”„‟«»″＂", '"'), **dict.fromkeys("‘’‚‛′", "'"), "‑": "-", "\xa0": " ", "\u202f": " "}  # noqa: RUF001  what phones write
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters, including those that change the writing direction and could scramble the card."""
_SCHEME = r"(?:https?|ftp|mailto|tel|slack):"
_TYPED = r"(?:[^<>&|\n]|&(?![lg]t;))"
"""One character inside a reference, up to the escaped bracket that would end it."""
_TYPED_MARK = (
    rf"&lt;(?:@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+|![a-z]+(?:\^{_TYPED}*)?|{_SCHEME}{_TYPED}+)"
    rf"(?:\|(?:{_TYPED}|\|)*)?&gt;"
)
_ESCAPE = re.compile(rf"(?P<mark>{_TYPED_MARK})|&amp;(?!(?:amp|lt|gt);)|&lt;|&gt;")
"""Escapes of single characters.

A reference that was typed by hand stays escaped, so that it does not become a real one.
"""
_ANY_ESCAPE = re.compile("&(?:amp|lt|gt);")
_LETTERS = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ESCAPES = str.maketrans({letter: escape for escape, letter in _LETTERS.items()})
_MARK = re.compile(
    rf"<(?:(?P<url>{_SCHEME}[^<>|\s]+)|#[CGD][A-Z0-9]+|!(?P<special>[a-z]+)(?:\^[^<>|\n]*)?)"
    r"(?:\|(?P<label>[^<>\n]*))?>"
)
MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|(?P<label>[^<>]*))?>")
"""A mention that was chosen from Slack's list. Some payloads add a label."""
PERSON_ID = re.compile(r"[UW][A-Z0-9]{2,}")
PERSON = re.compile(rf"(?<![<\w])@({PERSON_ID.pattern})\b")
"""A person by Slack id, as it is written outside Slack: @U0RAJ."""
_MENTION = re.compile(rf"<@({PERSON_ID.pattern})>")
_QUOTED = re.compile(r"\A(?:\s|>|&gt;)+")
_BRACKETS = {ord("("): "%28", ord(")"): "%29"}
"""Brackets inside a URL in brackets are escaped. Otherwise the first closing one would end it."""
_MARKS = ("```", "`", "*", "_", "~")
_AROUND = "*_~`'\"([{"
_BEHIND = "*_~`'\")]}.,;!?…"


def cleaned(text: str) -> str:
    """Return text with straight quotes, plain blanks and no control characters, and `&` instead of `&amp;`."""
    plain = _CONTROL.sub("", text.translate(_QUOTES))
    return _ESCAPE.sub(lambda it: it["mark"] or _LETTERS[it[0]], plain) if "&" in plain else plain


def as_slack_sends(words: str) -> str:
    """Return words as Slack sends what people type: escaped, so that none is markup, except people by their ids."""
    return PERSON.sub(r"<@\1>", words.translate(_ESCAPES))


def as_typed(words: str) -> str:
    """Return what Slack sent as people type it outside of Slack: the opposite of `as_slack_sends`."""
    return _ANY_ESCAPE.sub(lambda it: _LETTERS[it[0]], _MENTION.sub(r"@\1", words))


def as_seen(text: str) -> str:
    """Return the text as a person sees it. A link becomes its label."""
    return _MARK.sub(_seen, text) if "<" in text else text


def as_prose(text: str) -> str:
    """Return the text as a person sees it, with a link's address after its label."""
    return _MARK.sub(_in_prose, text) if "<" in text else text


def plain_prose(text: str) -> str:
    """Return a text from Slack as a person sees it, with plain characters."""
    return as_prose(cleaned(text))


def undecorated(text: str) -> str:
    """Remove formatting around the whole text: code, bold, italics, and the quotation sign."""
    bare = _QUOTED.sub("", text).rstrip()
    for _ in _MARKS:
        mark = next((it for it in _MARKS if _surrounds(it, bare)), "")
        bare = bare[len(mark) : len(bare) - len(mark)].strip()
    return bare


def as_command(text: str) -> str:
    """Return a command as Spy reads it: on one line, without formatting around it, and safe inside a code span."""
    bare, before = " ".join(text.replace("`", " ").split()), ""
    while bare != before:
        before, bare = bare, undecorated(bare).strip("> ")
    return bare


def peeled(word: str) -> str:
    """Remove formatting and punctuation around a word: `drill!`, `[private]`, `*sev1*`. An emoji stays whole."""
    bare = word.lstrip(_AROUND)
    return bare.rstrip(_BEHIND if bare.startswith(":") else _BEHIND + ":")


def _surrounds(mark: str, text: str) -> bool:
    """Whether a mark is at both ends of a text, and nowhere in between."""
    inner = text[len(mark) : -len(mark)]
    return len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark) and mark not in inner


def _seen(found: re.Match[str]) -> str:
    url, label = found["url"], found["label"]
    if url:
        return label or url.removeprefix("mailto:").removeprefix("tel:")
    if found["special"] in {"here", "channel", "everyone"}:
        return f"@{found['special']}"
    if not label:
        return found[0]
    if found["special"]:
        return label if found["special"] == "date" else f"@{label.removeprefix('@')}"
    return f"#{label.removeprefix('#')}"


def _in_prose(found: re.Match[str]) -> str:
    url, words = found["url"], _seen(found)
    if not url or _is_address(words, url):
        return words
    return f"{words} ({url.translate(_BRACKETS)})"


def _is_address(words: str, url: str) -> bool:
    """Whether a link's label is its own address, as in links that Slack makes by itself."""
    address = url.removeprefix("mailto:").removeprefix("tel:").partition("://")
    return words.rstrip("/") in {url.rstrip("/"), (address[2] or address[0]).rstrip("/")}
