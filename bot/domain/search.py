"""Which incidents are looked for, among those that a person may see."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import CLOSED, WORKING, Incident, Phase
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

    def finds(self, incident: Incident, paged: Collection[str]) -> bool:
        """Whether an incident is looked for, for which these teams were paged."""
        return (
            incident.phase in self.phases
            and incident.is_seen_by(self.seen_by)
            and self.severity in {None, incident.severity}
            and self.private in {None, incident.private}
            and (self.team is None or self.team in {*paged, *incident.told})
            and (self.since is None or self.since <= (incident.resolved_at or incident.opened_at))
            and all(word.casefold() in _told(incident).casefold() for word in self.words)
        )


def _told(incident: Incident) -> str:
    told = (incident.name, incident.impact, incident.cause, incident.resolution)
    return "\n".join(filter(None, told))
