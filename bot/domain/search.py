"""Which incidents are looked for, among those that a person may see."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import CLOSED, WORKING, Phase
from bot.domain.refusal import Refusal

OPEN, OVER, ALL = frozenset(WORKING), CLOSED, frozenset(Phase)


MOST_WORDS = 20
"""Each word is looked for by itself, in every incident."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """All of it must hold; `since` (UTC) is when it was opened or ended at the earliest."""

    seen_by: str
    phases: frozenset[Phase] = OPEN
    team: str | None = None
    """Paged for it, or told of it."""
    severity: str | None = None
    since: datetime | None = None
    words: tuple[str, ...] = ()
    """Each is in its name, its impact, its cause or what ended it."""
    private: bool | None = None

    def __post_init__(self) -> None:
        if len(self.words) > MOST_WORDS:
            raise Refusal(
                f"A search takes {MOST_WORDS} words at most; these are {len(self.words)}. Search with the rarest ones."
            )
