"""When a page counts as unanswered, and when the result of a test page is reported."""

from bot.domain.incident.incident import Incident
from bot.domain.paging.page import Page, PageState
from bot.domain.policy import PAGE_UNANSWERED, Policy
from bot.domain.reminder import next_period, sent_in
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer, milliseconds

UNANSWERED = "unanswered"
TESTED = "verdict"
"""The stored name of the reminder about a test page's result."""


def page_agenda(page: Page, policy: Policy, incident: Incident | None = None) -> list[Timer]:
    """Return when a page counts as unanswered, counted from when it was sent or escalated.

    Empty once somebody answered in chat or the incident is over, even if the pager does not know yet.
    """
    if page.test or page.state is not PageState.SENT or page.rings_since is None:
        return []
    if page.answer or page.is_needless(incident) or PAGE_UNANSWERED in policy.timers.switched_off:
        return []
    every, cycle = policy.timers.page_unanswered_after, milliseconds(page.rings_since)
    sent = sent_in(page.reminded, UNANSWERED, cycle)
    if sent and sent.count >= policy.timers.asked_at_most:
        return []
    reopened_at = incident.reopened_at if incident else None
    start = max(filter(None, (page.rings_since, page.escalated_at, reopened_at))) + every
    due = next_period(start, every, sent)
    occurrence = Occurrence(UNANSWERED, cycle, str(sent.count if sent else 0))
    return [Timer(subject=page.subject, occurrence=occurrence, due_at=due)]


def tested_subject(page: Page) -> Subject:
    """Return the subject of a test page's result. Its other timers use the page's subject."""
    return Subject("test", str(page.number))


def tested_agenda(page: Page, policy: Policy) -> list[Timer]:
    """Return when to report the result of a test page: once, whatever it is."""
    if not page.test or TESTED in page.reminded:
        return []
    due = page.requested_at + policy.timers.test_page_after
    return [Timer(subject=tested_subject(page), occurrence=Occurrence(TESTED, "1"), due_at=due)]
