"""What a page needs done at the pager."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from bot.domain.effects import Effect, Urgency
from bot.domain.subject import Address


@dataclass(frozen=True, kw_only=True)
class PageEffect(Effect):
    page: int
    urgency: ClassVar[Urgency] = Urgency.NOW
    is_audited: ClassVar[bool] = True

    @property
    def lane(self) -> str:
        return f"page:{self.page}"


@dataclass(frozen=True, kw_only=True)
class SendPage(PageEffect):
    label: ClassVar[str] = "Page {page}"


@dataclass(frozen=True, kw_only=True)
class AnswerPage(PageEffect):
    """Acknowledge or resolve a page in the pager, from chat."""

    answer: str
    by: str
    label: ClassVar[str] = "The answer to page {page} ({answer})"

    @classmethod
    def given(cls, page: int, answer: str, *, by: str, at: datetime) -> Self:
        """Return a person's answer. The time is part of the key, so the same answer can be given again later."""
        key = f"answer-page:{page}:{answer}:{int(at.timestamp() * 1000)}"
        return cls(key=key, page=page, answer=answer, by=by)


@dataclass(frozen=True, kw_only=True)
class EscalatePage(PageEffect):
    """Page the next level of the escalation policy, because nobody answered."""

    level: int
    label: ClassVar[str] = "The escalation of page {page}"


@dataclass(frozen=True, kw_only=True)
class FindResponder(PageEffect):
    """Find the person who acknowledged a page in Slack, by their id at the pager."""

    user: str
    urgency: ClassVar[Urgency] = Urgency.SOON
    is_audited: ClassVar[bool] = False
    label: ClassVar[str] = "The invitation of who acknowledged page {page}"

    @property
    def lane(self) -> str:
        return self.key


@dataclass(frozen=True, kw_only=True)
class ShowPhones(Effect):
    """Show phone numbers to the one person who asked. They are read when it is delivered, and stored nowhere.

    They are those of `people`, or with a `page` those of the people whom it was to ring.
    """

    asker: str
    to: Address
    people: tuple[str, ...] = ()
    page: int | None = None
    thread: str | None = None
    urgency: ClassVar[Urgency] = Urgency.NOW
    label: ClassVar[str] = "Phone numbers for <@{asker}>"
