"""Proposals: what an agent asks for in somebody's name, until a person approves or declines it."""

from typing import Annotated

from bot.commands.admission import admit
from bot.commands.arguments import PageNumber, number_of
from bot.commands.command import Command, command
from bot.commands.interpreter import Interpreter
from bot.commands.plugins import CommandRegistry
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.markup import as_slack_sends
from bot.domain.portion import Portion
from bot.domain.proposal import Proposal
from bot.domain.refusal import Refusal
from bot.services.incident.incidents import Incidents
from bot.services.proposals import Proposals
from bot.services.transaction import Transaction

ProposalNumber = Annotated[int, number_of("a proposal", listed_by="proposals")]
ITS_ROLE = "the proposed command needs another role"


@command("proposals [page <page>]", allow="everyone", reads=True)
def listing(request: Request, page: PageNumber | None, *, proposals: Proposals) -> Reply:
    """List what agents propose and nobody has decided."""
    found = Portion.of(proposals.undecided(asker=request.user), page)
    return Reply("proposal/list", {"found": found})


@command("proposal <number>", allow="everyone", reads=True)
def show(request: Request, number: ProposalNumber, *, proposals: Proposals) -> Reply:
    """Show a proposal letter by letter, and what became of it."""
    found = proposals.find(number, asker=request.user)
    return Reply("proposal/proposal", proposals.shown(found))


@command("proposal approve <number> [<shown>]", allow="everyone", unless=ITS_ROLE, by_token=False)
def approve(
    request: Request,
    number: ProposalNumber,
    shown: str | None,
    *,
    proposals: Proposals,
    incidents: Incidents,
    registry: CommandRegistry,
    tx: Transaction,
) -> Reply:
    """Approve a proposal, like its *Approve* button: it runs once, in the name of whom the agent speaks for.

    You need the role that the command itself needs. If it asks for a second person, that is you.
    """
    found = proposals.find(number, asker=request.user)
    incident = incidents.find(found.incident, asker=request.user) if found.incident else None
    meant = Interpreter(registry).understand(as_slack_sends(found.words), tx, asker=found.person).command
    _must_be_the_same(found, meant)
    admit(meant, request, incident, tx)
    read = (
        None if request.asked else shown
    )  # what asks others to approve does not show what they would approve
    approved = proposals.approve(number, by=request.user, shown=read)
    return Reply("proposal/decided", {"proposal": approved}, confirms=True)


@command("proposal decline <number>", allow="everyone", by_token=False)
def decline(request: Request, number: ProposalNumber, *, proposals: Proposals) -> Reply:
    """Decline a proposal. Everyone who sees it may."""
    declined = proposals.decline(number, by=request.user)
    return Reply("proposal/decided", {"proposal": declined}, confirms=True)


def _must_be_the_same(proposal: Proposal, meant: Command) -> None:
    if meant.second_person != proposal.needs_second:
        raise Refusal(
            f"Since it was proposed, who may approve `{meant.usage}` has changed. Decline proposal {proposal.number}."
        )
    if meant.usage != proposal.usage:
        raise Refusal(
            f"Spy's commands have changed: these words mean `{meant.usage}` now, and meant `{proposal.usage}` when "
            f"they were proposed. Decline proposal {proposal.number}."
        )
