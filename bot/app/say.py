"""`spy say`: run any command from a terminal, for when chat is down."""

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

from bot.adapters.rendering.mrkdwn import plain
from bot.app.build import build
from bot.commands.request import Request, Source
from bot.config import Settings
from bot.domain.message import Buttons, Message
from bot.domain.refusal import Refusal
from bot.domain.text import shortened
from bot.services.people import People
from bot.services.transaction import Transaction

PATIENCE = timedelta(seconds=15)
"""How long the command waits until its effects are delivered. A running bot continues after that."""
PERSON_ID = re.compile(r"[UW][A-Z0-9]{2,}")
MENTIONED_ID = re.compile(rf"(?<![<\w])@({PERSON_ID.pattern})\b")
CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{2,}")
MOST_OPEN = 1_000
UNKNOWN_CHANNEL = (
    "No open incident has a channel called {name}. Give the channel's Slack id, such as C0PAY "
    "(in Slack: the channel's details, at the end of About), or name the incident by its number: 'incident tldr 42'."
)


def say(settings: Settings, person: str, channel: str | None, words: str) -> int:
    """Run a command in someone's name, print the answer, and deliver its effects. Return 1 if it was refused."""
    with ExitStack() as stack:
        bot = build(settings, stack)
        stack.callback(bot.delivery.stop)
        with bot.database.begin() as session:
            tx = Transaction(
                session=session, now=bot.clock.now(), policy=settings.policy(), source=Source.TERMINAL
            )
            try:
                asker, place = _person(tx, person), channel and _channel(tx, channel)
            except Refusal as refusal:
                sys.stdout.write(f"{plain(refusal.sentence, People(tx).name)}\n")
                return 1
        text = MENTIONED_ID.sub(r"<@\1>", words.strip().removeprefix("/").removeprefix("spy "))
        request = Request(
            id=f"say:{uuid4().hex}", text=text, user=asker, source=Source.TERMINAL, channel=place
        )
        answer = bot.router.answer(request)
        with bot.database.begin() as session:
            names = People(Transaction(session=session, now=bot.clock.now(), policy=settings.policy())).name
            sys.stdout.write(_on_terminal(answer.message, names) if answer.message else "Done.\n")
        if settings.env.slack_bot_token and not bot.delivery.drain(within=PATIENCE):
            sys.stdout.write("Not delivered to Slack yet; Spy will retry.\n")
    return 1 if answer.is_refusal else 0


def _person(tx: Transaction, person: str) -> str:
    name = person.removeprefix("@")
    return name if PERSON_ID.fullmatch(name) else People(tx).named(name)


def _channel(tx: Transaction, channel: str) -> str:
    """Return the Slack id. Refuse a name that no open incident's channel has."""
    name = channel.removeprefix("#")
    if CHANNEL_ID.fullmatch(name):
        return name
    for incident in tx.session.incidents.open(limit=MOST_OPEN):
        if incident.channel and incident.channel_name == name:
            return incident.channel
    raise Refusal(UNKNOWN_CHANNEL.format(name=shortened(name)))


def _on_terminal(message: Message, names: Callable[[str], str | None]) -> str:
    """Return a message for a terminal. Slack's buttons become the commands they run."""
    lines = [
        f"  {button.say}\n"
        for part in message.parts
        if isinstance(part, Buttons)
        for button in part.buttons
        if button.say
    ]
    return f"{plain(message.text, names)}\n{''.join(lines)}"
