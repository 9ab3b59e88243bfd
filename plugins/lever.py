"""Levers: what relieves a trouble quickly, and when it was last rehearsed."""

from typing import Annotated

from bot.commands.arguments.reader import choice_of
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.lever import RELIEVES, by_trouble
from bot.ports import Runbooks
from bot.services.levers import Levers

Trouble = Annotated[str, choice_of(RELIEVES, no="No lever relieves", all_are="They relieve", say="levers ")]


@command('levers|lever ["trouble"]', reads=True)
def listing(request: Request, trouble: Trouble | None, *, levers: Levers, runbooks: Runbooks) -> Reply:
    """List plans and runbooks by what they relieve, with their last rehearsal: `levers load`.

    They relieve load, a bad deploy, a lost region or lost data.
    """
    known = levers.all(runbooks.all(), seen_by=request.user)
    return Reply("runbook/levers", {"groups": by_trouble(known, trouble)})


@command("levers|lever rehearsed <name>", allow="responder")
def rehearsed(name: str, *, levers: Levers, runbooks: Runbooks) -> Reply:
    """Say that a lever was rehearsed elsewhere. A drill and `failover rehearse` count by themselves."""
    lever = levers.rehearsed(name, levers.all(runbooks.all()))
    return Reply("runbook/lever_rehearsed", {"lever": lever}, confirms=True)
