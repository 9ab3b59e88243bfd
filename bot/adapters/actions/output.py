"""Clean the output of a program or server as it arrives: no control characters, secrets masked, size limited."""

import codecs
import re
from collections.abc import Callable, Iterable

from bot.domain.masking import Masking

KEPT = 64 * 1024
"""The last bytes of output that are kept; earlier bytes are only counted."""
SHORTEST = 4
"""The fewest characters of a secret that is masked: masking shorter ones would hide half of every text."""
LONGEST_WORD = 512
"""Characters of an unfinished word that are held back, because it may become a token."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[@-Z\\-_])")
_UNFINISHED = re.compile(r"(?:\r|\x1b(?:\[[0-9;?]{0,32}|\][^\x07\x1b]{0,256}\x1b?)?)\Z")
_LINE_END = re.compile(r"\r\n?")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters except tab and line end, characters that change the text direction, and half surrogates."""


def plain(text: str) -> str:
    """Return a text without colours and control characters, and with one kind of line end."""
    return _UNSEEN.sub("\ufffd", _LINE_END.sub("\n", _ESCAPE.sub("", text)))


class Secrets:
    """Values that must never be shown. Those shorter than four characters are not masked."""

    def __init__(self, values: Iterable[str]) -> None:
        plainly = {plain(value).strip() for value in values}
        self._values = sorted(value for value in plainly if len(value) >= SHORTEST)
        self._masking = Masking(self._values)

    def masked(self, text: str) -> str:
        return self._masking.of(text)

    def settled(self, text: str) -> int:
        """Return how many characters can be masked now: no secret or token crosses that position."""
        until = len(text) - len(_last_word(text[-LONGEST_WORD:]))
        until = min([until, *(_begins(value, text) for value in self._values)])
        while cut := [at for value in self._values if (at := _across(value, text, until)) >= 0]:
            until = min(cut)
        return until


def _last_word(text: str) -> str:
    return "" if not text or text[-1].isspace() else text.rsplit(maxsplit=1)[-1]


def _begins(value: str, text: str) -> int:
    """Return the position at the end of a text where this value may begin; the text's length if nowhere."""
    at = text.find(value[0], max(0, len(text) - len(value) + 1))
    while at >= 0 and not value.startswith(text[at:]):
        at = text.find(value[0], at + 1)
    return at if at >= 0 else len(text)


def _across(value: str, text: str, until: int) -> int:
    """Return the start of a value that crosses a position; -1 if none does."""
    return text.find(value, max(0, until - len(value) + 1), until + len(value) - 1)


class Output:
    """Takes bytes as they arrive, and passes them to `hear` as safe text. Keeps the last 64 KB."""

    def __init__(self, hear: Callable[[str], None], secrets: Secrets) -> None:
        self._hear = hear
        self._secrets = secrets
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._raw = ""
        self._waiting = ""
        self._last = bytearray()
        self._passed = 0

    def take(self, data: bytes, *, is_last: bool = False) -> None:
        raw = self._raw + self._decoder.decode(data, final=is_last)
        unfinished = None if is_last else _UNFINISHED.search(raw)
        whole = unfinished.start() if unfinished else len(raw)
        self._raw = raw[whole:]
        self._waiting += plain(raw[:whole])
        until = len(self._waiting) if is_last else self._secrets.settled(self._waiting)
        output, self._waiting = self._secrets.masked(self._waiting[:until]), self._waiting[until:]
        if output:
            self._keep(output)
            self._hear(output)

    def say(self, line: str) -> None:
        """Add a line written by Spy."""
        self.take(f"{plain(line)}\n".encode())

    def end(self) -> None:
        """Pass on what was held back; call it once, after the last bytes."""
        self.take(b"", is_last=True)

    @property
    def text(self) -> str:
        """The last 64 KB of the output."""
        return self._last[-KEPT:].decode(errors="ignore")

    @property
    def dropped(self) -> int:
        """How many bytes came before `text`."""
        return self._passed - len(self.text.encode())

    def _keep(self, output: str) -> None:
        data = output.encode()
        self._passed += len(data)
        self._last += data[-KEPT:]
        del self._last[: -2 * KEPT]
