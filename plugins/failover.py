"""Failover: move a service elsewhere by a written plan, with a second person's eyes, and back if a check is red."""

from collections.abc import Sequence
from typing import Annotated

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.commands.slots import Line, PageNumber, number_of
from bot.domain.effects import incident_channel
from bot.domain.failover import Failover
from bot.domain.incident import Incident
from bot.domain.portion import Portion
from bot.services.failover_views import FailoverViews
from bot.services.failovers import Failovers, Standing

RunNumber = Annotated[int, number_of("a failover")]
QuestionNumber = Annotated[int, number_of("a question")]


@command('failover ["what"]')
def failover(request: Request, incident: Incident | None, what: str | None, *, failovers: Failovers) -> Reply:
    """List the plans, or propose one: `failover pod 7 to east`. Nothing moves until somebody else approves."""
    if not what:
        return _plans(failovers.plans(asker=request.user), None)
    run = failovers.propose(what, by=request.user, place=_place(request, incident), incident=incident)
    return Reply("failover/proposed", {"run": run, "incident": incident}, confirms=True)


@command("failover (plans|list) [page <page>]")
def plans(request: Request, page: PageNumber | None, *, failovers: Failovers) -> Reply:
    """List the plans."""
    return _plans(failovers.plans(asker=request.user), page)


@command('failover rehearse "what"')
def rehearse(request: Request, incident: Incident | None, what: str, *, failovers: Failovers) -> Reply:
    """Try a plan's checks and dry runs; nothing moves."""
    run = failovers.rehearse(what, by=request.user, place=_place(request, incident), incident=incident)
    return Reply("failover/proposed", {"run": run, "incident": incident}, confirms=True)


@command("failover approve <run> [<shown>]")
def approve(request: Request, run: RunNumber, shown: str | None, *, failovers: Failovers) -> Reply:
    """Approve what a proposal shows (the *Approve* button says it for you); whoever proposed it can't."""
    approved = failovers.approve(run, by=request.user, shown=shown)
    return Reply("failover/approved", {"run": approved}, confirms=bool(approved.approvals))


@command("failover abort [<run>]")
def abort(
    request: Request, incident: Incident | None, run: RunNumber | None, *, failovers: Failovers
) -> Reply:
    """Withdraw a proposal, or stop a run and roll it back; until the point of no return."""
    found = _found(request, incident, run, failovers)
    return Reply("failover/aborted", {"run": failovers.abort(found.number, by=request.user)}, confirms=True)


@command('failover answer <run> [<question>] "answer"')
def answer(
    request: Request, run: RunNumber, question: QuestionNumber | None, answer: Line, *, failovers: Failovers
) -> Reply:
    """Answer what a run asks (its buttons say it for you)."""
    answered = failovers.answer(run, answer, by=request.user, question=question)
    return Reply("failover/answered", {"run": answered}, confirms=True)


@command("failover status [<run>]")
def status(
    request: Request,
    incident: Incident | None,
    run: RunNumber | None,
    *,
    failovers: Failovers,
    views: FailoverViews,
) -> Reply:
    """Show how a run stands."""
    return Reply("failover/card", views.card(_found(request, incident, run, failovers)))


@command("failover rollback [<run>]")
def rollback(
    request: Request, incident: Incident | None, run: RunNumber | None, *, failovers: Failovers
) -> Reply:
    """Propose to take back a run that ended well, while its undo is valid; the last one here, without its number."""
    back = failovers.roll_back(run, by=request.user, place=_place(request, incident), incident=incident)
    return Reply("failover/proposed", {"run": back, "incident": incident}, confirms=True)


@command('failover trail [<run>] ["step"]')
def trail(
    request: Request,
    incident: Incident | None,
    run: RunNumber | None,
    step: str | None,
    *,
    failovers: Failovers,
    views: FailoverViews,
) -> Reply:
    """Show all that happened to a run: who proposed, approved and answered, what ran, how it ended, and when."""
    return Reply("failover/trail", views.trail(_found(request, incident, run, failovers), step or ""))


@command('failover output [<run>] ["step"]')
def output(
    request: Request,
    incident: Incident | None,
    run: RunNumber | None,
    step: str | None,
    *,
    failovers: Failovers,
    views: FailoverViews,
) -> Reply:
    """Show what a run's programs have printed, all of them or one step's, by its end."""
    return Reply("failover/output", views.output(_found(request, incident, run, failovers), step or ""))


def _plans(plans: Sequence[Standing], page: int | None) -> Reply:
    return Reply("failover/list", {"found": Portion.of(plans, page)})


def _found(
    request: Request, incident: Incident | None, run: RunNumber | None, failovers: Failovers
) -> Failover:
    return failovers.find(run, asker=request.user, place=_place(request, incident), incident=incident)


def _place(request: Request, incident: Incident | None) -> str:
    return incident_channel(incident.number) if incident else request.channel or request.user
