"""`spy say`: any command from a terminal, for when chat is down."""

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

from bot.adapters.mrkdwn import plain
from bot.bootstrap.build import build
from bot.commands.ask import Ask, Way
from bot.config import Settings
from bot.domain.message import Buttons, Message
from bot.domain.refusal import Refusal
from bot.services.desk import Desk
from bot.services.people import People

PATIENCE = timedelta(seconds=15)
"""How long the command waits for what it asked for to leave; a running bot goes on after that."""
SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,}")


def say(settings: Settings, person: str, channel: str | None, words: str) -> int:
    """Say a command as somebody, print the answer, and deliver what follows from it; 1 where it was refused."""
    with ExitStack() as stack:
        bot = build(settings, stack)
        stack.callback(bot.delivery.stop)
        with bot.database.begin() as work:
            people = People(Desk(work=work, now=bot.clock.now(), policy=settings.policy()))
            try:
                asker = person if SLACK_ID.fullmatch(person) else people.named(person)
            except Refusal as refusal:
                sys.stdout.write(f"{refusal.sentence}\n")
                return 1
        text = words.removeprefix("/").removeprefix("spy ")
        ask = Ask(id=f"say:{uuid4().hex}", text=text, user=asker, way=Way.TERMINAL, channel=channel)
        answer = bot.router.answer(ask)
        with bot.database.begin() as work:
            names = People(Desk(work=work, now=bot.clock.now(), policy=settings.policy())).name
            sys.stdout.write(_on_terminal(answer.message, names) if answer.message else "Done.\n")
        if settings.env.slack_bot_token and not bot.delivery.drain(within=PATIENCE):
            sys.stdout.write("Not all of it has left yet; a running bot keeps trying.\n")
    return 0


def _on_terminal(message: Message, names: Callable[[str], str | None]) -> str:
    """Write a message for a terminal; where Slack has buttons, the words they say."""
    said = [
        f"  {button.say}\n"
        for part in message.parts
        if isinstance(part, Buttons)
        for button in part.buttons
        if button.say
    ]
    return f"{plain(message.text, names)}\n{''.join(said)}"
