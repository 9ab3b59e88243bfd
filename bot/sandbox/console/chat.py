"""The box's terminal chat: act as a person, see the channels, and play scripts with expectations."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import singledispatchmethod
from typing import TypeVar

from rich.console import Console

from bot.sandbox import Box
from bot.sandbox.console.chat_help import HELP
from bot.sandbox.console.script import DAYS, PHONE, ScriptAction, ScriptLine, read
from bot.sandbox.console.script_actions import (
    PATIENCE,
    AlertAction,
    CancelAction,
    EditAction,
    ExpectAction,
    ExpectNotAction,
    FillAction,
    HelpAction,
    JoinAction,
    JumpAction,
    OnCallAction,
    PhoneAction,
    PlayAction,
    PressAction,
    QuitAction,
    ReactAction,
    ReplyAction,
    SayAction,
    SendTrafficAction,
    SetHealthAction,
    SetLagAction,
    ShortcutAction,
    ShowPhoneAction,
    ShowTrafficAction,
    SlashAction,
    SubmitAction,
    UnclearAction,
    UnreactAction,
    WaitAction,
)
from bot.sandbox.console.transcript import Transcript
from bot.sandbox.console.visibility import EVER, SHOWN, Visibility, flat
from bot.sandbox.pagerduty.incidents import AlreadyResolvedError
from bot.sandbox.pagerduty.pagerduty import LATEST
from bot.sandbox.slack.fields import filled
from bot.sandbox.slack.world import PEOPLE, SlackChannel, SlackMessage, SlackView

T = TypeVar("T")
DONE, FAILED, INTERRUPTED = 0, 1, 130


class TroubleError(Exception):
    """An action that is not possible here; the message says why."""


def converse(box: Box, lines: Iterable[str], out: Console, *, interactive: bool) -> int:
    """Run the lines until they end, and return the exit code.

    Interactive: the lines come from a prompt if they are standard input, and an error does not end the chat.
    Otherwise the first error or failed expectation ends the script with 1.
    """
    chat = ConsoleChat(box, out, patience=timedelta(0) if interactive else PATIENCE)
    box.on(chat.transcript.on_event)
    if interactive and lines is sys.stdin:
        lines = chat.typed()
    try:
        return chat.play(lines, interactive=interactive)
    except KeyboardInterrupt:
        return INTERRUPTED


class ConsoleChat:
    """The current person and place; `patience` is how long a button, form or channel may take to appear.

    Nothing older than `since` is looked at, so that a script can be played again.
    """

    def __init__(self, box: Box, out: Console, *, patience: timedelta, since: datetime = EVER) -> None:
        self.person = "ana"
        self.place = "#general"
        self._box = box
        self._out = out
        self._slack = box.slack
        self.visibility = Visibility(box, since)
        self._patience = patience
        self._filled: dict[str, dict[str, str]] = {}
        self._people = [person.name for person in PEOPLE if not person.is_bot]
        self.transcript = Transcript(out, place_name=self.visibility.place_name)

    @property
    def prompt(self) -> str:
        return f"{self.person} {self.place}> "

    def play(self, lines: Iterable[str], *, interactive: bool) -> int:
        for number, text in enumerate(lines, start=1):
            line = read(text, people=self._people, place=self.place)
            if isinstance(line.action, QuitAction):
                break
            if interactive and line == ScriptLine():
                self.transcript.note("Nothing was typed. ? shows what you can type.")
            try:
                self._take(line, echo=not interactive)
            except (TroubleError, AlreadyResolvedError, LookupError) as trouble:
                self._box.feed.flush()
                self.transcript.trouble(str(trouble) if interactive else f"line {number}: {trouble}")
                if not interactive:
                    return FAILED
        self._box.feed.flush()
        self._note_open_forms()
        return DONE

    def _note_open_forms(self) -> None:
        """Note each form that was filled in and not submitted."""
        for person in self._people:
            if any(view.id in self._filled for view in self._slack.views(person)):
                self.transcript.note(f"{person}'s form is still open and not sent. submit sends it.")

    def typed(self) -> Iterator[str]:
        """Read lines from the keyboard, with history and editing. Events are printed above the prompt."""
        unsent = _editing()
        self.transcript.note("Type as a person in a channel. ? shows how.")
        with contextlib.suppress(EOFError):
            while True:
                self._box.feed.flush()  # print the effects of the last line above the prompt
                yield self._input(unsent)

    def _input(self, unsent: Callable[[], str]) -> str:
        self.transcript.typing = lambda: self.prompt + unsent()
        try:
            return input(self.prompt)
        except (EOFError, KeyboardInterrupt):
            self._out.print()  # the shell's prompt starts on its own line
            raise
        finally:
            self.transcript.typing = None

    def _take(self, line: ScriptLine, *, echo: bool) -> None:
        self._box.feed.flush()  # print earlier events first
        waits = bool(line.action and self._patience)  # the next action of a script may create the channel
        if line.place and line.place != PHONE and not waits:
            self._channel(line.place)
        self.person = line.person or self.person
        self.place = line.place or self.place
        if echo and (line.action or line.said):
            self.transcript.typed(self.prompt if line.action else "", line.said)
        if line.action:
            self._do(line.action)

    # --- what a person can do

    @singledispatchmethod
    def _do(self, action: ScriptAction) -> None:
        raise TroubleError(f"There is no action {action}")

    @_do.register
    def _(self, action: SayAction) -> None:
        self._slack.say(self.person, self._here().id, action.text)

    @_do.register
    def _(self, action: SlashAction) -> None:
        self._slack.slash(self.person, self._here().id, action.command, action.text)

    @_do.register
    def _(self, action: ReplyAction) -> None:
        root = self._message()
        self._slack.say(self.person, root.channel, action.text, thread=root.thread_ts or root.ts)

    @_do.register
    def _(self, action: ReactAction) -> None:
        message = self._message(action.words)
        self._slack.react(self.person, message.channel, message.ts, action.name)

    @_do.register
    def _(self, action: UnreactAction) -> None:
        message = self._message(action.words)
        self._slack.unreact(self.person, message.channel, message.ts, action.name)

    @_do.register
    def _(self, action: EditAction) -> None:
        message = self._message(by=self._slack.person(self.person).id)
        self._slack.edit(self.person, message.channel, message.ts, action.text)

    @_do.register
    def _(self, action: JoinAction) -> None:
        self._slack.join(self.person, self._channel(action.channel).id)

    @_do.register
    def _(self, action: PressAction) -> None:
        if label := self.visibility.form_button(self.person, action.label):
            self._slack.press_in_view(self.person, label)
            return
        found = self._wait_for(lambda: self.visibility.button(self.person, self.place, action.label))
        if found is None:
            raise TroubleError(f'{self.person} sees no button "{action.label}" in {self.place}')
        message, label = found
        self._slack.press(self.person, message.channel, message.ts, label)

    @_do.register
    def _(self, action: ShortcutAction) -> None:
        is_on_message = self._slack.shortcuts.is_on_message(action.name)
        self._slack.shortcut(self.person, action.name, self._message(action.words) if is_on_message else None)

    @_do.register
    def _(self, action: FillAction) -> None:
        view = self._form()
        values = self._filled.get(view.id, {}) | dict(action.values)
        filled(view.body["blocks"], values)  # refuse unknown fields and choices now
        self._filled[view.id] = values

    @_do.register
    def _(self, _action: SubmitAction) -> None:
        view = self._form()
        answer = self._slack.submit(self.person, view.id, self._filled.get(view.id, {}))
        if answer.status == "errors":
            errors = answer.body.get("errors", {}) if isinstance(answer.body, dict) else {}
            raise TroubleError("The form came back. " + "; ".join(f"{k}: {v}" for k, v in errors.items()))
        self._filled.pop(view.id, None)

    @_do.register
    def _(self, _action: CancelAction) -> None:
        self._filled.pop(self._form().id, None)
        self._slack.close(self.person)

    @_do.register
    def _(self, action: PhoneAction) -> None:
        pager = self._box.pagerduty
        which = action.which
        if which == LATEST and (action.words or action.verb != "resolve"):
            rings = self._wait_for(lambda: self.visibility.rings(self.person, action.words))
            if not rings:
                about = f' for "{action.words}"' if action.words else ""
                raise TroubleError(f"{self.person}'s phone is not ringing{about}")
            which = str(rings[-1].number)
        touches = {
            "acknowledge": pager.acknowledge,
            "resolve": pager.resolve,
            "escalate": pager.escalate,
            "ignore": pager.ignore,
        }
        touches[action.verb](self.person, which)

    @_do.register
    def _(self, _action: ShowPhoneAction) -> None:
        self.transcript.note("\n  ".join(self.visibility.phone(self.person) or ["The phone is not ringing."]))

    @_do.register
    def _(self, action: ExpectAction) -> None:
        if not self._wait_for(lambda: self._sees(action), action.patience):
            seconds = action.patience.total_seconds()
            raise TroubleError(f'expected "{action.words}" within {seconds:g} s {self._view(action)}')

    @_do.register
    def _(self, action: ExpectNotAction) -> None:
        if self._wait_for(lambda: self._sees(action), action.patience):
            raise TroubleError(f'expected not to see "{action.words}" {self._view(action)}')

    @_do.register
    def _(self, action: WaitAction) -> None:
        self._box.clock.pass_by(action.span)
        self._note_time()

    @_do.register
    def _(self, action: JumpAction) -> None:
        self._box.clock.jump(self._until(action) if action.to else action.span)
        self._note_time()

    @_do.register
    def _(self, action: PlayAction) -> None:
        self._box.clock.play(action.rate)
        self._note_time()

    def _until(self, action: JumpAction) -> timedelta:
        now, (hour, minute) = self._box.clock.now(), map(int, action.to.split(":"))
        at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        while at <= now or action.day not in ("", DAYS[at.weekday()]):
            at += timedelta(days=1)
        return at - now

    def _note_time(self) -> None:
        self._box.feed.flush()  # print earlier events first
        self.transcript.note(f"It is {self._box.clock.now():%a %H:%M:%S} UTC.")

    @_do.register
    def _(self, action: OnCallAction) -> None:
        self._box.pagerduty.put_on_call(action.policy, *action.people)

    @_do.register
    def _(self, action: AlertAction) -> None:
        self._box.pagerduty.alert(action.title, service=action.service)

    @_do.register
    def _(self, action: SetHealthAction) -> None:
        site = self._box.sites.named[action.site]
        site.health = action.health
        self.transcript.note(site.seen())

    @_do.register
    def _(self, action: SetLagAction) -> None:
        site = self._box.sites.named[action.site]
        site.lag = float(action.seconds)
        self.transcript.note(site.seen())

    @_do.register
    def _(self, action: SendTrafficAction) -> None:
        self._box.sites.send_all(action.site)

    @_do.register
    def _(self, _action: ShowTrafficAction) -> None:
        self.transcript.note("\n  ".join(self._box.sites.seen()))

    @_do.register
    def _(self, _action: HelpAction) -> None:
        self.transcript.note(HELP.replace("\n", "\n  "))

    @_do.register
    def _(self, action: UnclearAction) -> None:
        raise TroubleError(action.sentence)

    # --- what the person sees

    def _sees(self, what: ExpectAction | ExpectNotAction) -> bool:
        _, texts = self.visibility.looked_at(what, self.person, self.place)
        return any(flat(what.words) in flat(text) for text in texts)

    def _view(self, what: ExpectAction | ExpectNotAction) -> str:
        where, texts = self.visibility.looked_at(what, self.person, self.place)
        lines = [f"- {text}".replace("\n", "\n      ") for text in texts[-SHOWN:]]
        return "\n    ".join([f"{where}; there is:", *(lines or ["nothing"])])

    def _here(self) -> SlackChannel:
        if self.place == PHONE:
            raise TroubleError("A phone can't do this. Name a channel first: #general")
        here = self._channel(self.place)
        self._wait_for(
            lambda: self.person in self._slack.members(here.id)
        )  # the bot invites the person who declares an incident
        return here

    def _channel(self, place: str) -> SlackChannel:
        """Return the newest channel of that name. In a script, wait for it."""
        found = self._wait_for(lambda: self.visibility.channels(self.person, place))
        if not found:
            raise TroubleError(f"There is no channel {place}")
        return found[-1]

    def _message(self, words: str = "", *, by: str = "") -> SlackMessage:
        """Return the last message here that has these words, or is by this user."""
        here = self._here().id
        for message in reversed(self.visibility.messages(self.person, self.place)):
            is_fit = message.channel == here and message.ephemeral_to is None and by in ("", message.user)
            if is_fit and flat(words) in flat(self._slack.text_of(message)):
                return message
        raise TroubleError(f"There is no such message in {self.place}")

    def _form(self) -> SlackView:
        """Return the form on top."""
        views = self._wait_for(lambda: self._slack.views(self.person))
        if not views:
            raise TroubleError(f"No form is open for {self.person}")
        return views[-1]

    def _wait_for(self, look: Callable[[], T], patience: timedelta | None = None) -> T:
        """Return the result of `look` as soon as it is true, or the last one when the time is up."""
        seconds = (self._patience if patience is None else patience).total_seconds()
        with contextlib.suppress(AssertionError):
            self._slack.wait_for(look, seconds)
        return look()


def _editing() -> Callable[[], str]:
    """Enable line editing in input() where the platform has it. Return a function for the line typed so far."""
    try:
        import readline  # noqa: PLC0415 - merely importing it changes how input() works
    except ImportError:
        return lambda: ""
    return readline.get_line_buffer
