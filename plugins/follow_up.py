"""Follow-ups: what to do afterwards, who does it, and by when."""

from datetime import date
from typing import Annotated

from bot.commands.arguments import PageNumber, Someone, number_of
from bot.commands.command import command
from bot.commands.reply import Fill, Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.portion import Portion
from bot.domain.postmortem.follow_up import Category
from bot.services.postmortem.follow_ups import FollowUps

FollowUpNumber = Annotated[int, number_of("a follow-up", listed_by="follow-ups")]


@command('incident action ["action"] [@owner] [<category>] [by|until|due|in <due>]')
def action(  # noqa: PLR0917  each is a slot of the usage line
    request: Request,
    incident: Incident,
    action: str | None,
    owner: Someone | None,
    category: Category | None,
    due: date | None,
    *,
    follow_ups: FollowUps,
) -> Reply | Fill:
    """Add a follow-up: `incident action "alert on queue age" @raj detection by friday`."""
    if not action:
        categories = [it.value for it in Category]
        return Fill("postmortem/action", "incident action", {"incident": incident, "categories": categories})
    added = follow_ups.add(incident, action, by=request.user, owner=owner, category=category, due=due)
    is_whole = bool(category and owner and due)  # else the answer asks for the rest
    return Reply("postmortem/follow_up_added", {"incident": incident, "follow_up": added}, confirms=is_whole)


@command("follow-ups|followups [<id>] [page <page>]", reads=True)
def listing(
    request: Request, incident: Incident | None, page: PageNumber | None, *, follow_ups: FollowUps
) -> Reply:
    """List this incident's follow-ups. Elsewhere: all open ones."""
    found = follow_ups.of(incident) if incident else follow_ups.open_to(request.user)
    overdue = follow_ups.overdue(found, reader=request.user)
    facts = {"incident": incident, "found": Portion.of(found, page), "overdue": overdue}
    return Reply("postmortem/follow_ups", facts)


@command("follow-up done <number>")
def done(request: Request, number: FollowUpNumber, *, follow_ups: FollowUps) -> Reply:
    """Mark a follow-up as done. This also closes its issue."""
    finished = follow_ups.finish(number, by=request.user)
    return Reply("postmortem/follow_up_changed", {"follow_up": finished}, confirms=True)


@command("follow-up reopen <number>")
def reopen(request: Request, number: FollowUpNumber, *, follow_ups: FollowUps) -> Reply:
    """Reopen a follow-up."""
    reopened = follow_ups.take_up_again(number, by=request.user)
    return Reply("postmortem/follow_up_changed", {"follow_up": reopened}, confirms=True)


@command("follow-up owner <number> @owner")
def give(request: Request, number: FollowUpNumber, owner: Someone, *, follow_ups: FollowUps) -> Reply:
    """Set who does a follow-up."""
    changed = follow_ups.change(number, owner=owner, by=request.user)
    return Reply("postmortem/follow_up_changed", {"follow_up": changed})


@command("follow-up due <number> <due>")
def due(request: Request, number: FollowUpNumber, due: date, *, follow_ups: FollowUps) -> Reply:
    """Set a follow-up's due date: friday, 2026-12-01, 2w."""
    return Reply(
        "postmortem/follow_up_changed", {"follow_up": follow_ups.change(number, due=due, by=request.user)}
    )


@command("follow-up category <number> <category>")
def categorise(
    request: Request, number: FollowUpNumber, category: Category, *, follow_ups: FollowUps
) -> Reply:
    """Set a follow-up's category: detection, escalation, recovery or prevention."""
    changed = follow_ups.change(number, category=category, by=request.user)
    return Reply("postmortem/follow_up_changed", {"follow_up": changed})
