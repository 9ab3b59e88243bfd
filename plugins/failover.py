"""Failover: move a service by a written plan that a second person approves; roll back if a check fails."""

from typing import Annotated

from bot.commands.arguments import Line, PageNumber, number_of
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.failover.run import Failover
from bot.domain.incident.incident import Incident
from bot.domain.portion import Portion
from bot.domain.subject import Address, IncidentChannel
from bot.services.failover.failovers import Failovers
from bot.services.failover.views import FailoverViews

RunNumber = Annotated[int, number_of("a failover")]
PLAN = "the plan names another role"
QuestionNumber = Annotated[int, number_of("a question")]


@command("(failover|failover plans|failover list) [page <page>]", reads=True)
def plans(request: Request, page: PageNumber | None, *, failovers: Failovers) -> Reply:
    """List the plans."""
    return Reply("failover/list", {"found": Portion.of(failovers.plans(asker=request.user), page)})


@command('failover "what"', allow="operator", unless=PLAN, second_person=True)
def failover(request: Request, incident: Incident | None, what: str, *, failovers: Failovers) -> Reply:
    """Propose a plan: `failover pod 7 to east`. Nothing moves until someone else approves."""
    run = failovers.propose(what, by=request.user, place=_place(request, incident), incident=incident)
    return Reply("failover/proposed", {"run": run, "incident": incident}, confirms=True)


@command('failover rehearse "what"', allow="operator", unless=PLAN)
def rehearse(request: Request, incident: Incident | None, what: str, *, failovers: Failovers) -> Reply:
    """Run a plan's checks and dry runs. Nothing moves."""
    run = failovers.rehearse(what, by=request.user, place=_place(request, incident), incident=incident)
    return Reply("failover/proposed", {"run": run, "incident": incident}, confirms=True)


@command("failover approve <run> [<shown>]", allow="operator", unless=PLAN, second_person=True)
def approve(request: Request, run: RunNumber, shown: str | None, *, failovers: Failovers) -> Reply:
    """Approve a proposal, like its *Approve* button. You can't approve your own."""
    approved = failovers.approve(run, by=request.user, shown=shown)
    return Reply("failover/approved", {"run": approved}, confirms=bool(approved.approvals))


@command("failover abort [<run>]", allow="operator", unless=PLAN)
def abort(
    request: Request, incident: Incident | None, run: RunNumber | None, *, failovers: Failovers
) -> Reply:
    """Withdraw a proposal, or stop a run and roll it back. Possible until the point of no return."""
    found = _found(request, incident, run, failovers)
    return Reply("failover/aborted", {"run": failovers.abort(found.number, by=request.user)}, confirms=True)


@command('failover answer <run> [<question>] "answer"', allow="operator", unless=PLAN)
def answer(
    request: Request, run: RunNumber, question: QuestionNumber | None, answer: Line, *, failovers: Failovers
) -> Reply:
    """Answer a run's question, like its buttons."""
    answered = failovers.answer(run, answer, by=request.user, question=question)
    return Reply("failover/answered", {"run": answered}, confirms=True)


@command("failover status [<run>]", reads=True)
def status(
    request: Request,
    incident: Incident | None,
    run: RunNumber | None,
    *,
    failovers: Failovers,
    views: FailoverViews,
) -> Reply:
    """Show the state of a run."""
    return Reply("failover/card", views.card(_found(request, incident, run, failovers)))


@command("failover rollback [<run>]", allow="operator", unless=PLAN, second_person=True)
def rollback(
    request: Request, incident: Incident | None, run: RunNumber | None, *, failovers: Failovers
) -> Reply:
    """Propose to undo a finished run while its undo is valid. Without a number: the last one here."""
    back = failovers.roll_back(run, by=request.user, place=_place(request, incident), incident=incident)
    return Reply("failover/proposed", {"run": back, "incident": incident}, confirms=True)


@command('failover trail [<run>] ["step"]', reads=True)
def audit_log(
    request: Request,
    incident: Incident | None,
    run: RunNumber | None,
    step: str | None,
    *,
    failovers: Failovers,
    views: FailoverViews,
) -> Reply:
    """Show a run's history: who proposed, approved and answered, what ran, when, and with what result."""
    return Reply("failover/trail", views.audit_log(_found(request, incident, run, failovers), step or ""))


@command('failover output [<run>] ["step"]', reads=True)
def output(
    request: Request,
    incident: Incident | None,
    run: RunNumber | None,
    step: str | None,
    *,
    failovers: Failovers,
    views: FailoverViews,
) -> Reply:
    """Show the last output of a run's programs: all of them, or one step's."""
    return Reply("failover/output", views.output(_found(request, incident, run, failovers), step or ""))


def _found(
    request: Request, incident: Incident | None, run: RunNumber | None, failovers: Failovers
) -> Failover:
    return failovers.find(run, asker=request.user, place=_place(request, incident), incident=incident)


def _place(request: Request, incident: Incident | None) -> Address:
    return IncidentChannel(incident.number) if incident else request.channel or request.user
