"""The lasting messages about a page: its own, the one when nobody answers, and those of test pages."""

from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.paging.page import Page, PageState
from bot.domain.paging.reminders import UNANSWERED
from bot.services.messages import Facts, message, tell_maintainers
from bot.services.paging.pages import Pages
from bot.services.people import People
from bot.services.transaction import Transaction


def _line_refused(tx: Transaction, it: UpsertMessage, why: str) -> None:
    if it.needs_channel:
        tell_maintainers(tx, it, why)
    else:
        Pages(tx).move_line(it.ref)


@message("page", "paging/page", on_refused=_line_refused)
def page(tx: Transaction, it: UpsertMessage) -> Facts:
    found = tx.session.pages.get(it.ref)
    incident = tx.incident(found.incident) if found and found.incident else None
    team = tx.policy.teams.get((found.team if found else None) or "")
    return {
        "page": found,
        "incident": incident,
        "manager": People(tx).manager(team),
        "joined": _joined(tx, it.ref, to=incident),
        "now": tx.now,
    }


def _joined(tx: Transaction, number: int, *, to: Incident | None) -> list[tuple[Page, str | None]]:
    """Return the pages for which this one rings, each with the incident that readers of its message may know of."""
    found = []
    for page in tx.session.pages.folded_into(number):
        on = tx.session.incidents.look(page.incident) if page.incident else None
        is_known = on is not None and (not on.private or (to is not None and on.number == to.number))
        found.append((page, on.id if on and is_known else None))
    return found


@message("also_paged", "paging/also_paged")
def also_paged(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts for who acknowledged a page that rang for others too: they have those that they may see."""
    pages, person = Pages(tx), str(it.to)
    joined = tx.session.pages.folded_into(it.ref)
    theirs = [
        page for page in joined if page.acknowledged_person == person and pages.is_open_to(page, person)
    ]
    return {"page": tx.session.pages.get(it.ref), "joined": theirs}


def _is_unanswered(facts: Facts) -> bool:
    page, incident = facts["page"], facts["incident"]
    is_over = incident is not None and not incident.is_open
    return bool(page and page.state is PageState.SENT and facts["latest"] and not is_over)


@message("unanswered", "paging/unanswered", is_worth_posting=_is_unanswered)
def unanswered(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of a page that nobody answered in time."""
    found = tx.session.pages.get(it.ref)
    sent = found.reminded.get(UNANSWERED) if found else None
    return {**page(tx, it), "said": sent, "latest": bool(sent and it.facts["occurrence"] == sent.occurrence)}


@message("test", "oncall/test")
@message("tested", "oncall/tested")
def test_page(tx: Transaction, it: UpsertMessage) -> Facts:
    return {"page": tx.session.pages.get(it.ref), "now": tx.now}
