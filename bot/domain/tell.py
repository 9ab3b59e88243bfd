"""Word to another team, in its own channel, and who there has seen it."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.events import TeamTold, TellFailed, TellSeen


@dataclass(frozen=True, kw_only=True)
class Tell:
    number: int
    incident: int
    team: str
    channel: str
    message: str
    by: str
    at: datetime
    seen_by: tuple[str, ...] = ()
    failed: str | None = None

    def told(self) -> TeamTold:
        return TeamTold(at=self.at, by=self.by, tell=self.number, team=self.team, message=self.message)

    def see(self, *, by: str, at: datetime) -> TellSeen | None:
        """None for who has already said so."""
        if by in self.seen_by:
            return None
        return TellSeen(at=at, by=by, tell=self.number, team=self.team)

    def after(self, event: TellSeen | TellFailed) -> "Tell":
        if isinstance(event, TellFailed):
            return replace(self, failed=event.why)
        return replace(self, seen_by=(*self.seen_by, event.by or ""))
