"""A bot without a network on a real database: its commands, its delivery, and each of its jobs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import Engine, func, select

from bot.adapters.database import Database, tables
from bot.adapters.database.statements import table
from bot.adapters.runbooks import FolderRunbooks
from bot.app.samples.failover_play import PLANS
from bot.commands.command import Command
from bot.commands.plugins import CommandRegistry, load
from bot.commands.proposing import approved, as_slack_sends
from bot.commands.request import Request, Response, Source
from bot.commands.router import Router
from bot.domain.alert.report import AlertReport, AlertState
from bot.domain.incident.search import ALL, Search
from bot.domain.incident.timeline import WantedLines
from bot.domain.incident.webhooks import EVENTS
from bot.domain.policy import DashboardSettings, MailSettings, PostmortemSettings
from bot.domain.retention import Retention
from bot.domain.webhook import WebhookSettings
from bot.ports import Profile
from bot.services.alert.reports import Reports
from bot.services.directory import Directory
from bot.services.features import load_features
from bot.services.incident.incidents import Incidents
from bot.services.incident.page import IncidentPage
from bot.services.people import People
from bot.services.read_access import ReadAccess
from bot.services.reminders import Reminders
from bot.services.transaction import Transaction
from bot.testing import FrozenClock
from bot.web.dashboard import PageRequest, Viewer
from bot.web.dashboard.overview import LAST, overview
from bot.workers.audit import AuditSealer
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.everyone import Everyone
from bot.workers.homes import HomeLook
from bot.workers.lanes import Lanes
from bot.workers.outbox import LEFT_BEHIND, Delivery
from bot.workers.retention import Pruner
from bot.workers.sync import Sync
from bot.workers.timers import Ticks
from tests.fakes.chat import FakeChat
from tests.fakes.hosted_page import FakeHostedPage
from tests.fakes.mail import FakeMail
from tests.fakes.pager import FakePager
from tests.growth.story import BEGINNING
from tests.support.folders import PLUGINS, TEMPLATES
from tests.support.status import STATUS
from tests.support.templates import shipped
from tests.support.webhooks import FakeWebhooks

T = TypeVar("T")
Job = Callable[[], object]
DAY, LEASE = timedelta(days=1), timedelta(seconds=20)
NAMES = {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel", "U0KIM": "Kim Park"}
POLICY = replace(
    PLANS,
    postmortem_settings=PostmortemSettings(repository="acme/postmortems"),
    permissions={"operator": frozenset(NAMES), "admin": frozenset({"U0ANA"})},
    status=STATUS,
    dashboard=DashboardSettings(address="https://spy.example.com"),
    mail=MailSettings(domains=("example.com",)),
    webhooks={"portal": WebhookSettings(name="portal", url="https://portal.example.com", events=EVENTS)},
    retention=Retention(closed_incidents=800 * DAY, audit=800 * DAY, on_call=800 * DAY),
)
SYNCS = ("oncall", "shifts", "changes", "alerts", "rings", "pages", "people", "groups", "members", "sweep")
NUMBERED = (
    table(tables.IncidentRow),
    table(tables.TeamNoticeRow),
    table(tables.PageRow),
    table(tables.FollowUpRow),
    table(tables.ChangeRow),
    table(tables.FailoverRow),
    table(tables.ShiftRow),
    table(tables.CoverRow),
    table(tables.AlertRow),
    table(tables.PublicationRow),
    table(tables.StatusDraftRow),
    table(tables.ProposalRow),
)
TOOL, AGENT = "tool: ", "agent: "
"""How lines begin that no person says: an alert, and what an agent for Ana asks for."""
ANY = Search(seen_by="U0ANA", phases=ALL)


class World:
    def __init__(self, engine: Engine, *, beside: "World | None" = None) -> None:
        """Connect a bot. `beside`: the outside is the same as that world's."""
        load_features()
        self.database = Database(engine)
        self.clock = FrozenClock()
        self.ran: set[str] = set()
        """The commands that were run."""
        self.last: Command | None = None
        """The one that was run last."""
        self.registry = self._noted(load([PLUGINS]))
        self.templates = templates = shipped(self.clock)
        self.chat = beside.chat if beside else FakeChat()
        self.pager = beside.pager if beside else FakePager()
        self.numbers = beside.numbers if beside else count(1)
        hosted_page = FakeHostedPage()
        self._handlers = Handlers(
            Clients(
                templates=templates,
                chat=self.chat,
                maybe_pager=self.pager,
                maybe_mail=FakeMail(),
                open_hosted_page=lambda: hosted_page,
                maybe_webhooks=FakeWebhooks(),
                run_proposal=lambda it: self._carry_out(approved(it)),
            )
        )
        self._router = Router(
            self.registry,
            sessions=self.database,
            clock=self.clock,
            policy=POLICY,
            templates=templates,
            runbooks=FolderRunbooks([TEMPLATES / "runbooks"], address="https://spy.example.com"),
        )
        for person, name in NAMES.items():
            email = f"{name.split()[0].lower()}@example.com"
            profile = self.chat.profiles[person] = Profile(name=name, email=email, zone="Europe/Lisbon")
            self.transact(lambda tx, who=person, known=profile: People(tx).met(who, known))

    def _noted(self, registry: CommandRegistry) -> CommandRegistry:
        def noted(command: Command) -> Command:
            def run(**arguments: Any) -> Any:
                self.ran.add(command.words)
                self.last = command
                return command.run(**arguments)

            return replace(command, run=run)

        return replace(registry, commands=tuple(map(noted, registry.commands)))

    def _carry_out(self, request: Request) -> None:
        self._router.answer(request)

    def transact(self, act: Callable[[Transaction], T]) -> T:
        with self.database.begin() as session:
            return act(Transaction(session=session, now=self.clock.now(), policy=POLICY))

    # --- people ---

    def declare(self) -> str:
        """Open an incident, and return its channel."""
        self.say(BEGINNING, channel="C0GENERAL")
        self.deliver()
        with self.database.read() as session:
            found = session.incidents.open(limit=1)
        return str(found[0].channel)

    def say(self, line: str, *, channel: str) -> None:
        """Say a line of the story."""
        if line.startswith(TOOL):
            self.transact(lambda tx: Reports(tx).hear_all([_alert(tx, line.removeprefix(TOOL))]))
        elif line.startswith(AGENT):
            words = as_slack_sends(line.removeprefix(AGENT))
            self._router.answer(
                Request(
                    id=f"ask-{next(self.numbers)}",
                    text=words,
                    user="U0ANA",
                    source=Source.AGENT,
                    agent="Claude",
                )
            )
        else:
            self._ask(line, channel=channel)

    def _ask(self, line: str, *, channel: str) -> None:
        by, words = (line[:3], line[5:]) if line.startswith(("raj: ", "kim: ")) else ("ana", line)
        self.ask(
            Request(
                id=f"ask-{next(self.numbers)}",
                text=words,
                user=f"U0{by.upper()}",
                source=Source.SLASH,
                channel=channel,
            )
        )

    def ask(self, request: Request) -> None:
        """Send a request."""
        self.answer(request)

    def answer(self, request: Request) -> Response:
        """Return what the router answers."""
        return self._router.answer(request)

    def filled(self, line: str) -> str:
        """Return a line with the numbers of what was made last."""
        if "{" not in line:
            return line
        with self.database.engine.connect() as connection:
            asked = [select(func.max(it.c.number)).scalar_subquery() for it in NUMBERED]
            last = connection.execute(select(*asked)).one()
        with self.database.read() as session:
            entries = session.timeline.of(session.incidents.search(ANY, limit=1)[0].number)
        *_, before, note = (0, 0, *(it.seq for it in entries if it.kind == "note_taken"))
        names = (it.name for it in NUMBERED)
        numbers = dict(zip(names, last, strict=True))
        with self.database.read() as session:
            proposed = session.proposals.get(numbers["proposal"] or 0)
        return line.format(
            **numbers,
            incident_before=numbers["incident"] - 1,
            note=note,
            note_before=before,
            shown=proposed.fingerprint if proposed else "",
        )

    # --- jobs ---

    def start(self) -> None:
        """Do what a bot does first: look for what an earlier process may have delivered."""
        self.transact(lambda tx: tx.session.outbox.doubt(before=tx.now - LEFT_BEHIND))

    def deliver(self) -> None:
        delivery = Delivery(
            self._handlers, sessions=self.database, clock=self.clock, policy=POLICY, lease=LEASE, senders=1
        )
        assert delivery.drain(within=timedelta(seconds=60))
        delivery.stop()

    def jobs(self) -> Mapping[str, Job]:
        """Return each job that a running bot has, as a bot that has just started has it."""
        parts: dict[str, Any] = {"sessions": self.database, "clock": self.clock, "policy": lambda: POLICY}
        sync = Sync(**parts, chat=self.chat, pager=self.pager, wake=_nothing, owner="me")
        lanes = Lanes(**parts, lease=LEASE, wake=_nothing)
        homes = HomeLook(**parts, templates=shipped(self.clock), wake=_nothing)
        syncs = {f"sync {name}": getattr(sync, name) for name in SYNCS}
        return syncs | {
            "ticks": Ticks(**parts, wake=_nothing).run,
            "homes": homes.run,
            "delivery": self.deliver,
            "retry": lambda: self.transact(_put_back),
            "lanes": lanes.look,
            "everyone": Everyone(**parts, chat=self.chat).run,
            "audit": AuditSealer(**parts).run,
            "pruning": Pruner(**parts, owner="me").run,
            "metrics": lambda: (lanes.by_kind(), self.transact(_counted)),
            "start": self.start,
            "overview": lambda: self.transact(_overview),
            "an incident's page": lambda: self.transact(_incident_page),
            "a new configuration": lambda: self.transact(lambda tx: Reminders(tx).replan()),
        }


def _alert(tx: Transaction, title: str) -> AlertReport:
    return AlertReport(
        key=f"tool:{title}",
        source="tool",
        title=title,
        state=AlertState.FIRING,
        service="checkout",
        heard_at=tx.now,
    )


def _put_back(tx: Transaction) -> None:
    for it in tx.session.outbox.claim("me", now=tx.now, lease=LEASE, limit=2):
        assert tx.session.outbox.put_back(it.id, "me", due=tx.now, tried=True, uncertain=False, why="busy")


def _counted(tx: Transaction) -> object:
    return tx.session.outbox.waiting(), tx.session.incidents.count_shown(), tx.session.timers.next_due()


def _overview(tx: Transaction) -> object:
    ask = PageRequest(viewer=Viewer(id="U0ANA", name="Ana Lima", zone="UTC", csrf=""))
    shown = overview(ask, incidents=Incidents(tx), directory=Directory(tx), tx=tx)
    return shown, ReadAccess(tx).audience("U0ANA", past=LAST)


def _incident_page(tx: Transaction) -> None:
    """Read what the page of an open incident shows, what it narrows, what is new on it, and its past."""
    pages, lines = IncidentPage(tx), tx.session.timeline.last_open_lines()
    for number in lines:
        tx.session.timeline.last_lines([number])
        it = pages.seen_by("U0ANA", number)
        assert it
        pages.now(it), pages.filters(it), pages.news(it, it.entries - 3)
        pages.window(it, WantedLines(kinds=("note_taken",), person="U0ANA", words="disk", before=(tx.now, 9)))
        assert list(pages.replay(it).steps())


def _nothing() -> None:
    """Wake nobody."""
