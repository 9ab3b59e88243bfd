"""Texts, names and links."""

import re
from typing import NewType

from bot.commands.arguments.reader import LONGEST_LINE, Reader, anything, by_word
from bot.domain.markup import as_prose, as_seen
from bot.domain.refusal import Refusal
from bot.domain.text import shortened
from bot.services.transaction import Transaction

Plain = NewType("Plain", str)
"""Text that is no sentence, such as a name or a value. A link counts as its label; a final full stop is dropped."""

Line = NewType("Line", str)
"""Text that is shown on the card or in a list: a few sentences."""

Url = NewType("Url", str)
"""An http or https address."""

_LINK = re.compile(r"<(?P<url>https?://[^<|>]+)(\|(?P<label>[^<>]*))?>")


def _text(word: str, tx: Transaction, asker: str) -> str:
    del tx, asker
    return word.strip()


def _plain_text(raw: str) -> str:
    return as_seen(raw).rstrip(" .,;")


def _url(word: str, tx: Transaction, asker: str) -> Url:
    del tx, asker
    found = _LINK.search(word)
    url = found["url"] if found else word
    if not re.match(r"https?://\S+$", url):
        raise Refusal(f"{shortened(as_seen(word))} is not a link. A link begins with https://")
    return Url(url.replace("&amp;", "&"))


TEXT = Reader(looks=anything, read=_text, sees=as_prose)
LINE = Reader(looks=anything, read=_text, sees=as_prose, most=LONGEST_LINE)
PLAIN = Reader(looks=anything, read=_text, sees=_plain_text)
WORD = Reader(looks=anything, read=_text)
"""A bare word without a type of its own."""
URL = Reader(
    looks=by_word(lambda word: bool(re.match(r"<?https?://", word))),
    read=_url,
    example="https://example.com/graph",
    sees=str.strip,
    most=LONGEST_LINE,
)
