"""A search for incidents among those that a person may see."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident.state import CLOSED, WORKING, Phase
from bot.domain.refusal import Refusal

OPEN, OVER, ALL = frozenset(WORKING), CLOSED, frozenset(Phase)


MOST_WORDS = 20
"""The most words of a search, because each word is searched in every incident."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """All conditions must hold.

    `since` (UTC) is the earliest time at which it was opened or ended. It was opened before `until` (UTC).
    """

    seen_by: str
    phases: frozenset[Phase] = OPEN
    team: str | None = None
    """A team that was paged or notified."""
    severity: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: tuple[str, ...] = ()
    """Each word is in the name, impact, cause or resolution, or in the name of a service."""
    service: str | None = None
    """A service that it affects."""
    people: tuple[str, ...] = ()
    """One of these people was in it."""
    below: int | None = None
    """Its number is smaller: what follows in a list of the newest."""
    private: bool | None = None
    only_members: bool = False
    """Whether the person sees only incidents of which they are a member, as a guest does."""

    @property
    def is_any_past(self) -> bool:
        """Whether it asks for all past incidents that a person may see."""
        return self == Search(
            seen_by=self.seen_by,
            phases=OVER,
            below=self.below,
            private=self.private,
            only_members=self.only_members,
        )

    def __post_init__(self) -> None:
        if len(self.words) > MOST_WORDS:
            raise Refusal(
                f"A search takes {MOST_WORDS} words at most; these are {len(self.words)}. Search with the rarest ones."
            )
