"""What a person sees of Slack's markup: a link's label, a channel's name, a letter for its escape.

A mention of a person stays as it is, since it is who is meant. So does what Slack alone can name: a channel, a user
group or a date that came without its words.
"""

import re

_QUOTES = str.maketrans(
    {**dict.fromkeys("“”„‟«»″＂", '"'), **dict.fromkeys("‘’‚‛′", "'"), "‑": "-", "\xa0": " ", "\u202f": " "}  # noqa: RUF001  what phones write
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Those that turn the direction of writing among them: in a name they would turn the card's other words round."""
_SCHEME = r"(?:https?|ftp|mailto|tel|slack):"
_TYPED = r"(?:[^<>&|\n]|&(?![lg]t;))"
"""A letter inside of a mark, as far as the escaped bracket that would end it."""
_TYPED_MARK = (
    rf"&lt;(?:@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+|![a-z]+(?:\^{_TYPED}*)?|{_SCHEME}{_TYPED}+)"
    rf"(?:\|(?:{_TYPED}|\|)*)?&gt;"
)
_ESCAPE = re.compile(rf"(?P<mark>{_TYPED_MARK})|&amp;(?!(?:amp|lt|gt);)|&lt;|&gt;")
"""Escapes of single letters; a mark that was typed letter by letter keeps both of its own, lest it become one."""
_LETTERS = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_MARK = re.compile(
    rf"<(?:(?P<url>{_SCHEME}[^<>|\s]+)|#[CGD][A-Z0-9]+|!(?P<special>[a-z]+)(?:\^[^<>|\n]*)?)"
    r"(?:\|(?P<label>[^<>\n]*))?>"
)
MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|(?P<label>[^<>]*))?>")
"""A person, as Slack writes one who was chosen from its list: some payloads add a label."""
_QUOTED = re.compile(r"\A(?:\s|>|&gt;)+")
_BRACKETS = {ord("("): "%28", ord(")"): "%29"}
"""An address in brackets has none of its own: the first that closes would end it."""
_MARKS = ("```", "`", "*", "_", "~")
_AROUND = "*_~`'\"([{"
_BEHIND = "*_~`'\")]}.,;!?…"


def cleaned(text: str) -> str:
    """Make letters plain: straight quotes, blanks that are blanks, no control characters, `&` for `&amp;`."""
    plain = _CONTROL.sub("", text.translate(_QUOTES))
    return _ESCAPE.sub(lambda it: it["mark"] or _LETTERS[it[0]], plain) if "&" in plain else plain


def as_seen(text: str) -> str:
    """Say it in the words that a person sees: of a link its label alone."""
    return _MARK.sub(_seen, text) if "<" in text else text


def as_prose(text: str) -> str:
    """Say it in the words that a person sees, and after a link's label its address, so that nothing is lost."""
    return _MARK.sub(_in_prose, text) if "<" in text else text


def plain_prose(text: str) -> str:
    """Return what Slack brings in the words that a person sees, its letters made plain."""
    return as_prose(cleaned(text))


def undecorated(text: str) -> str:
    """Take off what surrounds all of a text: code, bold, italics, the sign of a quotation."""
    bare = _QUOTED.sub("", text).rstrip()
    for _ in _MARKS:
        mark = next((it for it in _MARKS if _surrounds(it, bare)), "")
        bare = bare[len(mark) : len(bare) - len(mark)].strip()
    return bare


def peeled(word: str) -> str:
    """Take off a word what belongs to its sentence or its looks: `drill!`, `[private]`, `*sev1*`; an emoji stays."""
    bare = word.lstrip(_AROUND)
    return bare.rstrip(_BEHIND if bare.startswith(":") else _BEHIND + ":")


def _surrounds(mark: str, text: str) -> bool:
    """Whether a mark is at both ends of a text, and nowhere between them."""
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
    """Whether a link's words are its address already, as where Slack made the link by itself."""
    address = url.removeprefix("mailto:").removeprefix("tel:").partition("://")
    return words.rstrip("/") in {url.rstrip("/"), (address[2] or address[0]).rstrip("/")}
