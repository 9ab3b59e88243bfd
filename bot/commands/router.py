"""Run each request's command in one transaction, and remember the answer."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from typing import Any

from pydantic import TypeAdapter

from bot.commands.admission import (
    admit,
    asking_others,
    confirm_first,
    is_proposed,
    must_be_confirmed,
    must_be_meant,
)
from bot.commands.answering import is_shown_there, send, send_discreetly
from bot.commands.audited import add_allowed, add_refused
from bot.commands.command import NUMBER, Command, CommandParameter, Outcome
from bot.commands.discretion import leaves, private_incidents
from bot.commands.failing import contained, note_success, place_of
from bot.commands.interpreter import Interpreter, incident_number
from bot.commands.listening import Listening
from bot.commands.plugins import CommandRegistry
from bot.commands.proposing import ended, propose, refused
from bot.commands.reply import Fill, Reply
from bot.commands.request import SAID_THERE, VISIBLE, Notice, OpenedForm, Request, Response, Source
from bot.domain.audit import FAILED
from bot.domain.effects import OpenForm
from bot.domain.grammar.typed import Typed, Word
from bot.domain.incident.incident import Incident
from bot.domain.markup import MENTION, cleaned
from bot.domain.masking import Masking
from bot.domain.message import Message
from bot.domain.plugin import PluginVersion
from bot.domain.policy import Policy
from bot.domain.refusal import Choice, Refusal
from bot.ports import (
    Calendars,
    Clock,
    Conflict,
    NoCalendars,
    OutOfTime,
    Runbooks,
    Session,
    Sessions,
    Templates,
    TimeLimit,
    Unavailable,
)
from bot.services.incident.incidents import Incidents
from bot.services.people import People
from bot.services.permissions import LED, Permissions
from bot.services.quarantine import Quarantine
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction, Understood

_ANSWER = TypeAdapter(Response)
SHOWN_ONCE = "The answer was shown once. It is stored nowhere."
FAULT = "Spy hit a fault of its own. Nothing was done."
MENTIONED = 20
"""At most this many people mentioned in one request are looked up."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, eq=False)
class Router:
    """Does database work only: it runs before the acknowledgement.

    It never changes, so a request sees one set of commands, templates and rules from its beginning to its end.
    """

    registry: CommandRegistry
    _: KW_ONLY
    sessions: Sessions
    clock: Clock
    policy: Policy
    templates: Templates
    wake: Callable[[], None] = _nothing
    runbooks: Runbooks | None = None
    calendars: Calendars = field(default_factory=NoCalendars)
    masking: Masking = field(default_factory=partial(Masking, ()))

    @cached_property
    def _interpreter(self) -> Interpreter:
        return Interpreter(self.registry)

    def answer(self, request: Request, limit: TimeLimit | None = None) -> Response:
        """Run a request once. A repeated request gets the same answer, and nothing else happens."""
        limit, understood = limit or TimeLimit.none(), Understood()
        try:
            answer = retry_on_conflict(partial(self._act, request, understood, limit))
        except Refusal as refusal:
            answer = retry_on_conflict(partial(self._refuse, request, refusal, understood, limit))
        except (Conflict, OutOfTime, Unavailable):
            raise
        except Exception as error:
            self._add_failed(request, error, understood, limit)
            raise
        self.wake()
        return answer

    def notice(self, notice: Notice, limit: TimeLimit | None = None) -> None:
        """Call the listeners of a notice, once."""
        listening = Listening(
            registry=self.registry,
            sessions=self.sessions,
            clock=self.clock,
            policy=self.policy,
            wired=self._wired,
        )
        if listening.hear(notice, limit or TimeLimit.none()):
            self.wake()

    @property
    def longest_plugin_command(self) -> float:
        """Return how many seconds a command of a team's plugin may run."""
        return self.policy.limits.plugin_command.total_seconds()

    def overran(self, plugin: PluginVersion, doing: str, *, running: int) -> None:
        """Put a plugin in quarantine whose code runs over its time. So many calls of it still run."""
        seconds = f"{self.longest_plugin_command:g} s"
        why = (
            f"`{doing}` ran for more than {seconds}. A call can't be ended from outside: {running} still run"
        )
        retry_on_conflict(partial(self._overran, plugin, f"{why}s" if running == 1 else why))
        self.wake()

    def _overran(self, plugin: PluginVersion, why: str) -> None:
        with self.sessions.begin() as session:
            tx = Transaction(session=session, now=self.clock.now(), policy=self.policy)
            Quarantine(tx).overran(plugin, why=why)

    # --- acting ---

    def _act(self, request: Request, understood: Understood, limit: TimeLimit) -> Response:
        with self.sessions.begin(limit) as session:
            now = self.clock.now()
            earlier = session.inbound.remember(request.id, at=now)
            if earlier is not None:
                return _ANSWER.validate_json(earlier) if earlier else Response()
            if request.message and session.inbound.remember(f"done:{request.message}", at=now) is not None:
                return Response()  # an edit of a message that was already run
            tx = self._transaction(session, request, understood)
            People(tx).seen(request.user, request.user_name)
            _meet_mentioned(request, tx)
            outcome: Outcome = None
            if must_be_confirmed(request, tx):
                answer = confirm_first(request, tx)
            else:
                outcome = self._run(request, tx, limit)
                if request.asked and not isinstance(outcome, Fill):
                    Permissions(tx).ran(request.asked, by=request.user)
                ended(request, outcome, tx)
                answer = self._tell(request, outcome, tx)
                add_allowed(tx, request, outcome, self.masking)
                note_success(tx)
            session.inbound.answered(request.id, _stored(answer, outcome))
            return replace(answer, queued=tuple(it.key for it in tx.effects))

    def _transaction(self, session: Session, request: Request, understood: Understood) -> Transaction:
        return Transaction(
            session=session,
            now=self.clock.now(),
            policy=self.policy,
            source=request.source.value,
            here=request.channel if request.source in SAID_THERE else None,
            understood=understood,
            approval=request.approval,
        )

    def _run(self, request: Request, tx: Transaction, limit: TimeLimit) -> Outcome:
        interpret = self._interpreter
        meant = (
            interpret.of_form(request.text)
            if request.given
            else interpret.understand(request.text, tx, asker=request.user, channel=request.channel)
        )
        request = replace(request, incident=meant.number if meant.number is not None else request.incident)
        must_be_meant(meant.command, request)
        given = {name: cleaned(it) for name, it in request.given.items()}
        tx.understood.command = words = meant.command.words
        plugin = self.registry.plugin_of(meant.command)
        if plugin:
            tx.understood.plugin_failed_before = words in Quarantine(tx).require_free(plugin).failing
        if not limit.enter(words, plugin):
            raise Refusal(
                f"Spy did not start `{words}`: too many commands are still running. Nothing was done. "
                "Please tell an admin: the log says which plugin hangs."
            )
        with contained(words):
            outcome = self._call(meant.command, {**meant.bound, **given}, request, meant.typed, tx)
        limit.leave()
        return outcome

    def _call(
        self, command: Command, bound: dict[str, str], request: Request, typed: Typed, tx: Transaction
    ) -> Outcome:
        bound = {name: word for name, word in bound.items() if word.strip()}
        word = bound.pop(NUMBER, None)
        needed = command.needs(tx.policy)
        about = command.wants_incident or needed in LED
        try:
            number = tx.understood.number = incident_number(word) if word else request.incident
            incident = tx.understood.incident = self._incident(number, request, tx) if about else None
        except Refusal:
            if word:  # `due friday at 3` does not mean INC-3: only the day is unreadable
                _arguments(command, bound, typed, tx, request)
            raise
        if incident is None and command.needs_incident:
            raise Incidents(tx).pick(typed.text, asker=request.user)
        with asking_others(request, incident):
            if not is_proposed(command, request):
                admit(command, request, incident, tx)
            arguments = _arguments(command, bound, typed, tx, request)
            for name, slot in command.slots.items():
                if slot.required and not bound.get(name) and slot.type is not bool:
                    raise Refusal(f"The {name} is missing. Usage: `{command.usage}`", slot=name)
            if is_proposed(command, request):
                return propose(command, request, incident, tx)
            if command.wants_ask:
                arguments["request"] = request
            if command.wants_incident:
                arguments["incident"] = incident
            tx.understood.plugin = self.registry.plugin_of(command)
            with tx.reading() if command.reads else nullcontext(tx) as its:
                return command.run(**arguments, **self._wired(command.services, its))

    def _incident(self, number: int | None, request: Request, tx: Transaction) -> Incident | None:
        incidents = Incidents(tx)
        if number is not None:
            return incidents.find(number, asker=request.user)
        return incidents.here(request.channel, asker=request.user) if request.channel else None

    def _wired(self, services: Mapping[str, type], tx: Transaction) -> dict[str, Any]:
        """Return what a command or listener asks for by its keyword-only parameters."""
        here: dict[type, Any] = {
            CommandRegistry: self.registry,
            Transaction: tx,
            Runbooks: self.runbooks,
            Calendars: self.calendars,
        }
        return {name: here.get(wanted) or wanted(tx) for name, wanted in services.items()}

    # --- answering ---

    def _tell(self, request: Request, outcome: Outcome, tx: Transaction) -> Response:
        if isinstance(outcome, Fill):
            return self._open(request, outcome, tx)
        if outcome is None:
            return Response()
        facts = outcome.facts
        if outcome.document is not None:
            facts = {
                **facts,
                "document": self.templates.document(
                    "postmortem/document", outcome.document, names=People(tx).name
                ).text,
            }
        message = self.templates.render(outcome.template, facts, names=People(tx).name)
        if outcome.once and not request.is_answered_at_once:
            raise Refusal(f"The answer is secret, and stored nowhere. Type it as `/spy {request.text}`.")
        private = private_incidents(outcome, tx)
        if outcome.discreet or leaves(private, request.channel):
            return send_discreetly(request, message, tx, private)
        if outcome.confirms and request.source in VISIBLE and is_shown_there(tx.effects, request, tx):
            return Response()
        return send(request, message, tx, private, shared=outcome.shared)

    def _open(self, request: Request, fill: Fill, tx: Transaction) -> Response:
        if request.source is Source.FORM:
            blank = next((name for name, interpret in request.given.items() if not interpret.strip()), None)
            raise Refusal("A few words are needed here.", slot=blank)
        number = tx.understood.number if request.incident is None else request.incident
        if request.trigger:
            tx.send(
                OpenForm(
                    key=f"form:{request.id}",
                    trigger=request.trigger,
                    person=request.user,
                    channel=request.channel,
                    thread=request.thread or (request.origin.thread if request.origin else None),
                    origin=request.origin.memory if request.origin else {},
                    form=fill.form,
                    command=fill.command,
                    incident=number,
                    facts=fill.facts,
                )
            )
            return Response()
        facts = {"command": fill.command, "incident": number, "said": fill.facts.get("said", {})}
        answer = send_discreetly(request, self.templates.render("help/form", facts), tx)
        if request.source is not Source.WEB:
            return answer
        form = self.templates.form(fill.form, fill.facts)
        return replace(answer, form=OpenedForm(form=form, command=fill.command, incident=number))

    def _refuse(
        self, request: Request, refusal: Refusal, understood: Understood, limit: TimeLimit
    ) -> Response:
        if request.source is Source.FORM:
            self._add_refused_form(request, refusal, understood, limit)
            slot = refusal.slot or ""
            field = slot if slot in request.given else next(iter(request.given), "")
            return Response(complaints={field: self._with_names(refusal.sentence)})
        facts = {"sentence": refusal.sentence, "choices": refusal.choices}
        message = self.templates.render("help/refusal", facts)
        with self.sessions.begin(limit) as session:
            earlier = session.inbound.remember(request.id, at=self.clock.now())
            if earlier is not None:  # another process has handled it meanwhile
                return _ANSWER.validate_json(earlier) if earlier else Response()
            tx = self._transaction(session, request, understood)
            # A new transaction: the refusal rolled back the first one.
            People(tx).seen(request.user, request.user_name)
            answer = send_discreetly(request, message, tx, private_incidents(refusal.choices, tx))
            answer = replace(answer, is_refusal=True)
            session.inbound.answered(request.id, _ANSWER.dump_json(answer).decode())
            refused(request, refusal.sentence, tx)
            add_refused(tx, request, refusal.sentence, self.masking)
        return answer

    def _add_refused_form(
        self, request: Request, refusal: Refusal, understood: Understood, limit: TimeLimit
    ) -> None:
        """Add the only trace of a form that was refused: its answer is not stored, and nothing is sent."""
        with self.sessions.begin(limit) as session:
            tx = self._transaction(session, request, understood)
            if session.inbound.remember(f"refused:{request.id}", at=tx.now) is None:
                add_refused(tx, request, refusal.sentence, self.masking)

    def _add_failed(
        self, request: Request, error: Exception, understood: Understood, limit: TimeLimit
    ) -> None:
        """Add a request that an error ended. Only the error's name is kept: its text may hold private words."""
        with suppress(Conflict, OutOfTime, Unavailable), self.sessions.begin(limit) as session:
            tx = self._transaction(session, request, understood)
            refused(request, FAULT, tx)
            add_refused(tx, request, type(error).__name__, self.masking, outcome=FAILED)
            if understood.plugin:
                why = place_of(error, understood.plugin)
                Quarantine(tx).failed(understood.plugin, understood.command, why=why)
        self.wake()

    def _with_names(self, sentence: str) -> str:
        """Replace mentions by names: Slack does not render mentions in a form."""
        with self.sessions.read() as session:
            people = People(Transaction(session=session, now=self.clock.now(), policy=self.policy))
            return MENTION.sub(lambda found: people.name(found["id"]) or found[0], sentence)


def _stored(answer: Response, outcome: Outcome) -> str:
    """Return what a repeated request is answered."""
    if isinstance(outcome, Reply) and outcome.once:
        answer = Response(message=Message(text=SHOWN_ONCE))
    return _ANSWER.dump_json(answer).decode()


def _arguments(
    command: Command, bound: Mapping[str, str], typed: Typed, tx: Transaction, request: Request
) -> dict[str, Any]:
    return {
        name: _read(slot, bound[name], typed, tx, request) if bound.get(name) else _absent(slot.type)
        for name, slot in command.slots.items()
    }


def _read(slot: CommandParameter, word: str, typed: Typed, tx: Transaction, request: Request) -> Any:
    """Read a slot's value. If the reader suggests another word, its button repeats the whole command with it."""
    try:
        return slot.reader.read(_fitting(slot, slot.reader.sees(word).strip()), tx, request.user)
    except Refusal as refusal:
        choices = (
            tuple(Choice(label=it.label, say=typed.saying(word, it.label)) for it in refusal.choices)
            if isinstance(word, Word)
            else ()
        )
        raise Refusal(refusal.sentence, slot=slot.name, choices=choices) from refusal


def _fitting(slot: CommandParameter, text: str) -> str:
    """Refuse text that is too long to store, before anything reads it."""
    if len(text) <= slot.reader.most:
        return text
    raise Refusal(
        f"The {slot.name} may have {slot.reader.most:,} characters; this has {len(text):,}. Nothing was done. "
        "Please shorten it, and link to a message or document that has the whole text."
    )


def _absent(kind: Any) -> Any:
    return False if kind is bool else None


def _meet_mentioned(request: Request, tx: Transaction) -> None:
    """Look up the mentioned people, since messages to phones need their names."""
    for found in islice(MENTION.finditer(" ".join((request.text, *request.given.values()))), MENTIONED):
        People(tx).seen(found["id"], found["label"])
