"""Try a changed configuration, changed templates or plugins before they are used.

Every template is drawn with sample facts. The agendas and messages of the last day's incidents are made again, in a
transaction that can't write. What raises then, and does not with what is in use, is a flaw. So is a safety reminder
that vanishes.
"""

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.samples.documents import documents
from bot.app.samples.messages import FORMS, cases
from bot.app.samples.world import NAMES, Facts
from bot.commands.interpreter import Interpreter
from bot.commands.plugins import CommandRegistry
from bot.domain.effects import UpsertMessage
from bot.domain.incident.agenda import reminder_message
from bot.domain.incident.incident import Incident
from bot.domain.paging.page import Page
from bot.domain.policy import Policy
from bot.domain.relief.relief import people_working, subject
from bot.domain.safety import SafetyReminder, vanished
from bot.domain.subject import CardOnly, IncidentChannel, Subject
from bot.ports import Conflict, Session, Sessions, Unavailable
from bot.services.messages import MESSAGE_TYPES
from bot.services.people import People
from bot.services.reminder_sources import REMINDER_SOURCES
from bot.services.transaction import Transaction

DAY = timedelta(days=1)
MOST = 200
"""Incidents that are tried at most, the newest ones; and as many pages."""
NOT_ITS_FAULT = (Conflict, Unavailable)
Step = Callable[[], object]
Draw = Callable[[JinjaTemplates], object]


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """Why something is not used. `keys` are beginnings of the keys of config.yaml that can be the cause."""

    sentence: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What is used together. Give a new one templates of its own: those that fail are refused in them."""

    policy: Policy
    templates: JinjaTemplates
    registry: CommandRegistry
    is_drawn: bool = False
    """Whether everything that these templates may change was drawn when they were loaded."""


def try_out(new: Setup, *, instead_of: Setup, sessions: Sessions, now: datetime) -> Sequence[Flaw]:
    """Return why the new one can't be used, in short sentences; nothing if it can. Writes and sends nothing.

    Raises Unavailable if the database does not answer: then nobody knows.
    """
    return [
        *(() if new.is_drawn else _of_templates(new, instead_of)),
        *_of_commands(new),
        *_of_incidents(new, instead_of, sessions, now),
        *of_safety(new.policy, instead_of.policy),
    ]


def of_safety(policy: Policy, before: Policy) -> Iterator[Flaw]:
    """Yield the safety reminders that vanish."""
    found = list[SafetyReminder]()
    if why := _error(lambda: found.extend(vanished(before, policy))):
        yield Flaw(sentence=f"the reminders can't be made: {why}", keys=("timers", "severities"))
    for it in found:
        sentence = f"the reminder *{it.what}* would vanish. If you mean that, write `{it.switch}`"
        yield Flaw(sentence=sentence, keys=it.keys)


def _of_commands(new: Setup) -> Iterator[Flaw]:
    if why := _error(partial(Interpreter, new.registry)):
        yield Flaw(sentence=f"the commands can't be loaded: {why}", keys=("plugins",))


# --- templates --------------------------------------------------------------------------------------------


def _of_templates(new: Setup, instead_of: Setup) -> Iterator[Flaw]:
    """Draw every template. One of a team's own that was refused before is reported already, and is no reason now."""
    for name, draw in _drawings(new.templates):
        if (why := _error(partial(draw, new.templates))) and not _error(partial(draw, instead_of.templates)):
            yield Flaw(sentence=f"{name} can't be drawn: {why}", keys=("templates",))
    while not new.templates.mistakes.empty():
        mistake = new.templates.mistakes.get()
        if mistake.path not in instead_of.templates.loader.refused:
            yield Flaw(sentence=str(mistake), keys=("templates",))


def _drawings(of: JinjaTemplates) -> Iterator[tuple[str, Draw]]:
    """Yield how each of these templates is drawn, with these or with others."""
    for name, samples in cases(of).items():
        for facts in samples:
            yield name, partial(_message, name, facts)
    for name, facts in FORMS.items():
        yield name, partial(_form, name, facts)
    for name, facts in documents().items():
        yield name, partial(_document, name, facts)


def _message(name: str, facts: Facts, templates: JinjaTemplates) -> object:
    return templates.render(name, facts, names=NAMES.get)


def _form(name: str, facts: Facts, templates: JinjaTemplates) -> object:
    return templates.form(name, facts)


def _document(name: str, facts: Facts, templates: JinjaTemplates) -> object:
    return templates.document(name, facts, names=NAMES.get)


# --- the last day -----------------------------------------------------------------------------------------


def _of_incidents(new: Setup, instead_of: Setup, sessions: Sessions, now: datetime) -> Iterator[Flaw]:
    with sessions.read() as session:
        incidents = session.incidents.alive_since(now - DAY)[-MOST:]
        pages = session.pages.since(now - DAY)[-MOST:]
        tried = _Tried(session=session, now=now, setup=new)
        earlier = replace(tried, setup=instead_of)
        for (name, step), (_, before) in zip(
            tried.steps(incidents, pages), earlier.steps(incidents, pages), strict=True
        ):
            if (why := _error(step, of=_place)) and not _error(before):
                yield Flaw(sentence=f"{name} can't be made: {why}")


@dataclass(frozen=True, kw_only=True)
class _Tried:
    session: Session
    now: datetime
    setup: Setup

    def steps(self, incidents: Sequence[Incident], pages: Sequence[Page]) -> Iterator[tuple[str, Step]]:
        """Yield the agendas and the lasting messages, each with its name for people."""
        people = {person for it in incidents for person in people_working(it)}
        for it in incidents:
            yield f"the agenda of {it.id}", partial(self._agenda, it.subject)
            for message in self._messages(it):
                yield f"{message.message_type} of {it.id}", partial(self._draw, message)
        for page in pages:
            yield f"the agenda of page {page.number}", partial(self._agenda, page.subject)
            if page.line_at:
                shown = UpsertMessage(key="trial", message_type="page", ref=page.number, to=page.line_at)
                yield f"the message of page {page.number}", partial(self._draw, shown)
        for person in sorted(people):
            yield f"the agenda of <@{person}>", partial(self._agenda, subject(person))

    def _messages(self, incident: Incident) -> Iterator[UpsertMessage]:
        here = IncidentChannel(incident.number)
        for kind in ("card", "announcement"):
            yield UpsertMessage(key="trial", message_type=kind, ref=incident.number, to=here)
        for name, sent in incident.reminded.items():
            if not isinstance(sent.to, CardOnly):
                yield reminder_message(incident.number, name, sent, origin="trial")

    def _agenda(self, of: Subject) -> None:
        REMINDER_SOURCES[of.kind](self._tx).agenda(of)

    def _draw(self, message: UpsertMessage) -> None:
        tx, kind = self._tx, MESSAGE_TYPES[message.message_type]
        self.setup.templates.render(kind.template, kind.facts(tx, message), names=People(tx).name)

    @property
    def _tx(self) -> Transaction:
        return Transaction(session=self.session, now=self.now, policy=self.setup.policy)


def _error(step: Step, *, of: Callable[[Exception], str] | None = None) -> str:
    """Return why a step fails; "" if it does not. A database that does not answer is no reason."""
    try:
        step()
    except NOT_ITS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001  whatever is raised is the reason
        return (of or _why)(error)
    return ""


def _why(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def _place(error: Exception) -> str:
    """Return where an error was raised. Its message is left out: it may quote what people wrote."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
