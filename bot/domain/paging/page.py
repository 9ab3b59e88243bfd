"""A page and its state: requested, sent, acknowledged or not, by whom, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.event import Event
from bot.domain.incident import reminder_events
from bot.domain.incident.incident import Incident
from bot.domain.paging import events
from bot.domain.refusal import Refusal
from bot.domain.subject import Address, ReminderName, Subject
from bot.domain.timer import LastSent, remembering

NOBODY = ""
"""Who is paged while nobody is on call."""
ADOPTED = "alert:"
"""How the key of a page begins that the pager sent by itself."""
ACKNOWLEDGE, RESOLVE = "acknowledged", "resolved"
"""The answers that people can give in chat."""


class PageState(StrEnum):
    REQUESTED = "requested"
    DELAYED = "delayed"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    FOLDED = "folded"
    """Another page rings the same people already, and rings for this one too."""
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page to a team or a person. Times are in UTC."""

    number: int
    key: str
    """The pager's `incident_key`: a second try with the same key can't page twice."""
    message: str
    requested_by: str | None
    requested_at: datetime
    team: str | None = None
    person: str | None = None
    incident: int | None = None
    severity: str | None = None
    """The severity of its incident when the page was requested, or rang by itself: what people read on their phone."""
    is_adopted: bool = False
    """Whether the pager sent it by itself, before it belonged to an incident of Spy's."""
    is_own: bool = False
    """Whether its requester commanded the incident, so that they are not limited."""
    answered_own_at: datetime | None = None
    """When its requester answered it in chat (UTC). The people whom it rang may not have seen it."""
    test: bool = False
    """Whether it only tests a person's phone. It has low urgency, and nobody else is notified."""
    line_at: Address | None = None
    """The address of its message, as in effects. None: it appears only on the card."""
    state: PageState = PageState.REQUESTED
    pager_id: str | None = None
    url: str | None = None
    sent_at: datetime | None = None
    assigned: str | None = None
    """The names of the people that it pages, or NOBODY; None if unknown."""
    answer: str | None = None
    """An answer from chat that the pager has not confirmed yet. `answer_by` is a Slack id."""
    answer_by: str | None = None
    acknowledged_by: str | None = None
    acknowledged_person: str | None = None
    """The Slack id of the person who acknowledged, if known."""
    acknowledged_at: datetime | None = None
    shown_as: str | None = None
    """The account at the pager that acknowledged, if the person has no account of their own."""
    escalated_to: str | None = None
    folded_into: int | None = None
    """The number of the page that rings for this one too."""
    folded_for: str | None = None
    """The incident of that page (INC-1), if everybody may know of it."""
    folded_at: datetime | None = None
    is_put_off: bool = False
    """Whether the page that it joined was answered by the requester of both, so that it rings a little later."""
    joined_since: datetime | None = None
    """Since when the page that it joined rings (UTC)."""
    released_at: datetime | None = None
    """When it left the page that it had joined, and rang by itself (UTC)."""
    is_taken: bool = False
    """Whether somebody acknowledged it in chat by itself, or has acted on it since they had it with another page."""
    looked_at: datetime | None = None
    """When Spy last checked that the other page still rings (UTC)."""
    merged_into: str | None = None
    """The pager's id of what it was merged into. Spy follows that one."""
    resolved_at: datetime | None = None
    why: str | None = None
    fallback: tuple[str, ...] = ()
    rings_since: datetime | None = None
    """Since when it waits for an answer (UTC): it was sent, or an acknowledgement expired."""
    level: int = 1
    is_last_level: bool = False
    """Whether the escalation policy has no higher level."""
    escalated_at: datetime | None = None
    reminded: Mapping[ReminderName, LastSent] = field(default_factory=dict)
    """What Spy last sent, per reminder."""

    @property
    def subject(self) -> Subject:
        return Subject("page", str(self.number))

    @property
    def whom(self) -> str:
        """The team or person, in Slack's markup."""
        return f":{self.team}" if self.team else f"<@{self.person}>"

    @property
    def is_ringing(self) -> bool:
        """Whether the pager has it and it is not resolved."""
        return self.state in {PageState.SENT, PageState.ACKNOWLEDGED}

    @property
    def rings_nobody(self) -> bool:
        """Whether nobody is on call for it, as far as the pager has reported."""
        return self.assigned == NOBODY and self.state not in OVER

    @property
    def is_only_here(self) -> bool:
        """Whether the pager has never had it, because another page rings for it."""
        return self.folded_into is not None and self.pager_id is None and self.state in FOLDABLE

    def is_needless(self, incident: Incident | None) -> bool:
        """Whether its incident has ended since the page was requested."""
        return incident is not None and incident.is_over_since(self.requested_at)

    def may_go_to(self, level: int) -> bool:
        """Whether paging this level reaches somebody else, or repeats the last level."""
        return self.level < level or self.rings_nobody or self.is_last_level

    def asked_to(self, answer: str, *, by: str) -> "Page":
        """Return the page with an answer from chat.

        The first answer counts until it is confirmed; *resolve* is final.
        """
        if self.answer in {answer, RESOLVE}:
            return self
        return replace(self, answer=answer, answer_by=by)

    def ended_here(self, at: datetime) -> "Page":
        """Return the page as resolved, without the pager, which never had it."""
        return replace(self, state=PageState.RESOLVED, resolved_at=at)

    def lapsed(self, at: datetime, *, by: str) -> "Page":
        """Return the page after its acknowledgement expired and Spy renews it for `by`."""
        return replace(self, state=PageState.SENT, rings_since=at, answer=ACKNOWLEDGE, answer_by=by)

    @property
    def is_being_renewed(self) -> bool:
        """Whether its acknowledgement expired and Spy is renewing it."""
        return self.state is PageState.SENT and self.acknowledged_at is not None

    def unconfirmed(self) -> "Page":
        """Return the page without its unconfirmed answer."""
        return replace(self, answer=None, answer_by=None, why=None)

    def is_answered_since(self, at: datetime) -> bool:
        """Whether news from this time (UTC) is older than the acknowledgement, and so arrived late."""
        if self.state is not PageState.ACKNOWLEDGED or self.acknowledged_at is None:
            return False
        renewed = self.rings_since if self.rings_since and self.rings_since > self.acknowledged_at else None
        return at < self.acknowledged_at or (renewed is not None and at <= renewed)

    @property
    def may_ring(self) -> bool:
        """Whether it pages somebody now or may do so later: it is not resolved, failed or withdrawn."""
        return self.state not in OVER

    def must_be_ringing(self) -> str:
        """Return its id at the pager, "" if another page rings for it.

        Refuses if the pager does not have it yet, or it is over.
        """
        if self.is_only_here or (self.is_ringing and self.pager_id):
            return self.pager_id or ""
        if self.state in {PageState.REQUESTED, PageState.DELAYED}:
            raise Refusal(f"Page {self.number} has not reached the pager yet. Try again in a minute.")
        raise Refusal(f"Page {self.number} is already {self.state}.")

    def after(self, event: Event) -> "Page":  # noqa: C901, PLR0911, PLR0912  a table
        """Return the page after the event."""
        match event:
            case events.PageFolded():
                return replace(
                    self,
                    state=PageState.FOLDED,
                    folded_into=event.into,
                    folded_for=event.joined,
                    folded_at=event.at,
                    is_put_off=event.is_put_off,
                    joined_since=event.since,
                    assigned=event.assigned,
                )
            case events.PageReleased():
                return replace(
                    self._open_again(),
                    state=PageState.REQUESTED,
                    folded_into=None,
                    folded_for=None,
                    is_put_off=False,
                    assigned=None,
                    released_at=event.at,
                )
            case events.PageSent():
                news_first = self.is_ringing or self.state is PageState.RESOLVED
                state = self.state if news_first else PageState.SENT
                return replace(
                    self,
                    state=state,
                    pager_id=event.pager_id,
                    url=event.url,
                    sent_at=event.at,
                    rings_since=event.at,
                    assigned=event.assigned,
                    why=None,
                )
            case events.PageAdopted():
                return replace(
                    self,
                    state=PageState.SENT,
                    pager_id=event.pager_id,
                    url=event.url,
                    sent_at=event.at,
                    rings_since=event.at,
                    assigned=event.assigned,
                )
            case events.PageRingsNobody():
                return replace(self, assigned=NOBODY, fallback=event.fallback)
            case events.PageAcknowledged():
                return self._acknowledged(event)
            case events.PageUnanswered() if self.is_only_here:
                return replace(self._open_again(), state=PageState.FOLDED, folded_at=event.at)
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
                return replace(self, pager_id=event.into, url=event.url or self.url, merged_into=event.into)
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
            case reminder_events.Reminded():
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


FOLDABLE = frozenset({PageState.FOLDED, PageState.ACKNOWLEDGED})
OVER = frozenset({PageState.RESOLVED, PageState.FAILED, PageState.WITHDRAWN})


def not_answering(page: Page) -> str:
    """Return the message of the page that is sent because nobody answers this one."""
    return f"{page.message} ({page.whom} was paged and does not answer)"
