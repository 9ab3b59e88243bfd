"""Send an answer: in the acknowledgement or by the outbox, to all in a channel or to the asker alone."""

from collections.abc import Iterable

from bot.commands.request import TEXT_ONLY, VISIBLE, Request, Response, Source
from bot.domain.effects import Effect, Post, PostEphemeral, PostEvent, Respond, UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.message import Message
from bot.domain.subject import IncidentChannel
from bot.services.transaction import Transaction

SHOWN_THERE = frozenset({"page", "team_notice_sent", "failover"})
"""Messages that are their own answer in the channel."""


def send(
    request: Request, message: Message, tx: Transaction, private: list[Incident], *, shared: bool
) -> Response:
    """Answer in the acknowledgement if the source allows it; a visible source is answered in the channel."""
    if _fits_acknowledgement(request, message):
        return Response(message=message, shared=shared)
    aloud = request.source in VISIBLE or shared
    if aloud and request.channel:
        tx.send(_post(request, message, tuple(it.number for it in private)))
        return Response()
    return send_discreetly(request, message, tx, private)


def send_discreetly(
    request: Request, message: Message, tx: Transaction, private: Iterable[Incident] = ()
) -> Response:
    """Answer so that only the asker sees it. People who were removed from a private incident get nothing."""
    key, about = f"answer:{request.id}", tuple(it.number for it in private)
    if _fits_acknowledgement(request, message):
        return Response(message=message)
    # Slack posts answers to that URL outside threads.
    if (
        request.source in {Source.BUTTON, Source.SLASH, Source.SHORTCUT}
        and request.response_url
        and not request.thread
    ):
        tx.send(Respond(key=key, url=request.response_url, message=message, person=request.user, about=about))
    elif request.source is Source.DM and request.channel:
        tx.send(_post(request, message, about))
    else:
        place = request.channel or request.user
        tx.send(
            PostEphemeral(
                key=key,
                to=place,
                person=request.user,
                message=message,
                thread=request.thread,
                about=about,
            )
        )
    return Response()


def _fits_acknowledgement(request: Request, message: Message) -> bool:
    """Whether the acknowledgement can hold an answer. Slack does not say whether it takes tables and charts there."""
    return request.is_answered_at_once and (request.source in TEXT_ONLY or not message.has_data)


def _post(request: Request, message: Message, about: tuple[int, ...]) -> Post:
    return Post(
        key=f"answer:{request.id}",
        to=request.channel or request.user,
        message=message,
        thread=request.thread,
        asker=request.user,
        about=about,
    )


def is_shown_there(effects: Iterable[Effect], request: Request, tx: Transaction) -> bool:
    """Return whether what happened is already posted where the person asked, so that an answer would repeat it.

    Not in a thread: what happened is posted in the channel, not in the thread.
    """
    if request.thread:
        return False
    here = tx.session.incidents.in_channel(request.channel) if request.channel else None
    places = {request.channel, IncidentChannel(here.number) if here else None}
    return any(
        isinstance(effect, PostEvent)
        or (isinstance(effect, UpsertMessage) and effect.message_type in SHOWN_THERE)
        for effect in effects
        if getattr(effect, "to", None) in places
    )
