"""What a handler or a page answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class WebAnswer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes = b""


class NotHere(Exception):  # noqa: N818  named for what is there
    """Raised if there is nothing that this caller may see. The sentence is for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


Handler = Callable[[bytes, Mapping[str, str]], WebAnswer]
"""Takes a request's body and headers (names in lower case) and answers. Runs in a thread."""

Page = Callable[[str, Mapping[str, str]], WebAnswer]
"""Takes the name at the end of the path ("" if there is none) and the query, and answers. Runs in a thread."""
