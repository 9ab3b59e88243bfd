"""Public status: what customers see, and what they are told."""

from typing import Annotated

from bot.commands.arguments import number_of
from bot.commands.arguments.reader import Reader
from bot.commands.command import command
from bot.commands.reply import Fill, Reply
from bot.commands.request import Request
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Choice, Refusal
from bot.domain.spelling import did_you_mean, is_slip, nearest
from bot.domain.status.component import Component, ComponentState
from bot.domain.text import shortened
from bot.services.status.public_status import PublicStatus
from bot.services.status.views import StatusViews
from bot.services.transaction import Transaction

LISTED = 10
"""How many publications one answer lists."""


def _component(word: str, tx: Transaction, asker: str) -> Component:
    del asker
    known = tx.policy.status.components
    if found := tx.policy.status.component(word):
        return found
    if not known:
        raise Refusal("No component is set up yet: see `status:` in config.yaml.")
    meant = nearest(word.casefold(), known)
    raise Refusal(
        f"There is no component {shortened(word)}.{did_you_mean(meant)} Components: {', '.join(known)}.",
        slot="component",
        choices=(Choice(label=meant, say=meant),) if meant else (),
    )


def _state(word: str, tx: Transaction, asker: str) -> ComponentState:
    del asker
    if found := tx.policy.status.state(word):
        return found
    known, words = tx.policy.status.states, tx.policy.status.state_words
    slip = next((it for it in words if is_slip(word.casefold(), it)), None)
    meant = slip or nearest(word.casefold(), known)
    raise Refusal(
        f"There is no state {shortened(word)}.{did_you_mean(meant)} States: {', '.join(known)}.",
        slot="state",
        choices=tuple(Choice(label=it, say=it) for it in ([meant] if meant else known)),
    )


ComponentName = Annotated[
    Component,
    Reader(
        looks=lambda words, tx: tx.policy.status.component(words) is not None,
        read=_component,
        example="checkout",
        longest=4,
    ),
]
StateName = Annotated[
    ComponentState,
    Reader(
        looks=lambda words, tx: tx.policy.status.state(words) is not None,
        read=_state,
        resembles=lambda word, tx: any(is_slip(word.casefold(), it) for it in tx.policy.status.state_words),
        example="degraded",
        longest=3,
    ),
]
PreviewNumber = Annotated[int, number_of("a preview")]
PublicationNumber = Annotated[int, number_of("a publication", listed_by="status history")]


@command('(status set|status) <component> [<state>] ["words"]', allow="responder")
def preview(
    request: Request,
    incident: Incident | None,
    component: ComponentName,
    state: StateName | None,
    words: str | None,
    *,
    status: PublicStatus,
    views: StatusViews,
) -> Reply | Fill:
    """Tell customers how a component is: `status checkout degraded "Payments are slow."`. You see it first.

    Nothing is public before you press *Publish*. Without a state it stays as it is, and customers get an update.
    """
    state = state or views.lasting(component)
    if state is None or not words:
        return Fill("status/set", "status set", views.form(component, state, words or "", incident=incident))
    draft = status.preview(component, state, words, by=request.user, incident=incident)
    return Reply("status/preview", views.preview(draft, seen_by=request.user), discreet=True)


@command("status", allow="everyone", reads=True)
def show(request: Request, incident: Incident | None, *, views: StatusViews) -> Reply:
    """Show what customers see now: each component, what they were told, who told them and when."""
    return Reply("status/now", views.now(seen_by=request.user, incident=incident), shared=True)


@command("status history [<component>] [before <publication>]", allow="everyone", reads=True)
def history(
    component: ComponentName | None, publication: PublicationNumber | None, *, views: StatusViews
) -> Reply:
    """List what customers were told, newest first."""
    return Reply("status/history", views.history(component, before=publication, size=LISTED), shared=True)


@command("status publish <preview> [anyway]", allow="responder")
def publish(
    request: Request, preview: PreviewNumber, anyway: bool, *, status: PublicStatus, views: StatusViews
) -> Reply:
    """Publish a preview, like its button. `anyway` publishes the words of a private incident."""
    published = status.publish(preview, by=request.user, anyway=anyway)
    is_without_incident = published.is_new and published.publication.incident is None
    facts = views.published(published, seen_by=request.user)
    return Reply("status/published", facts, shared=is_without_incident, confirms=published.is_new)


@command("status edit <preview>", allow="responder")
def edit(request: Request, preview: PreviewNumber, *, status: PublicStatus, views: StatusViews) -> Fill:
    """Change a preview before it is published: a new one takes its place."""
    return Fill("status/set", "status set", views.form_of(status.draft(preview, by=request.user)))


@command("status preview <preview>", allow="responder")
def renew(request: Request, preview: PreviewNumber, *, status: PublicStatus, views: StatusViews) -> Reply:
    """Look at a preview again, after what others have published since."""
    draft = status.renew(preview, by=request.user)
    return Reply("status/preview", views.preview(draft, seen_by=request.user), discreet=True)
