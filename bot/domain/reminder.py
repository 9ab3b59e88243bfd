"""What Spy must say next, given what happened: the rules of an incident's and a page's timers, as pure functions."""

from bot.domain.incident import Incident
from bot.domain.page import Page
from bot.domain.policy import Policy
from bot.domain.timer import Said, Snooze, Timer

__all__ = ["Said", "Snooze", "Timer", "agenda", "page_agenda"]


def agenda(incident: Incident, policy: Policy, *, zone: str | None = None) -> list[Timer]:
    """Give the next occurrence of each duty. Without the owner's `zone` (IANA) some come earlier than they are due."""
    del incident, policy, zone
    return []


def page_agenda(page: Page, policy: Policy) -> list[Timer]:
    """Give when a page counts as unanswered."""
    del page, policy
    return []
