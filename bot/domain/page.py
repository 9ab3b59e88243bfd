"""A page, told honestly: asked for, sent, acknowledged by whom and when, or not, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.domain import events
from bot.domain.refusal import Refusal
from bot.domain.timer import Said, remembering


class PageState(StrEnum):
    REQUESTED = "requested"
    DELAYED = "delayed"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Page:
    number: int
    key: str
    """PagerDuty's `incident_key`: a second try with it can't ring a second time."""
    message: str
    requested_by: str | None
    requested_at: datetime
    team: str | None = None
    person: str | None = None
    incident: int | None = None
    test: bool = False
    """Whether it only proves that a phone rings: gently, and nobody else hears of it."""
    line_at: str | None = None
    """Where the line that follows it stands (an address as in effects); None: on the header card only."""
    state: PageState = PageState.REQUESTED
    pagerduty_id: str | None = None
    url: str | None = None
    sent_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    escalated_to: str | None = None
    resolved_at: datetime | None = None
    why: str | None = None
    fallback: tuple[str, ...] = ()
    rings_since: datetime | None = None
    """Since when somebody ought to answer it: it was sent, or an acknowledgement lapsed."""
    level: int = 1
    escalated_at: datetime | None = None
    reminded: Mapping[str, Said] = field(default_factory=dict)
    """What Spy last said of each duty."""

    @property
    def whom(self) -> str:
        """The team or person, as Slack shows it."""
        return f":{self.team}" if self.team else f"<@{self.person}>"

    @property
    def is_ringing(self) -> bool:
        """Whether PagerDuty may still have news of it."""
        return self.state in {PageState.SENT, PageState.ACKNOWLEDGED}

    def is_answered_since(self, at: datetime) -> bool:
        """Whether what happened then (UTC) was before its acknowledgement, and is only heard of late."""
        answered = self.acknowledged_at if self.state is PageState.ACKNOWLEDGED else None
        return bool(answered and at < answered)

    @property
    def may_ring(self) -> bool:
        """Whether a phone rings for it, or will: it is neither resolved nor given up nor withdrawn."""
        return self.state not in {PageState.RESOLVED, PageState.FAILED, PageState.WITHDRAWN}

    def must_be_ringing(self) -> str:
        """PagerDuty's id of it, to act upon; refuses where there is nothing to act upon."""
        if self.is_ringing and self.pagerduty_id:
            return self.pagerduty_id
        if self.state in {PageState.REQUESTED, PageState.DELAYED}:
            raise Refusal(f"Page {self.number} has not reached PagerDuty yet. Try again in a minute.")
        raise Refusal(f"Page {self.number} is already {self.state}.")

    def after(self, event: events.Event) -> "Page":  # noqa: PLR0911  a table
        """Tell the page as it is once the event has happened."""
        match event:
            case events.PageSent():
                news_first = self.is_ringing or self.state is PageState.RESOLVED
                state = self.state if news_first else PageState.SENT
                return replace(
                    self,
                    state=state,
                    pagerduty_id=event.pagerduty_id,
                    url=event.url,
                    sent_at=event.at,
                    rings_since=event.at,
                    why=None,
                )
            case events.PageAcknowledged():
                acknowledged = PageState.ACKNOWLEDGED
                return replace(self, state=acknowledged, acknowledged_by=event.who, acknowledged_at=event.at)
            case events.PageUnanswered():
                return replace(
                    self,
                    state=PageState.SENT,
                    acknowledged_by=None,
                    acknowledged_at=None,
                    rings_since=event.at,
                )
            case events.PageEscalated():
                return replace(
                    self,
                    state=PageState.SENT,
                    escalated_to=event.to,
                    level=self.level + 1,
                    escalated_at=event.at,
                )
            case events.PageResolved():
                return replace(self, state=PageState.RESOLVED, resolved_at=event.at)
            case events.PageDelayed():
                return replace(self, state=PageState.DELAYED, why=event.why, fallback=event.fallback)
            case events.PageFailed():
                return replace(self, state=PageState.FAILED, why=event.why, fallback=event.fallback)
            case events.PageWithdrawn():
                return replace(self, state=PageState.WITHDRAWN, why=None, fallback=())
            case events.Reminded():
                return replace(self, reminded=remembering(self.reminded, event))
        return self
