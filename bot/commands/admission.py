"""Whether a person may run a command: the one check of roles, on the way of every request."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bot.commands.command import Command
from bot.commands.request import PROGRAMS, Request, Response, Source, stored_request
from bot.domain.effects import RunRequest
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Choice, Refusal
from bot.services.permissions import Forbidden, Permissions
from bot.services.transaction import Transaction

LONGEST_ASKED = 500
"""Most characters of a command that somebody else can be asked to run: they must be able to read all of it."""


def admit(command: Command, request: Request, incident: Incident | None, tx: Transaction) -> None:
    """Refuse a person who lacks the command's role."""
    Permissions(tx).require(request.user, command.needs(tx.policy), f"`{command.words}`", incident)


def must_be_meant(command: Command, request: Request) -> None:
    """Refuse what a program may not run, and words that mean another command than it chose."""
    if request.means and request.means != command.usage:
        raise Refusal(
            f"These words would mean `{command.usage}`, not `{request.means}`. Nothing was done. "
            "Change the values, or leave some out."
        )
    if not command.by_token and request.source in PROGRAMS:
        raise Refusal(
            f"`{command.words}` is for people: a program can't run it, and an agent can't propose it."
        )
    if request.only_reads and not command.reads:
        raise Refusal(f"`{command.words}` changes something, and this key only reads. Nothing was done.")


def is_proposed(command: Command, request: Request) -> bool:
    """Whether a machine asks for what a person must approve first."""
    return request.source is Source.AGENT and not command.reads and request.approval is None


@contextmanager
def asking_others(request: Request, incident: Incident | None) -> Iterator[None]:
    """Add to a refusal for lack of a role the offer to ask those who have it."""
    try:
        yield
    except Forbidden as refusal:
        is_secret = incident is not None and incident.private and incident.channel != request.channel
        raise refusal if is_secret else refusal.with_choices(*_asking(request, refusal.role)) from None


def must_be_confirmed(request: Request, tx: Transaction) -> bool:
    """Whether Slack must first say who asks: a member, a guest, or somebody of another organisation."""
    return not request.is_confirmed and not Permissions(tx).is_confirmed(request.user)


def confirm_first(request: Request, tx: Transaction) -> Response:
    """Run the request once Slack has said who asks. A form can't wait: it stays open."""
    if request.source is Source.FORM:
        raise Refusal("Spy asks Slack who you are. Please press again in a moment.")
    if request.source is Source.AGENT:
        raise Refusal(f"Spy asks Slack who <@{request.user}> is. Please say it again in a moment.")
    later = replace(request, id=f"later:{request.id}", message=None, is_confirmed=True)
    stored = stored_request().dump_python(later, mode="json")
    tx.send(RunRequest(key=later.id, person=request.user, request=stored, asked_at=tx.now))
    return Response(waits=True)


def _asking(request: Request, role: str) -> Iterator[Choice]:
    """Offer to ask those who may, if their answer can be a button."""
    if request.text and len(request.text) <= LONGEST_ASKED and not request.given:
        yield Choice(label="Ask them", say=f"ask {role} {request.text}")
