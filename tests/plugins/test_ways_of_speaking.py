"""Every declared command, said in every way: its answer reaches whoever asked, where it belongs, once.

The words are the commands' own examples: each declaration makes one, and is tried by it.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from bot.adapters.rendering.templates import JinjaTemplates
from bot.adapters.runbooks import FolderRunbooks
from bot.adapters.slack import payloads
from bot.commands.command import Command
from bot.commands.plugins import load
from bot.commands.request import Request, Source
from bot.domain.effects import OpenForm, Post, PostEphemeral, PostEvent, Respond, UpsertMessage
from bot.domain.message import Buttons, Message
from bot.domain.subject import IncidentChannel
from bot.testing import FrozenClock, SpyKit
from tests.support.folders import ROOT

REGISTRY = load([ROOT / "plugins"])
KNOWN = ModuleType("known")
vars(KNOWN).update({str(n): it for n, it in enumerate((*REGISTRY.commands, *REGISTRY.listeners))})
TEMPLATES = JinjaTemplates([ROOT / "templates"], clock=FrozenClock())
RUNBOOKS = FolderRunbooks([ROOT / "templates" / "runbooks"], address="https://spy.example.com")

CHANNEL, DM, RESPONSE, BOT = "C0ROOM", "D0KIM", "https://hooks.slack.com/1", "U0SPY"
ONCE = frozenset({"token new"})
"""What is shown once: only an acknowledgement can hold it."""
DATA = frozenset({"report", "report share"})
"""Commands whose answers have charts: Slack may refuse these, so that they come after the acknowledgement."""
LINE, FORM, ACKNOWLEDGED = "a line in the incident's channel", "a form", "the acknowledgement"


def event(text: str, **more: str) -> Mapping[str, Any]:
    message = {"type": "message", "channel": CHANNEL, "channel_type": "channel", "user": "U0KIM", "ts": "9.1"}
    return {"event_id": "Ev1", "event": message | {"text": text} | more}


def slash(command: str, text: str) -> Request:
    body = {"command": command, "text": text, "user_id": "U0KIM", "channel_id": CHANNEL, "trigger_id": "t1"}
    return payloads.slash(body)


def short(text: str) -> Request:
    """Say it by the command of its first word, as in `/page :imoc …`."""
    name, _, rest = text.partition(" ")
    return slash(f"/{name}", rest)


def press(text: str) -> Request | None:
    body = {"trigger_id": "t1", "user": {"id": "U0KIM"}, "channel": {"id": CHANNEL}, "response_url": RESPONSE}
    return payloads.press(body | {"actions": [{"type": "button", "value": text}]})


def direct(text: str) -> Request | None:
    return payloads.speech(event(f"inc-1 {text}", channel=DM, channel_type="im"), BOT)


WAYS: Mapping[str, tuple[Callable[[str], Request | None], set[str]]] = {
    "slash": (lambda text: slash("/spy", text), {ACKNOWLEDGED, FORM}),
    "short slash": (short, {ACKNOWLEDGED, FORM}),
    "mention": (lambda text: payloads.mention(event(f"<@{BOT}> {text}"), BOT), {CHANNEL, LINE}),
    "plain": (lambda text: payloads.speech(event(f"spy {text}"), BOT), {CHANNEL, LINE}),
    "direct message": (direct, {DM}),
    "button": (press, {RESPONSE, CHANNEL, FORM}),
    "terminal": (
        lambda text: Request(id="t1", text=text, user="U0KIM", source=Source.TERMINAL, channel=CHANNEL),
        {ACKNOWLEDGED},
    ),
}
"""How a text is asked in each way, and where its answer may stand."""


def busy() -> SpyKit:
    """Return a Spy with one of most things: each of them has the number 1."""
    return _busy().restarted(clock=FrozenClock())


@cache
def _busy() -> SpyKit:
    spy = SpyKit(KNOWN, templates=TEMPLATES, runbooks=RUNBOOKS)
    spy.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park")
    spy.say('incident me "checkout is down" sev1', by="U0ANA")
    spy.create_channel(1, channel=CHANNEL)
    for words in ('tell :payments "look"', 'action "alert on queue age" @ana', 'change "flag on"'):
        spy.say(words, channel=CHANNEL)
    return spy


def heard(spy: SpyKit, request: Request | None) -> tuple[str, Message]:
    """Return the one answer that reaches whoever asked, with its place."""
    assert request
    before = len(spy.effects)
    answer = spy.request(request)
    asked = spy.effects[before:]
    said = [(ACKNOWLEDGED, answer.message)] if answer.message else []
    for it in asked:
        match it:
            case Post(to=place, message=message) | PostEphemeral(to=place, person="U0KIM", message=message):
                said.append((place, message))
            case Respond(url=place, message=message):
                said.append((place, message))
            case OpenForm(form=form):
                said.append((FORM, Message(text=form)))
    if not said and any(
        isinstance(it, PostEvent | UpsertMessage) and it.to == IncidentChannel(1) for it in asked
    ):
        return LINE, Message(text="")
    [one] = said
    return one


@cache
def usually(text: str) -> tuple[str, Message]:
    """Return what a text is answered as a slash command, with its place."""
    return heard(busy(), slash("/spy", text))


def labels(message: Message) -> set[str]:
    buttons = {it.label for part in message.parts if isinstance(part, Buttons) for it in part.buttons}
    return buttons - {"Share here"}  # what was said aloud is shared already


def same(message: Message) -> str:
    """Return the text without a secret, which differs each time."""
    return re.sub(r"spy_[\w-]+", "secret", message.text)


@pytest.mark.parametrize("source", WAYS)
@pytest.mark.parametrize("command", REGISTRY.commands, ids=lambda it: it.words.replace(" ", "_"))
def test_every_command_is_answered_in_every_way(command: Command, source: str):
    said, places = WAYS[source]

    usual, expected = usually(command.example)
    place, answer = heard(busy(), said(command.example))

    is_after = command.words in DATA and source in {"slash", "short slash"}
    assert place in (places if not is_after else {CHANNEL})
    if command.words in ONCE and place != ACKNOWLEDGED:
        assert answer.text.startswith("The answer is secret, and stored nowhere. Type it as `/spy ")
    elif place != LINE and FORM not in {place, usual}:
        assert (same(answer), labels(answer)) == (same(expected), labels(expected))


@pytest.mark.parametrize("source", WAYS)
def test_whoever_asks_for_command_gets_the_brief(source: str):
    said, _ = WAYS[source]

    place, answer = heard(busy(), said("take"))

    assert place != LINE
    assert "I have command" in labels(answer)
