"""The name of an incident: its length, its channel's name, and when two names are the same."""

import html
import re
import unicodedata
from collections.abc import Collection

from bot.domain.markup import as_seen, cleaned
from bot.domain.number import read_number
from bot.domain.refusal import Choice, Refusal

NAME_LENGTH = 120
"""The most characters that fit one line on a phone. A longer name is kept whole as the first note."""
_SKIN = re.compile(r"::skin-tone-[2-6]:")
_UNNAMED = re.compile(r"<(?:[#@][A-Z0-9]+|![a-z]+(?:\^[^<>|\n]*)?)(?:\|[^<>\n]*)?>")
"""References that only Slack can resolve: people, and channels or user groups without a label."""
_LAST_SEVERITY = re.compile(r"(?<=\S) (?:sev|severity|p|prio|priority) ?\d{1,2}$")


def channel_name(number: int, name: str) -> str:
    """Return `inc-<number>-<slug>`, within Slack's limit of 80 characters of `a-z 0-9 - _`."""
    named = _UNNAMED.sub(_unnamed, as_seen(cleaned(name)))
    letters = unicodedata.normalize("NFKD", _SKIN.sub(":", html.unescape(named)).casefold())
    plain = "".join(it for it in letters if not unicodedata.combining(it))  # é is an e
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return f"inc-{number}-{slug}"[:80].rstrip("-")


def _unnamed(mark: re.Match[str]) -> str:
    return {"@": "someone", "#": "a channel"}.get(mark[0][1], " ")


def must_be_words(name: str, *, anyway: bool) -> None:
    """Refuse a name that is only a number: it is probably that of an alert. `anyway` allows it."""
    number = read_number(name.strip())
    if number is not None and not anyway:
        raise Refusal(
            f"{number} is only a number. Did you mean `alert declare {number}`?",
            slot="name",
            choices=(
                Choice(label=f"Declare alert {number}", say=f"alert declare {number}"),
                Choice(label=f"Open an incident named {number}", say=f'incident me "{number}" anyway'),
            ),
        )


def bare_name(name: str, severities: Collection[str] = ()) -> str:
    """Reduce a name for comparison: no case, blanks, punctuation or severity at its end.

    Without `severities` it only drops those that are called so everywhere, as *sev1*. It is stored so.
    """
    plain = unicodedata.normalize("NFKC", as_seen(cleaned(name))).casefold()
    words = "".join(it if it.isalnum() or unicodedata.category(it)[0] == "M" else " " for it in plain)
    bare = _LAST_SEVERITY.sub("", f" {' '.join(words.split())}")
    last = bare.rpartition(" ")
    if last[0] and last[2] in severities:
        bare = last[0]
    return bare.strip() or plain
