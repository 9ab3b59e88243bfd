"""Test plugins without Slack: no network, a database in memory, and a clock that the test moves.

    >>> from plugins import incident, page
    >>> spy = SpyKit(incident, page)
    >>> spy.say('incident me "checkout is down" sev1', by="U0ANA").shared
    True
    >>> spy.incident(1).name, spy.incident(1).commander
    ('checkout is down', 'U0ANA')
    >>> spy.pages(1)[0].team  # whom the severity pages
    'imoc'
    >>> spy.create_channel(1, channel="C0ROOM")
    >>> spy.clock.tick(minutes=5)
    >>> spy.say("update looking into it", by="U0ANA", channel="C0ROOM").message.text
    'incident/updated (incident)'
    >>> spy.lines(1)
    ['events/update_posted (e, drill)']

Pass the modules or folders of your plugins, and your `Policy`. Pass `templates=` to see the real message texts.
`meet` makes people known by name. Others appear as `<@U0RAJ>`:

    >>> spy.say("page @raj look here").message.text
    "help/refusal (sentence, choices): I don't know @raj. Type @ and choose the person from Slack's list."
    >>> spy.meet(U0RAJ="Raj Patel")
    >>> spy.say("page @raj look here").message.text
    'paging/requested (page, incident, manager)'

What a command sends to Slack, PagerDuty or GitHub is in `effects`. Use `tx` to record their answers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.commands.plugins import CommandRegistry, load, registry
from bot.commands.request import Notice, Request, Response, Source, asked_for, stored_request
from bot.commands.router import Router
from bot.domain.effects import Effect, Post, PostEphemeral, PostEvent, Respond, RunRequest, UpsertMessage
from bot.domain.incident.effects import SayCommand
from bot.domain.incident.incident import Incident
from bot.domain.incident.origin import Origin, remembered
from bot.domain.incident.timeline import Entry
from bot.domain.message import Message
from bot.domain.paging.page import Page
from bot.domain.policy import Policy, Severity, Team
from bot.domain.postmortem.document import Document
from bot.domain.postmortem.statistics import Bar
from bot.domain.subject import IncidentChannel
from bot.ports import Calendars, Form, NoCalendars, Person, Profile, Runbooks, Sessions, Templates
from bot.services.features import load_features
from bot.services.incident.channels import IncidentChannels
from bot.services.messages import MESSAGE_TYPES
from bot.services.people import People
from bot.services.reminders import Reminders
from bot.services.transaction import Transaction
from bot.testing.clock import FrozenClock
from bot.testing.store import MemoryDatabase

ITSELF = "U0SPY"
"""Spy's own user id in Slack."""

POLICY = Policy(
    teams={
        "imoc": Team(
            key="imoc", channel="C0IMOC", service="PSVC1", escalation_policy="PPOL1", schedule="PSCH1"
        ),
        "payments": Team(
            key="payments", channel="C0PAY", service="PSVC2", escalation_policy="PPOL2", schedule="PSCH2"
        ),
    },
    severities={
        "sev1": Severity(key="sev1", update_every=timedelta(minutes=15), page=("imoc",)),
        "sev2": Severity(key="sev2", update_every=timedelta(minutes=30), page=("imoc",)),
        "sev3": Severity(key="sev3", update_every=timedelta(minutes=60)),
    },
    command_team="imoc",
    announce="C0INCIDENTS",
    permissions={"operator": frozenset({"U0ANA", "U0RAJ", "U0KIM"})},
)
"""A small organisation for tests: two teams, three severities, three operators."""


class PlainTemplates:
    """Templates that return the template's name and its facts' names; for a refusal, its sentence too."""

    def render(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = str
    ) -> Message:
        del names
        reason = f": {facts['sentence']}" if template == "help/refusal" else ""
        return Message(text=f"{template} ({', '.join(facts)}){reason}")

    def words(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = str
    ) -> str:
        return self.render(template, facts, names=names).text

    def form(self, template: str, facts: Mapping[str, Any]) -> Form:
        del facts
        return Form(title=template, submit="Send", fields=())

    def document(
        self, template: str, facts: Mapping[str, Any], *, names: Callable[[str], str | None] = str
    ) -> Document:
        del names
        return Document(title=f"{template} ({', '.join(facts)})", sections=())

    def picture(self, title: str, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
        return f"{title} ({', '.join(row for row, _ in rows)})"


class SpyKit:
    """Spy with these plugins: modules, or folders of them. Raise ImportError if one can't be loaded."""

    def __init__(
        self,
        *plugins: ModuleType | Path,
        policy: Policy = POLICY,
        templates: Templates | None = None,
        clock: FrozenClock | None = None,
        runbooks: Runbooks | None = None,
        calendars: Calendars | None = None,
    ) -> None:
        load_features()
        self.confirms = True
        """Whether Slack has said of everyone who asks that they are members."""
        self.clock = clock or FrozenClock()
        self.policy = policy
        self.templates = templates or PlainTemplates()
        self.registry = _registry(plugins)
        self.sessions = MemoryDatabase()
        self._runbooks, self._calendars = runbooks, calendars
        self._asked = 0
        self._router = self._begun()
        with self.tx() as tx:
            People(tx).met(ITSELF, Profile(name="Spy", is_bot=True))

    def _begun(self) -> Router:
        return Router(
            self.registry,
            sessions=self.sessions,
            clock=self.clock,
            policy=self.policy,
            templates=self.templates,
            runbooks=self._runbooks,
            calendars=self._calendars or NoCalendars(),
        )

    def restarted(self, *, clock: FrozenClock | None = None) -> "SpyKit":
        """Return Spy as it is after a restart, with a copy of the database. It goes by the same clock, or another."""
        again = copy(self)
        again.sessions = self.sessions.copied()
        again.clock = clock or self.clock
        again._router = again._begun()  # noqa: SLF001  the same class
        return again

    # --- what people do ---

    def say(
        self,
        text: str,
        *,
        by: str = "U0ANA",
        channel: str | None = "C0GENERAL",
        source: Source = Source.SLASH,
        id: str | None = None,  # noqa: A002  as in Request
        thread: str | None = None,
        trigger: str | None = None,
        incident: int | None = None,
        given: Mapping[str, str] | None = None,
        origin: Origin | None = None,
        asked: Mapping[str, Any] | None = None,
    ) -> Response:
        """Send a command, and return the response. A repeated `id` is a second delivery of the same request."""
        self._asked += 1
        request = Request(
            id=id or f"ask-{self._asked}",
            text=text,
            user=by,
            source=source,
            channel=channel,
            thread=thread,
            trigger=trigger,
            incident=incident,
            given=given or {},
            origin=origin,
            asked=asked,
        )
        return self.request(request)

    def request(self, request: Request) -> Response:
        """Send a request as an adapter builds it from a payload, and return the response.

        The person who asks is a confirmed member of the workspace, unless `confirms` is False.
        """
        if self.confirms:
            confirm(self.sessions, request.user, at=self.clock.now())
        return self._router.answer(request)

    def press(
        self,
        label: str,
        of: Message,
        *,
        by: str = "U0ANA",
        channel: str | None = "C0GENERAL",
        trigger: str | None = None,
    ) -> Response:
        """Press the button with this label on a message, and return the response.

        A form can open only with a `trigger`, Slack's trigger_id. Raise LookupError if there is no such button.
        """
        buttons = {it.label: it for part in of.parts for it in getattr(part, "buttons", ())}
        if label not in buttons:
            raise LookupError(f"No button {label!r}: there is {', '.join(buttons) or 'none'}")
        button = buttons[label]
        return self.say(
            button.say or "",
            by=by,
            channel=channel,
            source=Source.BUTTON,
            trigger=trigger,
            origin=remembered(button.memory.get("origin")),
            asked=asked_for(button.memory.get("ask")),
        )

    def run_later(self) -> None:
        """Run the requests that waited until Slack said who their people are, as delivery does."""
        for effect in self.asked(RunRequest):
            self._router.answer(stored_request().validate_python(effect.request))

    def notice(self, notice: Notice) -> None:
        """Send a notice, such as a message that was edited or a person who joined."""
        self._router.notice(notice)

    def meet(self, **people: str) -> None:
        """Make people known by name: `meet(U0ANA="Ana Lima")`."""
        with self.tx() as tx:
            for person, name in people.items():
                People(tx).seen(person, name)

    def adopt(self, policy: Policy) -> None:
        """Use another policy from now on, as after a change of config.yaml."""
        self.policy = policy
        self._router = replace(self._router, policy=policy)

    # --- time ---

    def tick(self) -> int:
        """Send all reminders that are due now, and return for how many subjects. `pass_time` calls this too."""
        visited = 0
        while count := self._tick():
            visited += count
        for effect in self.asked(SayCommand):
            place = self.incident(effect.incident).channel
            request = Request(
                id=effect.key, text=effect.command, user=effect.person, source=Source.PLAIN, channel=place
            )
            self._router.answer(replace(request, incident=effect.incident, is_unasked=True))
        return visited

    def _tick(self) -> int:
        with self.tx() as tx:
            return Reminders(tx).tick(100)

    def pass_time(self, **by: float) -> None:
        """Move the clock forward (`minutes=5`). Reminders due in between are sent at their due times."""
        until = self.clock.now() + timedelta(**by)
        while (due := self._next_due()) is not None and due <= until:
            self.clock.reach(due)
            self.tick()
        self.clock.reach(until)

    def _next_due(self) -> datetime | None:
        with self.tx() as tx:
            return tx.session.timers.next_due()

    # --- outside services ---

    @contextmanager
    def tx(self, *, source: str = "spy") -> Iterator[Transaction]:
        """Open one transaction, as delivery and webhooks do: `with spy.tx() as tx: PagerResults(tx).sent(…)`."""
        with self.sessions.begin() as session:
            yield Transaction(session=session, now=self.clock.now(), policy=self.policy, source=source)

    def create_channel(self, number: int, *, channel: str | None = None) -> None:
        """Record that Slack created the incident's channel."""
        with self.tx() as tx:
            IncidentChannels(tx).opened(number, channel or f"C0INC{number}", tx.incident(number).channel_name)

    def deliver(self) -> None:
        """Mark all outbox items that are ready as delivered. Record their outcomes with `tx`."""
        now = self.clock.now()
        with self.sessions.begin() as session:
            while items := session.outbox.claim("kit", now=now, lease=timedelta(seconds=30), limit=100):
                for item in items:
                    session.outbox.done(item.id, at=now)

    # --- results ---

    @property
    def effects(self) -> Sequence[Effect]:
        """All effects in the outbox so far, in order."""
        return [row.effect for row in self.sessions.queued()]

    def asked(self, kind: type[Effect]) -> Sequence[Any]:
        """Return the effects of one kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def lines(self, number: int) -> Sequence[str]:
        """Return the texts of the event posts to the incident's channel, in order."""
        return [
            self._rendered(effect.template, effect.facts).text
            for effect in self.asked(PostEvent)
            if effect.incident == number and effect.to == IncidentChannel(number)
        ]

    def private(self) -> Sequence[Message]:
        """Return the messages that only one person can see, in order."""
        return [it.message for it in self.effects if isinstance(it, PostEphemeral | Respond)]

    def posts(self, to: str) -> Sequence[Message]:
        """Return the answers that were posted in a channel."""
        return [it.message for it in self.effects if isinstance(it, Post) and it.to == to]

    def message_type(self, message_type: str, ref: int, mark: str = "") -> Message:
        """Return a lasting message (card, announcement, page, team_notice, brief, relief …) as it looks now."""
        kind, effect = MESSAGE_TYPES[message_type], self._asked_for(message_type, ref, mark)
        with self.tx() as tx:
            facts = kind.facts(tx, effect)
        return self._rendered(kind.template, facts)

    def _asked_for(self, message_type: str, ref: int, mark: str) -> UpsertMessage:
        """Return the last effect that asked for this message, or an empty one."""
        bare = UpsertMessage(key="", message_type=message_type, ref=ref, to="", mark=mark)
        asked = [it for it in self.asked(UpsertMessage) if it.slot == bare.slot]
        return asked[-1] if asked else bare

    def reminder_messages(
        self, message_type: str = "reminder", *, to: str | None = None
    ) -> Sequence[Message]:
        """Return the reminders sent so far (with `to`, to one address), as they look now, in order."""
        shown = {
            it.slot: it
            for it in self.asked(UpsertMessage)
            if it.message_type == message_type and to in {None, it.to}
        }
        return [self.message_type(message_type, it.ref, it.mark) for it in shown.values()]

    def incident(self, number: int) -> Incident:
        with self.tx() as tx:
            return tx.incident(number)

    def pages(self, number: int) -> Sequence[Page]:
        with self.tx() as tx:
            return tx.session.pages.of(number)

    def timeline(self, number: int) -> Sequence[Entry]:
        with self.tx() as tx:
            return tx.session.timeline.of(number)

    def _rendered(self, template: str, facts: Mapping[str, Any]) -> Message:
        with self.tx() as tx:
            return self.templates.render(template, facts, names=People(tx).name)


def confirm(sessions: Sessions, *people: str, at: datetime) -> None:
    """Store that Slack calls people members of the workspace. Those whose profile is known stay as they are."""
    with sessions.begin() as session:
        for person in people:
            known = session.people.get(person) or Person(id=person, name=f"<@{person}>")
            if not known.is_confirmed:
                session.people.put(replace(known, profiled_at=at))


def _registry(plugins: Sequence[ModuleType | Path]) -> CommandRegistry:
    modules = [it for it in plugins if isinstance(it, ModuleType)]
    folders = [it for it in plugins if isinstance(it, Path)]
    found = _loaded(*((it.resolve(), _written(it)) for it in folders))
    given = registry(*modules)
    return replace(
        found,
        commands=(*given.commands, *found.commands),
        listeners=(*given.listeners, *found.listeners),
    )


def _written(folder: Path) -> tuple[int, ...]:
    return tuple(it.stat().st_mtime_ns for it in sorted(folder.glob("*.py")))


@cache
def _loaded(*folders: tuple[Path, tuple[int, ...]]) -> CommandRegistry:
    """Load the plugins of folders. Tests that follow share them until a file is written again."""
    found = load(folder for folder, _ in folders) if folders else registry()
    if found.failures:
        raise ImportError("; ".join(found.failures))
    return found
