"""Hide secrets in what is logged or printed."""

import re
from collections.abc import Iterable
from typing import Any

_SHAPED = re.compile(
    r"\b(?:xox[a-z](?:\.xox[a-z])?-|xapp-|gh[a-z]_|github_pat_)[\w-]{4,}|(?<=://)[^/\s@]+(?=@)"
)


class Masking:
    """Replaces secrets in a finished log line: known ones, and anything that has the shape of one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted(filter(None, secrets), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: Any, _method: str, line: Any) -> str:
        return self.of(line)

    def of(self, text: str) -> str:
        """Return the text with `***` for each secret."""
        masked = self._known.sub("***", text) if self._known else text
        return _SHAPED.sub("***", masked)
