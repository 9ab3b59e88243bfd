"""Connect the parts of the bot: everything that decides, without what listens."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import structlog

from bot.adapters.actions.runner import ExternalActionRunner
from bot.adapters.calendars import HolidayCalendars
from bot.adapters.database import Database, Limits, make_ready, open_engine
from bot.adapters.github.vendor import VENDOR as GITHUB
from bot.adapters.mail.smtp import SmtpMail
from bot.adapters.network.clock import DatabaseClock, RehearsalClock, SteadyClock, SystemClock
from bot.adapters.rendering.current import CurrentTemplates
from bot.adapters.runbooks import FolderRunbooks
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.webhooks.caller import HttpWebhooks
from bot.app.live.own_files import OwnFiles, OwnSet
from bot.app.settings import load as load_settings
from bot.app.slack import open_client
from bot.commands.current import CurrentRouter
from bot.commands.proposing import approved
from bot.commands.request import Request, Source, stored_request
from bot.commands.router import Router
from bot.commands.timed import TimedRouter
from bot.config import Reloader, Settings
from bot.config.vendors import HostedPageVendor, TrackerVendor
from bot.domain.incident.effects import SayCommand
from bot.domain.masking import Masking
from bot.domain.policy import Policy
from bot.domain.proposal import Proposal
from bot.ports import Clock, HostedPage, IssueTracker, Pager
from bot.services.features import load_features
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.failovers import Runner
from bot.workers.outbox import Delivery

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Bot:
    settings: Settings
    database: Database
    time: DatabaseClock | SystemClock
    """The time that the clock is based on."""
    clock: Clock
    chat: SlackChat
    pager: Pager | None
    delivery: Delivery
    runner: Runner
    router: CurrentRouter
    timed: TimedRouter
    live: Reloader
    templates: CurrentTemplates
    files: OwnFiles
    runbooks: FolderRunbooks

    def adopt(self, policy: Policy) -> None:
        """Use this policy from now on."""
        self.delivery.adopt(policy)
        self.router.adopt(policy)

    def swap(self, own: OwnSet) -> None:
        """Use these plugins and templates from now on. What runs meanwhile finishes on the earlier ones."""
        self.templates.swap(own.templates)
        self.router.swap(own.registry, own.templates)


def build(settings: Settings, stack: ExitStack, slack: PooledWebClient | None = None) -> Bot:
    """Connect the parts of the bot. What must be closed at the end is registered on the stack."""
    load_features()
    live = Reloader(settings, lambda text: load_settings(settings.path, text=text))
    policy, env = live.policy(), settings.env
    database = open_database(settings)
    stack.callback(database.engine.dispose)
    make_ready(database.engine)
    time = DatabaseClock(database.time) if database.has_own_clock else SystemClock()
    clock = open_clock(settings, time)
    timeout = settings.delivery.lease / 2
    chat = SlackChat(slack or open_client(settings), clock)
    stack.callback(chat.close)
    pager = open_pager(settings, timeout, stack, clock)
    files = OwnFiles(lambda: live.settings, clock)
    own = files.open()
    templates = CurrentTemplates(own.templates)
    for failure in own.registry.failures:
        log.error("a plugin is left out", why=failure)
    runbooks = open_runbooks(settings)

    def say(effect: SayCommand, place: str | None) -> None:
        request = Request(
            id=effect.key,
            text=effect.command,
            user=effect.person,
            source=Source.PLAIN,
            channel=place,
            incident=effect.incident,
            is_unasked=True,
        )
        timed.answer(request)

    def run(request: Mapping[str, Any]) -> None:
        router.answer(stored_request().validate_python(request))

    def carry_out(proposal: Proposal) -> None:
        router.answer(approved(proposal))

    delivery = Delivery(
        Handlers(
            Clients(
                templates=templates,
                chat=chat,
                maybe_pager=pager,
                open_tracker=tracker_to_open(settings, timeout, stack),
                maybe_mail=open_mail(settings, timeout),
                open_hosted_page=hosted_page_to_open(settings, timeout, stack),
                maybe_webhooks=HttpWebhooks(secrets=env.webhook_secrets),
                run_command=say,
                run_request=run,
                run_proposal=carry_out,
            )
        ),
        sessions=database,
        clock=clock,
        policy=policy,
        lease=settings.delivery.lease,
        senders=settings.delivery.senders,
    )
    runner = Runner(
        _operator(settings, live),
        sessions=database,
        clock=clock,
        policy=live.policy,
        lease=settings.delivery.lease,
        wake=delivery.wake,
    )

    def wake() -> None:
        delivery.wake()
        runner.wake()

    router = CurrentRouter(
        Router(
            own.registry,
            sessions=database,
            clock=clock,
            policy=policy,
            templates=own.templates,
            wake=wake,
            runbooks=runbooks,
            calendars=open_calendars(settings),
            masking=Masking(env.secrets()),
        )
    )
    timed = TimedRouter(router)
    return Bot(
        settings=settings,
        database=database,
        time=time,
        clock=clock,
        chat=chat,
        pager=pager,
        delivery=delivery,
        runner=runner,
        router=router,
        timed=timed,
        live=live,
        templates=templates,
        files=files,
        runbooks=runbooks,
    )


def _operator(settings: Settings, live: Reloader) -> ExternalActionRunner:
    env = settings.env
    return ExternalActionRunner.within(
        os.environ,
        folder=settings.path.parent if settings.path else Path(),
        secrets=env.secrets(),
        plans=lambda: live.policy().plans.values(),  # noqa: PLW0108  the policy is another one tomorrow
        github_token=env.secret(GITHUB.variable),
        github_url=env.url_of(GITHUB),
    )


def open_database(settings: Settings) -> Database:
    section = settings.database
    limits = Limits(
        connect=section.connect_timeout,
        statement=section.statement_timeout,
        lock=section.lock_timeout,
        idle=min(settings.delivery.lease / 2, Limits.idle),  # another process takes over after the lease
    )
    url = settings.env.database_url.get_secret_value()
    return Database(open_engine(url, pool=section.pool, limits=limits))


def open_runbooks(settings: Settings) -> FolderRunbooks:
    """Return the runbooks. If they are served as pages, they know the address."""
    address = settings.web.public_url if settings.web.runbooks else None
    return FolderRunbooks(settings.runbook_folders, address=address)


def open_calendars(settings: Settings) -> HolidayCalendars:
    """Return the calendars of holidays. Files are beside config.yaml."""
    return HolidayCalendars(settings.path.parent if settings.path else Path())


def open_clock(settings: Settings, time: Clock) -> Clock:
    """Return a clock that never steps back. In a rehearsal it follows a file, which is logged."""
    file = settings.env.spy_clock_offset
    if not file:
        return SteadyClock(time)
    log.warning("this is a rehearsal: Spy's clock is moved by a file", file=file)
    return SteadyClock(RehearsalClock(Path(file), time))


def open_pager(settings: Settings, timeout: timedelta, stack: ExitStack, clock: Clock | None) -> Pager | None:
    vendor = settings.pager
    access = settings.access(vendor) if vendor else None
    if vendor is None or access is None:
        return None
    pager = vendor.open(access, timeout=timeout, clock=clock)
    stack.callback(pager.close)
    return pager


def open_mail(settings: Settings, timeout: timedelta) -> SmtpMail | None:
    if settings.mail is None:
        return None
    password = settings.env.smtp_password.get_secret_value()
    return SmtpMail(section=settings.mail, password=password, timeout=timeout)


def tracker_to_open(
    settings: Settings, timeout: timedelta, stack: ExitStack
) -> Callable[[], IssueTracker] | None:
    """Return a function that opens the tracker at the first export: its library may load slowly."""
    return _to_open(settings, settings.tracker, timeout, stack)


def hosted_page_to_open(
    settings: Settings, timeout: timedelta, stack: ExitStack
) -> Callable[[], HostedPage] | None:
    """Return a function that opens the hosted status page at the first publication, as the tracker."""
    return _to_open(settings, settings.hosted_page, timeout, stack)


def _to_open(
    settings: Settings,
    vendor: TrackerVendor[Any] | HostedPageVendor[Any] | None,
    timeout: timedelta,
    stack: ExitStack,
) -> Callable[[], Any] | None:
    """Return a function that opens a vendor's client once; None if it is not set up."""
    access = settings.access(vendor) if vendor else None
    if vendor is None or access is None:
        return None

    @cache
    def opened() -> Any:
        client = vendor.open(access, timeout=timeout)
        stack.callback(client.close)
        return client

    return opened
