"""From an ask to its answer: run the command that is meant in one transaction, remember the answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from pydantic import TypeAdapter

from bot.commands.ask import VISIBLE, Answer, Ask, Edited, Notice, Shared, Way
from bot.commands.command import NUMBER, Command, Outcome, Parameter
from bot.commands.grammar import Piece, Typed
from bot.commands.interpreter import Interpreter, incident_number
from bot.commands.plugins import Handbook
from bot.commands.reply import Fill, Reply
from bot.domain.effects import Effect, OpenForm, Post, PostEphemeral, PostEvent, Respond, UpsertMessage, room
from bot.domain.incident import Incident
from bot.domain.markup import MENTION, cleaned, plain_prose
from bot.domain.message import Message
from bot.domain.policy import Policy
from bot.domain.refusal import Choice, Refusal
from bot.ports import Clock, Runbooks, Sessions, Templates, TimeLimit
from bot.services.incidents import Incidents
from bot.services.people import People
from bot.services.permissions import Permissions
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction

_ANSWER = TypeAdapter(Answer)
MENTIONED = 20
"""So many people whom one request speaks of are met."""
SAID_THERE = frozenset({"page", "team_notice_sent", "failover"})
"""Messages that answer for themselves where they stand."""


class Router:
    """Does database work only: it is called on the way to an acknowledgement."""

    def __init__(
        self,
        handbook: Handbook,
        *,
        sessions: Sessions,
        clock: Clock,
        policy: Policy,
        templates: Templates,
        wake: Callable[[], None] = lambda: None,
        runbooks: Runbooks | None = None,
    ) -> None:
        self._handbook = handbook
        self._interpreter = Interpreter(handbook)
        self._runbooks = runbooks
        self._sessions = sessions
        self._clock = clock
        self._policy = policy
        self._templates = templates
        self._wake = wake

    def adopt(self, policy: Policy) -> None:
        """Go by these decisions from now on."""
        self._policy = policy

    def answer(self, ask: Ask, limit: TimeLimit | None = None) -> Answer:
        """Act on an ask once; the same one again gets the same answer and nothing more happens."""
        limit = limit or TimeLimit.none()
        try:
            answer = retry_on_conflict(partial(self._act, ask, limit))
        except Refusal as refusal:
            answer = retry_on_conflict(partial(self._refuse, ask, refusal, limit))
        self._wake()
        return answer

    def notice(self, notice: Notice, limit: TimeLimit | None = None) -> None:
        """Let the listeners see what happened, once."""
        retry_on_conflict(partial(self._notice, notice, limit or TimeLimit.none()))
        self._wake()

    def _notice(self, notice: Notice, limit: TimeLimit) -> None:
        if isinstance(notice, Edited | Shared):
            notice = replace(notice, text=plain_prose(notice.text))
        with self._sessions.begin(limit) as session:
            now = self._clock.now()
            if session.inbound.remember(notice.id, at=now) is not None:
                return
            tx = Transaction(session=session, now=now, policy=self._policy, source="slack")
            for listener in self._handbook.listeners:
                if type(notice) is listener.notice and limit.enter(listener.name):
                    with _contained(listener.name):
                        listener.run(notice, **self._wired(listener.services, tx))

    # --- acting ---

    def _act(self, ask: Ask, limit: TimeLimit) -> Answer:
        with self._sessions.begin(limit) as session:
            now = self._clock.now()
            earlier = session.inbound.remember(ask.id, at=now)
            if earlier is not None:
                return _ANSWER.validate_json(earlier) if earlier else Answer()
            if ask.message and session.inbound.remember(f"done:{ask.message}", at=now) is not None:
                return Answer()  # an edit of what was done already
            tx = Transaction(session=session, now=now, policy=self._policy, source=ask.way.value)
            People(tx).seen(ask.user, ask.user_name)
            _meet_mentioned(ask, tx)
            outcome = self._run(ask, tx, limit)
            answer = self._tell(ask, outcome, tx)
            session.inbound.answered(ask.id, _ANSWER.dump_json(answer).decode())
            return answer

    def _run(self, ask: Ask, tx: Transaction, limit: TimeLimit) -> Outcome:
        said = self._interpreter
        meant = (
            said.of_form(ask.text)
            if ask.given
            else said.understand(ask.text, tx, asker=ask.user, channel=ask.channel)
        )
        ask = replace(ask, incident=meant.number if meant.number is not None else ask.incident)
        given = {name: cleaned(it) for name, it in ask.given.items()}
        words = meant.command.words
        if not limit.enter(words):
            raise Refusal(
                f"`{words}` is not begun: too many before it have not ended yet. Nothing was done. "
                "Please tell an admin: the log says which plugin hangs."
            )
        with _contained(words):
            return self._call(meant.command, {**meant.bound, **given}, ask, meant.typed, tx)

    def _call(
        self, command: Command, bound: dict[str, str], ask: Ask, typed: Typed, tx: Transaction
    ) -> Outcome:
        bound = {name: word for name, word in bound.items() if word.strip()}
        word = bound.pop(NUMBER, None)
        about = command.wants_incident or command.allow == "commander"
        try:
            number = incident_number(word) if word else ask.incident
            incident = self._incident(number, ask, tx) if about else None
        except Refusal:
            if word:  # `due friday at 3` is of no INC-3: the day is what can't be read
                _arguments(command, bound, typed, tx, ask)
            raise
        if incident is None and command.needs_incident:
            raise Incidents(tx).pick(typed.text, asker=ask.user)
        _permit(command, ask, incident, tx)
        arguments = _arguments(command, bound, typed, tx, ask)
        for name, slot in command.slots.items():
            if slot.required and not bound.get(name) and slot.type is not bool:
                raise Refusal(f"The {name} is missing. Usage: `{command.usage}`", slot=name)
        if command.wants_ask:
            arguments["ask"] = ask
        if command.wants_incident:
            arguments["incident"] = incident
        return command.run(**arguments, **self._wired(command.services, tx))

    def _incident(self, number: int | None, ask: Ask, tx: Transaction) -> Incident | None:
        incidents = Incidents(tx)
        if number is not None:
            return incidents.find(number, asker=ask.user)
        return incidents.in_room(ask.channel) if ask.channel else None

    def _wired(self, services: Mapping[str, type], tx: Transaction) -> dict[str, Any]:
        here: dict[type, Any] = {Handbook: self._handbook, Transaction: tx, Runbooks: self._runbooks}
        return {name: here.get(wanted) or wanted(tx) for name, wanted in services.items()}

    # --- answering ---

    def _tell(self, ask: Ask, outcome: Outcome, tx: Transaction) -> Answer:
        if isinstance(outcome, Fill):
            return self._open(ask, outcome, tx)
        if outcome is None:
            return Answer()
        facts = outcome.facts
        if outcome.paper is not None:
            facts = {
                **facts,
                "paper": self._templates.paper("postmortem", outcome.paper, names=People(tx).name).text,
            }
        message = self._templates.render(outcome.template, facts, names=People(tx).name)
        if _is_discreet(outcome, ask):
            return self._send_discreetly(ask, message, tx)
        if outcome.confirms and ask.way in VISIBLE and _said_there(tx.effects, ask, tx):
            return Answer()
        return self._send(ask, message, tx, shared=outcome.shared)

    def _send(self, ask: Ask, message: Message, tx: Transaction, *, shared: bool) -> Answer:
        """Answer in the acknowledgement where the way allows it; where it is visible, in the channel."""
        if ask.way in {Way.SLASH, Way.TERMINAL}:
            return Answer(message=message, shared=shared)
        aloud = ask.way in VISIBLE or (shared and ask.way in {Way.BUTTON, Way.FORM})
        if aloud and ask.channel:
            key = f"answer:{ask.id}"
            tx.send(Post(key=key, to=ask.channel, message=message, thread=ask.thread, asker=ask.user))
            return Answer()
        return self._send_discreetly(ask, message, tx)

    def _send_discreetly(self, ask: Ask, message: Message, tx: Transaction) -> Answer:
        """Answer so that the asker alone sees it."""
        key = f"answer:{ask.id}"
        if ask.way in {Way.SLASH, Way.TERMINAL}:
            return Answer(message=message)
        if ask.way is Way.BUTTON and ask.response_url and not ask.thread:  # it answers beside a thread
            tx.send(Respond(key=key, url=ask.response_url, message=message, person=ask.user))
        elif ask.way is Way.DM and ask.channel:
            tx.send(Post(key=key, to=ask.channel, message=message, thread=ask.thread))
        else:
            place = ask.channel or ask.user
            tx.send(PostEphemeral(key=key, to=place, person=ask.user, message=message, thread=ask.thread))
        return Answer()

    def _open(self, ask: Ask, fill: Fill, tx: Transaction) -> Answer:
        if ask.way is Way.FORM:
            blank = next((name for name, said in ask.given.items() if not said.strip()), None)
            raise Refusal("A few words are needed here.", slot=blank)
        if ask.trigger:
            tx.send(
                OpenForm(
                    key=f"form:{ask.id}",
                    trigger=ask.trigger,
                    person=ask.user,
                    channel=ask.channel,
                    thread=ask.thread,
                    form=fill.form,
                    command=fill.command,
                    incident=ask.incident,
                    facts=fill.facts,
                )
            )
            return Answer()
        facts = {"command": fill.command, "incident": ask.incident}
        message = self._templates.render("help/form", facts)
        return self._send_discreetly(ask, message, tx)

    def _refuse(self, ask: Ask, refusal: Refusal, limit: TimeLimit) -> Answer:
        if ask.way is Way.FORM:
            asked = refusal.slot or ""
            field = asked if asked in ask.given else next(iter(ask.given), "")
            return Answer(complaints={field: self._with_names(refusal.sentence)})
        facts = {"sentence": refusal.sentence, "choices": refusal.choices}
        message = self._templates.render("help/refusal", facts)
        with self._sessions.begin(limit) as session:
            now = self._clock.now()
            if session.inbound.remember(ask.id, at=now) is not None:
                return Answer(message=message) if ask.way is Way.SLASH else Answer()
            tx = Transaction(session=session, now=now, policy=self._policy, source=ask.way.value)
            People(tx).seen(ask.user, ask.user_name)  # again: what was refused is undone
            answer = self._send_discreetly(ask, message, tx)
            session.inbound.answered(ask.id, _ANSWER.dump_json(answer).decode())
        return answer

    def _with_names(self, sentence: str) -> str:
        """Spell out whom a sentence mentions: Slack draws no mentions in a form."""
        with self._sessions.read() as session:
            people = People(Transaction(session=session, now=self._clock.now(), policy=self._policy))
            return MENTION.sub(lambda found: people.name(found["id"]) or found[0], sentence)


@contextmanager
def _contained(doing: str) -> Iterator[None]:
    """Make it a fault of a plugin's where it would end the program."""
    try:
        yield
    except SystemExit as error:
        raise RuntimeError(f"{doing} would end the program") from error


def _arguments(
    command: Command, bound: Mapping[str, str], typed: Typed, tx: Transaction, ask: Ask
) -> dict[str, Any]:
    return {
        name: _read(slot, bound[name], typed, tx, ask) if bound.get(name) else _absent(slot.type)
        for name, slot in command.slots.items()
    }


def _read(slot: Parameter, word: str, typed: Typed, tx: Transaction, ask: Ask) -> Any:
    """Make the slot's value; where another word is offered for it, its button says the whole command again."""
    try:
        return slot.reader.read(_fitting(slot, slot.reader.sees(word).strip()), tx, ask.user)
    except Refusal as refusal:
        choices = (
            tuple(Choice(label=it.label, say=typed.saying(word, it.label)) for it in refusal.choices)
            if isinstance(word, Piece)
            else ()
        )
        raise Refusal(refusal.sentence, slot=slot.name, choices=choices) from refusal


def _fitting(slot: Parameter, text: str) -> str:
    """Refuse what is too long to be kept, before anything reads it."""
    if len(text) <= slot.reader.most:
        return text
    raise Refusal(
        f"The {slot.name} may have {slot.reader.most:,} characters; this has {len(text):,}. Nothing was done. "
        "Please say it shorter, and put the whole into a message or a document that you link to."
    )


def _permit(command: Command, ask: Ask, incident: Incident | None, tx: Transaction) -> None:
    """Refuse who has not the command's role; an incident's commander has that of commander in it."""
    if command.allow == "commander" and incident and incident.commander == ask.user:
        return
    Permissions(tx).require(ask.user, command.allow, f"`{command.words}`")


def _absent(kind: Any) -> Any:
    return False if kind is bool else None


def _is_discreet(reply: Reply, ask: Ask) -> bool:
    """Whether the answer tells of a private incident outside its own channel."""
    told = (reply.facts.get("incident"), *reply.facts.get("incidents", ()))
    return any(isinstance(it, Incident) and it.private and ask.channel != it.room for it in told)


def _said_there(effects: Iterable[Effect], ask: Ask, tx: Transaction) -> bool:
    """Whether what happened is itself said where the asker spoke, so that an answer would be an echo.

    In a thread nothing is said of itself: what happened has its line in the channel.
    """
    if ask.thread:
        return False
    here = tx.session.incidents.in_room(ask.channel) if ask.channel else None
    places = {ask.channel, room(here.number) if here else None}
    return any(
        isinstance(effect, PostEvent)
        or (isinstance(effect, UpsertMessage) and effect.message_type in SAID_THERE)
        for effect in effects
        if getattr(effect, "to", None) in places
    )


def _meet_mentioned(ask: Ask, tx: Transaction) -> None:
    """Learn who is spoken of: what leaves for a phone tells their names."""
    for found in islice(MENTION.finditer(" ".join((ask.text, *ask.given.values()))), MENTIONED):
        People(tx).seen(found["id"], found["label"])
