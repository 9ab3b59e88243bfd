"""What a machine asks for becomes a proposal; what a person has approved of it runs, and ends it."""

from bot.commands.command import Command, Outcome
from bot.commands.reply import Fill, Reply
from bot.commands.request import Request, Source
from bot.domain.incident.incident import Incident
from bot.domain.markup import as_slack_sends, as_typed
from bot.domain.proposal import Proposal
from bot.services.proposals import Proposals
from bot.services.transaction import Transaction

ASKS_FOR_MORE = "It opens a form for the words that are missing. Propose it again with all of them."


def propose(command: Command, request: Request, incident: Incident | None, tx: Transaction) -> Reply:
    """Show the command to people. Its words are shown and run exactly as they are here."""
    made = Proposals(tx).propose(
        as_typed(request.text),
        usage=command.usage,
        role=command.configured(tx.policy) or command.allow,
        needs_second=command.second_person,
        by=request.user,
        agent=request.agent,
        incident=incident,
    )
    return Reply("proposal/proposed", {"proposal": made, "incident": incident})


def approved(proposal: Proposal) -> Request:
    """Return the request that carries an approved proposal out. It has the same id each time, so it runs once."""
    return Request(
        id=f"proposal:{proposal.number}",
        text=as_slack_sends(proposal.words),
        user=proposal.runs_as,
        source=Source.AGENT,
        agent=proposal.agent,
        means=proposal.usage,
        approval=proposal.approval,
    )


def ended(request: Request, outcome: Outcome, tx: Transaction) -> None:
    """End the proposal that this request has carried out. A form is no way for a machine to give more words."""
    if request.approval and isinstance(outcome, Fill):
        Proposals(tx).not_carried_out(request.approval.proposal, ASKS_FOR_MORE)
    elif request.approval:
        Proposals(tx).carried_out(request.approval.proposal)


def refused(request: Request, why: str, tx: Transaction) -> None:
    """End the proposal that this request was to carry out, because it was refused."""
    if request.approval:
        Proposals(tx).not_carried_out(request.approval.proposal, why)
