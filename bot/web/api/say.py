"""Say something: run a command that a program sends, through the router, as from everywhere else."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import Field

from bot.commands.request import Request, Response, Source
from bot.domain.api_token import Scope
from bot.domain.refusal import Refusal
from bot.services.api.incidents import Described
from bot.services.incident.incidents import Incidents
from bot.services.people import People
from bot.services.retry import retry_on_conflict
from bot.web.api.endpoint import ApiRequest, writes
from bot.web.api.problem import NotAnswered, problem
from bot.web.api.shapes import ApiInput, IncidentNumber, SlackId
from bot.web.api.site import ApiSite
from bot.web.typed import as_typed_in_slack

KEY = "idempotency-key"
KEYED = re.compile(r"[\x21-\x7e]{1,64}")
NO_KEY = "An Idempotency-Key has 1 to 64 letters, digits and signs, without spaces. Nothing was done."
OTHER_WORDS = (
    "This Idempotency-Key came with other words before. Take a new key for a new request. Nothing was done."
)
WAITS = "Spy asks Slack first who you are. Then it runs this, and answers you in Slack."


class Say(ApiInput):
    """A command, as people type it."""

    say: Annotated[str, Field(min_length=1, max_length=10_000, examples=["incident list"])]
    """Such as `incident 42 note "deployed 1.4"`. A person is written as in chat, or by Slack id: @U0ANA."""
    incident: Annotated[IncidentNumber, Field(strict=True)] | None = None
    """The incident that it is about, if the words do not name one."""
    channel: SlackId | None = None
    """The Slack channel of an incident, in which it is said: then it is about that incident."""


@dataclass(frozen=True, kw_only=True)
class ApiChoice(Described):
    """What could be said instead, or next."""

    label: str
    say: str


@dataclass(frozen=True, kw_only=True)
class SayAnswer(Described):
    """What became of it. A refusal is a problem, with its sentence in `detail` and its `choices`."""

    outcome: Literal["done", "waiting"]
    """`waiting`: Slack is asked first who you are."""
    text: str
    """What you would read in Slack, as plain text. Empty if the channel shows it."""
    choices: Sequence[ApiChoice]


@writes("/say", scope=Scope.READ)
def say(ask: ApiRequest, body: Say, *, api: ApiSite) -> SayAnswer:
    """Run a command in your name, with your roles. With an Idempotency-Key, it is run once however often it is sent.

    A repeated request gets the same answer, for four days. Without the scope `say`, only what shows something is run.
    """
    key = ask.headers.get(KEY)
    if key is not None and not KEYED.fullmatch(key):
        raise NotAnswered(problem(HTTPStatus.UNPROCESSABLE_ENTITY, NO_KEY))
    ident = f"api:{ask.holder.mark}:{key or uuid4().hex}"
    if key and not retry_on_conflict(partial(_has_same_words, api, ident, body)):
        raise NotAnswered(problem(HTTPStatus.UNPROCESSABLE_ENTITY, OTHER_WORDS))
    try:
        response = api.answer(_asked(ask, body, ident, api))
    except Refusal as refusal:  # it was not done in time
        raise NotAnswered(problem(HTTPStatus.SERVICE_UNAVAILABLE, refusal.sentence)) from None
    text, choices = _text(response, api), _choices(response, api)
    if response.is_refusal:
        offered = [{"label": it.label, "say": it.say} for it in choices]
        raise NotAnswered(problem(HTTPStatus.CONFLICT, text, choices=offered))
    if response.waits:
        return SayAnswer(outcome="waiting", text=WAITS, choices=())
    return SayAnswer(outcome="done", text=text, choices=choices)


def _has_same_words(api: ApiSite, ident: str, body: Say) -> bool:
    """Return whether a key is new, or came with the same words before."""
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    with api.sessions.begin() as session:
        words = f"words of {ident}"
        known = session.inbound.remember(words, at=api.clock.now())
        if known is None:
            session.inbound.answered(words, digest)
        return known in {None, digest}


def _asked(ask: ApiRequest, body: Say, ident: str, api: ApiSite) -> Request:
    return Request(
        id=ident,
        text=as_typed_in_slack(body.say),
        user=ask.person,
        source=Source.API,
        incident=body.incident,
        channel=_channel_of(body, ask, api),
        only_reads=Scope.SAY not in ask.holder.scopes,
    )


def _channel_of(body: Say, ask: ApiRequest, api: ApiSite) -> str | None:
    """Return the channel if it is that of an incident which this person sees.

    A program does not prove that its person is in a channel, so nothing may be posted in another one because of it.
    """
    if body.channel is None:
        return None
    with api.reading() as tx:
        return body.channel if Incidents(tx).here(body.channel, asker=ask.person) else None


def _text(response: Response, api: ApiSite) -> str:
    if response.message is None:
        return ""
    with api.reading() as tx:
        return api.plain(response.message.text, People(tx).name).strip()


def _choices(response: Response, api: ApiSite) -> list[ApiChoice]:
    offers = response.message.offers if response.message else ()
    return [ApiChoice(label=label, say=say) for label, say in offers if not api.registry().is_for_people(say)]
