"""The lasting messages about a page: its own, the one when nobody answers, and those of test pages."""

from bot.domain.effects import UpsertMessage
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
    return {"page": found, "incident": incident, "manager": People(tx).manager(team), "now": tx.now}


@message("unanswered", "paging/unanswered")
def unanswered(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of a page that nobody answered in time."""
    found = tx.session.pages.get(it.ref)
    sent = found.reminded.get(UNANSWERED) if found else None
    return {**page(tx, it), "said": sent, "latest": bool(sent and it.facts["occurrence"] == sent.occurrence)}


@message("test", "oncall/test")
@message("tested", "oncall/tested")
def test_page(tx: Transaction, it: UpsertMessage) -> Facts:
    return {"page": tx.session.pages.get(it.ref), "now": tx.now}
