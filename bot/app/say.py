"""`spy say`: run any command from a terminal, for when chat is down."""

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from bot.adapters.rendering.mrkdwn import plain
from bot.app.build import Bot, build
from bot.app.said import Said
from bot.commands.by_hand import by_hand
from bot.commands.request import Request, Source
from bot.config import Settings
from bot.domain.markup import PERSON, PERSON_ID
from bot.domain.message import Message
from bot.domain.refusal import Refusal
from bot.domain.text import shortened
from bot.ports import Session
from bot.services.people import People
from bot.services.transaction import Transaction

PATIENCE = timedelta(seconds=15)
"""How long the command waits until its effects are delivered. A running bot continues after that."""
CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{2,}")
MOST_OPEN = 1_000
INCIDENT_CHANNEL = re.compile(r"inc-(\d{1,9})(-.*)?")
UNKNOWN_CHANNEL = (
    "No open incident has a channel called {name}. Give the channel's Slack id, such as C0PAY "
    "(in Slack: the channel's details, at the end of About), or name the incident by its number: 'incident tldr 42'."
)


def say(settings: Settings, person: str, channel: str | None, words: str) -> int:
    """Run a command in someone's name, print the answer, deliver its effects, and print what became of them.

    Return 1 if it was refused.
    """
    with ExitStack() as stack:
        bot = build(settings, stack)
        stack.callback(bot.delivery.stop)
        with bot.database.begin() as session:
            tx = _transaction(bot, session)
            try:
                asker, place = person_called(tx, person), _place(tx, channel) if channel else SaidAt()
            except Refusal as refusal:
                sys.stdout.write(f"{plain(refusal.sentence, People(tx).name)}\n")
                return 1
        text = PERSON.sub(r"<@\1>", words.strip().removeprefix("/").removeprefix("spy "))
        request = Request(
            id=f"say:{uuid4().hex}",
            text=text,
            user=asker,
            source=Source.TERMINAL,
            channel=place.channel,
            incident=place.incident,
        )
        answer = bot.router.answer(request)
        said = Said(bot=bot, keys=answer.queued)
        _print(bot, answer.message or Message(text="Done."))
        said.deliver(within=PATIENCE)
        with bot.database.read() as session:
            facts = said.facts(_transaction(bot, session))
        _print(bot, bot.templates.render("help/said", facts, names=names_of(bot)))
    return 1 if answer.is_refusal else 0


def not_done(settings: Settings) -> str:
    """Return what to do if the database can't be used."""
    return plain(f"Nothing was done. {by_hand(settings.policy())}".strip())


def _transaction(bot: Bot, session: Session) -> Transaction:
    return Transaction(
        session=session, now=bot.clock.now(), policy=bot.settings.policy(), source=Source.TERMINAL
    )


def names_of(bot: Bot) -> Callable[[str], str | None]:
    """Return a function that reads a name when it is needed."""

    def name(ident: str) -> str | None:
        with bot.database.read() as session:
            return People(_transaction(bot, session)).name(ident)

    return name


def _print(bot: Bot, message: Message) -> None:
    if message.text.strip():
        sys.stdout.write(_on_terminal(message, names_of(bot)))
        sys.stdout.flush()


@dataclass(frozen=True, kw_only=True)
class SaidAt:
    """Where a command is said: a channel, or an incident that has none yet."""

    channel: str | None = None
    incident: int | None = None


def person_called(tx: Transaction, person: str) -> str:
    """Return the Slack id of a person by name, or an id as it is. Refuses a name that Spy does not know."""
    name = person.removeprefix("@")
    return name if PERSON_ID.fullmatch(name) else People(tx).named(name)


def _place(tx: Transaction, channel: str) -> SaidAt:
    """Return where it is said. Refuse a name that no open incident's channel has, or will have."""
    name = channel.removeprefix("#")
    if CHANNEL_ID.fullmatch(name):
        return SaidAt(channel=name)
    for incident in tx.session.incidents.open(limit=MOST_OPEN):
        if incident.channel and incident.channel_name == name:
            return SaidAt(channel=incident.channel)
    coming = INCIDENT_CHANNEL.fullmatch(name.casefold())
    waits = tx.session.incidents.look(int(coming[1])) if coming else None
    if waits and waits.channel is None:
        return SaidAt(incident=waits.number)
    raise Refusal(UNKNOWN_CHANNEL.format(name=shortened(name)))


def _on_terminal(message: Message, names: Callable[[str], str | None]) -> str:
    """Return a message for a terminal. Slack's buttons become the commands they run."""
    lines = [f"  {say}\n" for _, say in message.offers]
    return f"{plain(message.text, names)}\n{''.join(lines)}"
