"""A page, told honestly: asked for, sent, acknowledged by whom and when, or not, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.domain import events
from bot.domain.incident import Incident
from bot.domain.refusal import Refusal
from bot.domain.subject import Subject
from bot.domain.timer import LastSent, remembering

NOBODY = ""
"""Whom a page rings while nobody is on call."""
ACKNOWLEDGE, RESOLVE = "acknowledged", "resolved"
"""The answers that can be given in chat."""


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
    assigned: str | None = None
    """Whom it rings, by the names that PagerDuty gives, or NOBODY; None: not known."""
    answer: str | None = None
    """What somebody answered in chat (`answer_by`, a Slack id) and PagerDuty has not confirmed yet."""
    answer_by: str | None = None
    acknowledged_by: str | None = None
    acknowledged_person: str | None = None
    """The same by Slack id, where it is known."""
    acknowledged_at: datetime | None = None
    shown_as: str | None = None
    """Whose acknowledgement PagerDuty takes it for, where it has no account for who gave it."""
    escalated_to: str | None = None
    merged_into: str | None = None
    """PagerDuty's id of the incident that it was merged into and that is followed since."""
    resolved_at: datetime | None = None
    why: str | None = None
    fallback: tuple[str, ...] = ()
    rings_since: datetime | None = None
    """Since when somebody ought to answer it: it was sent, or an acknowledgement lapsed."""
    level: int = 1
    is_last_level: bool = False
    """Whether PagerDuty has no level above."""
    escalated_at: datetime | None = None
    reminded: Mapping[str, LastSent] = field(default_factory=dict)
    """What Spy last said of each duty."""

    @property
    def subject(self) -> Subject:
        return Subject("page", str(self.number))

    @property
    def whom(self) -> str:
        """The team or person, as Slack shows it."""
        return f":{self.team}" if self.team else f"<@{self.person}>"

    @property
    def is_ringing(self) -> bool:
        """Whether PagerDuty may still have news of it."""
        return self.state in {PageState.SENT, PageState.ACKNOWLEDGED}

    @property
    def rings_nobody(self) -> bool:
        """Whether nobody is on call for it, as far as PagerDuty has said."""
        return self.assigned == NOBODY and self.state not in OVER

    def is_needless(self, incident: Incident | None) -> bool:
        """Whether its incident has ended since it was asked for."""
        return incident is not None and incident.is_over_since(self.requested_at)

    def may_go_to(self, level: int) -> bool:
        """Whether ringing this level would ring somebody else, or again whoever did not answer."""
        return self.level < level or self.rings_nobody or self.is_last_level

    def asked_to(self, answer: str, *, by: str) -> "Page":
        """Tell the page once somebody has answered it in chat: the first answer counts until it is confirmed."""
        if self.answer in {answer, RESOLVE}:
            return self
        return replace(self, answer=answer, answer_by=by)

    def lapsed(self, at: datetime, *, by: str) -> "Page":
        """Tell the page once its acknowledgement lapsed and is to be given anew: who gave it stays known."""
        return replace(self, state=PageState.SENT, rings_since=at, answer=ACKNOWLEDGE, answer_by=by)

    @property
    def is_being_renewed(self) -> bool:
        """Whether its acknowledgement lapsed, and is just being given anew."""
        return self.state is PageState.SENT and self.acknowledged_at is not None

    def unconfirmed(self) -> "Page":
        """Tell the page once PagerDuty would not have the answer."""
        return replace(self, answer=None, answer_by=None, why=None)

    def is_answered_since(self, at: datetime) -> bool:
        """Whether what happened then (UTC) was before its acknowledgement, and is only heard of late."""
        if self.state is not PageState.ACKNOWLEDGED or self.acknowledged_at is None:
            return False
        renewed = self.rings_since if self.rings_since and self.rings_since > self.acknowledged_at else None
        return at < self.acknowledged_at or (renewed is not None and at <= renewed)

    @property
    def may_ring(self) -> bool:
        """Whether a phone rings for it, or will: it is neither resolved nor given up nor withdrawn."""
        return self.state not in OVER

    def must_be_ringing(self) -> str:
        """PagerDuty's id of it, to act upon; refuses where there is nothing to act upon."""
        if self.is_ringing and self.pagerduty_id:
            return self.pagerduty_id
        if self.state in {PageState.REQUESTED, PageState.DELAYED}:
            raise Refusal(f"Page {self.number} has not reached PagerDuty yet. Try again in a minute.")
        raise Refusal(f"Page {self.number} is already {self.state}.")

    def after(self, event: events.Event) -> "Page":  # noqa: C901, PLR0911  a table
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
                    assigned=event.assigned,
                    why=None,
                )
            case events.PageRingsNobody():
                return replace(self, assigned=NOBODY, fallback=event.fallback)
            case events.PageAcknowledged():
                return self._acknowledged(event)
            case events.PageUnanswered():
                return replace(self._open_again(), rings_since=event.at)
            case events.PageRenewed():
                return replace(self.unconfirmed(), state=PageState.ACKNOWLEDGED, acknowledged_by=event.who)
            case events.PageEscalated():
                return replace(
                    self._open_again(),
                    escalated_to=event.to,
                    assigned=event.to,
                    level=self.level + 1,
                    escalated_at=event.at,
                )
            case events.PageMerged():
                return replace(
                    self, pagerduty_id=event.into, url=event.url or self.url, merged_into=event.into
                )
            case events.PageResolved():
                return replace(
                    self,
                    state=PageState.RESOLVED,
                    resolved_at=event.at,
                    answer=None,
                    answer_by=None,
                    why=None,
                )
            case events.PageDelayed():
                return replace(self, state=PageState.DELAYED, why=event.why, fallback=event.fallback)
            case events.PageFailed():
                return replace(self, state=PageState.FAILED, why=event.why, fallback=event.fallback)
            case events.PageWithdrawn():
                return replace(self, state=PageState.WITHDRAWN, why=None, fallback=())
            case events.Reminded():
                return replace(self, reminded=remembering(self.reminded, event))
        return self

    def _acknowledged(self, event: events.PageAcknowledged) -> "Page":
        kept = self.answer if self.answer == RESOLVE else None
        return replace(
            self,
            state=PageState.ACKNOWLEDGED,
            acknowledged_by=event.who,
            acknowledged_person=event.person,
            acknowledged_at=event.at,
            shown_as=event.shown_as,
            assigned=event.shown_as or event.who,
            answer=kept,
            answer_by=self.answer_by if kept else None,
            why=None,
        )

    def _open_again(self) -> "Page":
        return replace(
            self,
            state=PageState.SENT,
            acknowledged_by=None,
            acknowledged_person=None,
            acknowledged_at=None,
            shown_as=None,
        )


OVER = frozenset({PageState.RESOLVED, PageState.FAILED, PageState.WITHDRAWN})
