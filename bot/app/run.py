"""`spy run`: serve a workspace until told to stop."""

import gc
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import partial
from socket import socket
from types import FrameType
from typing import TYPE_CHECKING

import structlog

from bot.adapters.database import SqlQueues
from bot.adapters.network import heartbeat
from bot.adapters.network.clock import MEASURE_EVERY, DatabaseClock
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.failures import NOT_CONNECTED
from bot.adapters.slack.inbound import App, build_app, is_signed
from bot.app.build import Bot, build
from bot.app.clock import ClockWatch
from bot.app.live.configuration import CONFIGURATION_EVERY, Configuration
from bot.app.live.plugin_swap import LOOK_EVERY as PLUGINS_EVERY
from bot.app.live.plugin_swap import PluginSwap
from bot.app.live.start import Start
from bot.app.scheduler import Job, Scheduler
from bot.app.web import WebPorts
from bot.app.webhooks import slack_handler, webhook_handlers
from bot.config import Settings
from bot.ports import Profile, Rejected, Throttled, Unavailable, Unreachable
from bot.services.incident import members
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.web import Check, listen, serve
from bot.workers.audit import SEAL_EVERY, AuditSealer
from bot.workers.everyone import TRIED_EVERY, Everyone
from bot.workers.heartbeat import BEAT_EVERY, Heartbeat
from bot.workers.homes import LOOK_EVERY as HOMES_EVERY
from bot.workers.homes import HomeLook
from bot.workers.lanes import LOOK_EVERY, Lanes
from bot.workers.levers import LOOK_EVERY as LEVERS_EVERY
from bot.workers.levers import LeverLook
from bot.workers.pulse import LOOK_EVERY as PULSE_EVERY
from bot.workers.pulse import Pulse
from bot.workers.retention import PRUNE_EVERY, Pruner
from bot.workers.sync import (
    ALERTS_EVERY,
    CHANGES_EVERY,
    GROUPS_EVERY,
    ONCALL_EVERY,
    PAGES_EVERY,
    PEOPLE_EVERY,
    RINGS_EVERY,
    SHIFTS_EVERY,
    SWEEP_EVERY,
    Sync,
)
from bot.workers.timers import TICK_EVERY, Ticks

if TYPE_CHECKING:
    from bot.adapters.slack.socket import SocketLink

log = structlog.get_logger()

WARM = 6
"""Connections to Slack that opening an incident uses at once. They are opened ahead of the first one."""
REHEARSED = 10
"""In a rehearsal the clock runs some hundred times faster. Reminders must still not be late, nor shifts be old."""
TOLD_EVERY = timedelta(seconds=5)
"""How often requests that were told *not done* are stored, so that no other process does them."""
AFTER_START = timedelta(seconds=1)
"""When jobs run first that call Slack or the pager, or look after what is there: a start need not wait for them."""
FIRST_BEAT = timedelta(seconds=5)
"""When the first heartbeat is due: by then Slack is linked, and what was due at the start is done."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds between attempts to ask Slack who Spy is."""


def run(start: Start, slack: PooledWebClient) -> int:
    """Serve a workspace until SIGTERM or SIGINT. Then finish what is running.

    Raises NotTaken, before anything is done, if the configuration fails its trial.
    """
    settings, stop = start.settings, threading.Event()
    with ExitStack() as stack:
        public, internal = _ports(settings, stack)
        bot = build(settings, stack, slack)
        configuration = Configuration(bot, start)
        configuration.begin()
        stack.push(lambda died, *_: None if died else configuration.end())
        threading.Thread(target=_greet, args=(bot, stop), name="greeter", daemon=True).start()
        app = build_app(
            bot.timed,
            bot.chat,
            signing_secret=settings.env.slack_signing_secret.get_secret_value(),
            api_url=settings.env.slack_api_url,
            policy=bot.live.policy,
        )
        bot.delivery.start()
        stack.callback(bot.delivery.stop)
        bot.runner.start()
        stack.callback(bot.runner.stop)
        lanes = Lanes(
            sessions=bot.database,
            clock=bot.clock,
            policy=bot.live.policy,
            lease=settings.delivery.lease,
            wake=bot.delivery.wake,
            is_chat_down=lambda: bot.chat.is_down,
        )
        everyone = Everyone(sessions=bot.database, clock=bot.clock, policy=bot.live.policy, chat=bot.chat)

        def unlinked() -> str:
            return "" if link is None or link.is_alive() else "no link to Slack"

        def silent() -> str:
            return bot.chat.trouble() if link is None else unlinked()

        scheduler = Scheduler(
            *_jobs(bot, configuration),
            Job(name="everyone", every=TRIED_EVERY, run=everyone.run),
            Job(name="lanes", every=LOOK_EVERY, first=AFTER_START, run=lanes.look),
            *_heartbeat(bot, {"Slack": silent, "outbox": bot.delivery.trouble}),
        )
        stack.callback(scheduler.stop)
        link = _link(settings, app, stack)
        web = WebPorts(
            bot=bot,
            lanes=lanes,
            readiness={
                "database": bot.database.ping,
                "slack": lambda: "" if bot.chat.identity else "Slack has not said yet who Spy is",
                "people": lambda: "" if everyone.has_asked else "Slack has not said yet who is here",
                "link": unlinked,
                "delivery": bot.delivery.trouble,
                "lanes": lanes.trouble,
                "failovers": lambda: "" if bot.runner.is_alive() else "failovers stand still",
                "scheduler": lambda: "" if scheduler.is_alive() else "no job runs",
            },
            notes={"configuration": configuration.note, **_of_the_clock(bot)},
            is_signed=partial(is_signed, app),
        )
        of_slack = {} if link else {"/slack/events": slack_handler(app)}
        stack.callback(serve(web.public({**of_slack, **webhook_handlers(bot)}), public).stop)
        if internal:
            stack.callback(serve(web.internal(), internal).stop)
        scheduler.start()
        _keep_what_is_here(stack)
        _until_stopped(stop)
    return 0


def _keep_what_is_here(stack: ExitStack) -> None:
    """Let the garbage collector pass over what the start has made: it stays until the end."""
    gc.freeze()
    stack.callback(gc.unfreeze)
    gc.enable()


def _ports(settings: Settings, stack: ExitStack) -> tuple[socket, socket | None]:
    """Take the public port, and the internal one if there is one."""
    web = settings.web
    public = listen(web.host, web.port)
    stack.callback(public.close)
    if web.internal_port is None:
        return public, None
    internal = listen(web.internal_host, web.internal_port, "web.internal_")
    stack.callback(internal.close)
    return public, internal


def _link(settings: Settings, app: App, stack: ExitStack) -> "SocketLink | None":
    if settings.slack.mode != "socket":
        return None
    from bot.adapters.slack.socket import SocketLink  # noqa: PLC0415  loaded only in Socket Mode

    client = PooledWebClient(base_url=settings.env.slack_api_url)
    link = SocketLink(app, app_token=settings.env.slack_app_token.get_secret_value(), client=client)
    stack.callback(client.close)
    stack.callback(link.stop)
    link.start()
    return link


def _greet(bot: Bot, stop: threading.Event) -> None:
    """Ask Slack who Spy is, and open connections, before the first incident needs them."""
    wait, logged = FIRST_WAIT, ""
    while not stop.is_set():
        try:
            bot.chat.identify()
        except (Unreachable, Throttled, Rejected) as trouble:
            if str(trouble) != logged:  # logged once, however often Slack is asked again
                logged = str(trouble)
                log.warning(NOT_CONNECTED, why=logged)
            stop.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        else:
            _introduce(bot)
            if not stop.wait(AFTER_START.total_seconds()):
                bot.chat.warm(WARM)
            return


def _introduce(bot: Bot) -> None:
    """Store which user Spy itself is, so that nobody assigns it a task."""
    us = bot.chat.identify()
    with suppress(Unavailable), bot.database.begin() as session:
        tx = Transaction(session=session, now=bot.clock.now(), policy=bot.live.policy())
        People(tx).met(us.user, Profile(name=us.name, is_bot=True))


def _jobs(bot: Bot, configuration: Configuration) -> Iterator[Job]:
    sync = Sync(
        sessions=bot.database,
        clock=bot.clock,
        policy=bot.live.policy,
        chat=bot.chat,
        pager=bot.pager,
        wake=bot.delivery.wake,
    )
    ticks = Ticks(sessions=bot.database, clock=bot.clock, policy=bot.live.policy, wake=bot.delivery.wake)
    hurry = REHEARSED if bot.settings.env.spy_clock_offset else 1
    later = partial(Job, first=AFTER_START)
    if bot.pager:
        yield later(name="oncall", every=ONCALL_EVERY, run=sync.oncall)
        yield later(name="shifts", every=SHIFTS_EVERY / hurry, run=sync.shifts)
        yield later(name="changes", every=CHANGES_EVERY, run=sync.changes)
        yield later(name="alerts", every=ALERTS_EVERY / hurry, run=sync.alerts)
        yield later(name="rings", every=RINGS_EVERY / hurry, run=sync.rings)
        if not _hears_of_pages(bot.settings):
            yield later(name="pages", every=PAGES_EVERY, run=sync.pages)
    if isinstance(bot.time, DatabaseClock):
        yield later(name="clock", every=MEASURE_EVERY, run=ClockWatch(time=bot.time).measure)
    reminders = Job(name="reminders", every=TICK_EVERY, run=ticks.run)
    yield reminders
    look = HomeLook(
        sessions=bot.database,
        clock=bot.clock,
        policy=bot.live.policy,
        templates=bot.templates,
        wake=bot.delivery.wake,
    )
    homes = Job(name="homes", every=HOMES_EVERY, run=look.run)
    yield homes
    pulse = Pulse(
        queues=SqlQueues(bot.database.engine),
        clock=bot.clock,
        effects=bot.delivery.wake,
        reminders=reminders.wake,
        failovers=bot.runner.wake,
        homes=homes.wake,
    )
    yield Job(name="pulse", every=PULSE_EVERY / hurry, run=pulse.look)
    told = partial(bot.timed.told.store, bot.database, bot.clock)
    yield Job(name="told", every=TOLD_EVERY, run=told)
    yield later(name="configuration", every=CONFIGURATION_EVERY, run=configuration.look)
    yield later(name="plugins", every=PLUGINS_EVERY, run=PluginSwap(bot).look)
    yield later(name="people", every=PEOPLE_EVERY, run=sync.people)
    yield Job(name="groups", every=GROUPS_EVERY, run=sync.groups)  # until then nobody of a group may approve
    yield later(name="members", every=members.EVERY, run=sync.members)
    sealer = AuditSealer(sessions=bot.database, clock=bot.clock, policy=bot.live.policy)
    yield later(name="audit", every=SEAL_EVERY, run=sealer.run)
    pruner = Pruner(sessions=bot.database, clock=bot.clock, policy=bot.live.policy)
    yield later(name="retention", every=PRUNE_EVERY, run=pruner.run)
    levers = LeverLook(
        sessions=bot.database,
        clock=bot.clock,
        policy=bot.live.policy,
        runbooks=bot.runbooks.all,
        wake=bot.delivery.wake,
    )
    yield later(name="levers", every=LEVERS_EVERY, run=levers.run)
    yield later(name="sweep", every=SWEEP_EVERY, run=sync.sweep)


def _of_the_clock(bot: Bot) -> Mapping[str, Check]:
    """Return the note of a clock that is far from the database's."""
    return {"clock": bot.time.skew} if isinstance(bot.time, DatabaseClock) else {}


def _heartbeat(bot: Bot, parts: Mapping[str, Callable[[], str]]) -> Iterator[Job]:
    """Yield the job that calls the dead man's switch, if there is one."""
    if url := bot.settings.heartbeat:
        hurry = REHEARSED if bot.settings.env.spy_clock_offset else 1
        beats = Heartbeat(
            queues=SqlQueues(bot.database.engine),
            clock=bot.clock,
            parts=parts,
            call=partial(heartbeat.call, url),
        )
        yield Job(name="heartbeat", every=BEAT_EVERY / hurry, first=FIRST_BEAT, run=beats.beat)


def _hears_of_pages(settings: Settings) -> bool:
    """Return whether the pager's webhook reports what becomes of pages."""
    return bool(settings.pager and settings.env.secret(settings.pager.webhook_variable))


def _until_stopped(stop: threading.Event) -> None:
    def logged(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, logged) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while not stop.wait(1):  # a signal just before an endless wait would be noticed only after it
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
