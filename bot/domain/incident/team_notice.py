"""A notice to another team in its own channel, and who there has seen it."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.incident.events import TeamNoticeFailed, TeamNoticeSeen, TeamNotified


@dataclass(frozen=True, kw_only=True)
class TeamNotice:
    number: int
    incident: int
    team: str
    channel: str
    message: str
    by: str
    at: datetime
    seen_by: tuple[str, ...] = ()
    failed: str | None = None

    def notified(self) -> TeamNotified:
        return TeamNotified(at=self.at, by=self.by, notice=self.number, team=self.team, message=self.message)

    def see(self, *, by: str, at: datetime) -> TeamNoticeSeen | None:
        """Return None if the person has seen it already."""
        if by in self.seen_by:
            return None
        return TeamNoticeSeen(at=at, by=by, notice=self.number, team=self.team)

    def after(self, event: TeamNoticeSeen | TeamNoticeFailed) -> "TeamNotice":
        if isinstance(event, TeamNoticeFailed):
            return replace(self, failed=event.why)
        return replace(self, seen_by=(*self.seen_by, event.by or ""))
