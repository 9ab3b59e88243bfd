"""Build the bot from its settings: the only file that knows every adapter."""

import json
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from uuid import uuid4

import structlog

from bot.adapters.clock import SystemClock
from bot.adapters.database import Database, is_current, open_engine
from bot.adapters.database import migrate as migrate_schema
from bot.adapters.github import findings as github_findings
from bot.adapters.mrkdwn import flat
from bot.adapters.pagerduty import PagerDuty
from bot.adapters.pagerduty_webhook import news
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.check import findings as slack_findings
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.inbound import App, answer_http, build_app
from bot.adapters.slack.manifest import SlashCommand
from bot.adapters.slack.manifest import manifest as slack_manifest
from bot.adapters.slack.socket import SocketLink
from bot.adapters.templates import JinjaTemplates
from bot.commands.ask import Ask, Way
from bot.commands.plugins import Handbook, load
from bot.commands.router import Router
from bot.config import Settings
from bot.delivery.couriers import Couriers
from bot.delivery.sync import ONCALL_EVERY, PAGES_EVERY, PEOPLE_EVERY, SWEEP_EVERY, Sync
from bot.delivery.worker import Delivery
from bot.domain.message import Buttons, Message
from bot.domain.refusal import Refusal
from bot.ports import Finding, Rejected, Throttled, Unreachable
from bot.scheduler import Job, Scheduler
from bot.services.desk import Desk
from bot.services.paging import Paging
from bot.services.people import People
from bot.web import Door, WebAnswer, build_web, listen, serve
from bot.web.figures import Figures, registry

log = structlog.get_logger()

WARM = 6
"""Connections to Slack that a declare uses at once; they are opened before the first one."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
SAY_PATIENCE = timedelta(seconds=15)
SHORT_COMMANDS = ("incident", "page", "oncall", "failover", "postmortem", "runbook")
"""Families that have a slash command of their own, once a plugin brings them; `/spy` reaches all."""
SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,}")


@dataclass(frozen=True, kw_only=True)
class Bot:
    """Everything that thinks, without what listens."""

    settings: Settings
    database: Database
    clock: SystemClock
    chat: SlackChat
    pager: PagerDuty | None
    handbook: Handbook
    delivery: Delivery
    router: Router


def build(settings: Settings, stack: ExitStack) -> Bot:
    """Wire the bot together; what must be let go of is given to the stack."""
    policy, clock, env = settings.policy(), SystemClock(), settings.env
    engine = open_engine(env.database_url.get_secret_value(), pool=settings.database.pool)
    stack.callback(engine.dispose)
    if not is_current(engine):
        migrate_schema(engine)
    database = Database(engine)
    timeout = settings.delivery.lease / 2
    chat = SlackChat(
        PooledWebClient(
            token=env.slack_bot_token.get_secret_value(),
            base_url=env.slack_api_url,
            read_timeout=timeout.total_seconds(),
        ),
        clock,
    )
    stack.callback(chat.close)
    pager = _pager(settings, timeout, stack)
    templates = JinjaTemplates(settings.template_folders, clock=clock)
    handbook = load(settings.plugin_folders)
    for failure in handbook.failures:
        log.error("a plugin is left out", why=failure)
    delivery = Delivery(
        Couriers(chat, pager, templates),
        units=database,
        clock=clock,
        policy=policy,
        lease=settings.delivery.lease,
        senders=settings.delivery.senders,
    )
    router = Router(
        handbook, units=database, clock=clock, policy=policy, templates=templates, wake=delivery.wake
    )
    return Bot(
        settings=settings,
        database=database,
        clock=clock,
        chat=chat,
        pager=pager,
        handbook=handbook,
        delivery=delivery,
        router=router,
    )


def _pager(settings: Settings, timeout: timedelta, stack: ExitStack) -> PagerDuty | None:
    if settings.pagerduty is None or not settings.env.pagerduty_api_token:
        return None
    pager = PagerDuty(
        settings.env.pagerduty_api_token.get_secret_value(),
        from_email=settings.pagerduty.from_,
        url=settings.env.pagerduty_api_url,
        timeout=timeout,
    )
    stack.callback(pager.close)
    return pager


# --- run --------------------------------------------------------------------------------------------------


def run(settings: Settings) -> int:
    """Serve a workspace until SIGTERM or SIGINT; then finish what is under way."""
    stop = threading.Event()
    with ExitStack() as stack:
        socket = listen(settings.web.host, settings.web.port)
        stack.callback(socket.close)
        bot = build(settings, stack)
        app = build_app(
            bot.router,
            bot.chat,
            signing_secret=settings.env.slack_signing_secret.get_secret_value(),
            api_url=settings.env.slack_api_url,
        )
        bot.delivery.start()
        stack.callback(bot.delivery.stop)
        scheduler = Scheduler(*_jobs(bot))
        stack.callback(scheduler.stop)
        link = _link(settings, app, stack)
        web = build_web(
            slack=None if link else _slack_door(app),
            pagerduty=_pagerduty_door(bot) if settings.env.pagerduty_webhook_secret else None,
            readiness={
                "database": bot.database.ping,
                "slack": lambda: "" if bot.chat.identity else "Slack has not said yet who Spy is",
                "link": lambda: "" if link is None or link.is_alive() else "no link to Slack",
                "delivery": lambda: "" if bot.delivery.is_alive() else "the outbox stands still",
                "scheduler": lambda: "" if scheduler.is_alive() else "no job runs",
            },
            metrics=registry(_figures(bot)),
        )
        server = serve(web, socket)
        stack.callback(server.stop)
        greeter = threading.Thread(target=_greet, args=(bot, stop), name="greeter", daemon=True)
        greeter.start()
        scheduler.start()
        _until_told(stop)
    return 0


def _link(settings: Settings, app: App, stack: ExitStack) -> SocketLink | None:
    if settings.slack.mode != "socket":
        return None
    client = PooledWebClient(base_url=settings.env.slack_api_url)
    link = SocketLink(app, app_token=settings.env.slack_app_token.get_secret_value(), client=client)
    stack.callback(client.close)
    stack.callback(link.stop)
    link.start()
    return link


def _greet(bot: Bot, stop: threading.Event) -> None:
    """Learn who Spy is and open connections, before the first incident rather than in it."""
    wait = FIRST_WAIT
    while not stop.is_set():
        try:
            bot.chat.identify()
        except (Unreachable, Throttled, Rejected) as trouble:
            log.warning("Slack does not say who Spy is; asking again", why=str(trouble), seconds=wait)
            stop.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        else:
            bot.chat.warm(WARM)
            return


def _jobs(bot: Bot) -> Iterator[Job]:
    sync = Sync(
        units=bot.database,
        clock=bot.clock,
        policy=bot.settings.policy(),
        chat=bot.chat,
        pager=bot.pager,
        wake=bot.delivery.wake,
    )
    if bot.pager:
        yield Job(name="oncall", every=ONCALL_EVERY, run=sync.oncall)
        if not bot.settings.env.pagerduty_webhook_secret:
            yield Job(name="pages", every=PAGES_EVERY, run=sync.pages)
    yield Job(name="people", every=PEOPLE_EVERY, run=sync.people)
    yield Job(name="sweep", every=SWEEP_EVERY, run=sync.sweep)


def _slack_door(app: App) -> Door:
    def door(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        answer = answer_http(app, body, headers)
        return WebAnswer(status=answer.status, headers=answer.headers, body=answer.body)

    return door


def _pagerduty_door(bot: Bot) -> Door:
    secret = bot.settings.env.pagerduty_webhook_secret.get_secret_value()

    def door(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        try:
            heard = news(body, headers.get("x-pagerduty-signature", ""), [secret])
        except Rejected as rejected:
            return WebAnswer(status=401 if rejected.code == "signature" else 400, body=str(rejected))
        if heard:
            with bot.database.begin() as work:
                now = bot.clock.now()
                if work.inbound.remember(f"pagerduty:{heard.id}", at=now) is None:
                    desk = Desk(work=work, now=now, policy=bot.settings.policy(), source="pagerduty")
                    Paging(desk).heard(heard)
            bot.delivery.wake()
        return WebAnswer(status=202)

    return door


def _figures(bot: Bot) -> Figures:
    def waiting() -> Mapping[str, int]:
        with bot.database.begin() as work:
            return work.outbox.waiting()

    def opened() -> int:
        with bot.database.begin() as work:
            return len(work.incidents.open(limit=10_000))

    return Figures(tally=lambda: dict(bot.delivery.tally), waiting=waiting, opened=opened)


def _until_told(stop: threading.Event) -> None:
    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while not stop.wait(60):
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# --- the other commands -----------------------------------------------------------------------------------


def migrate(settings: Settings) -> None:
    """Bring the database up to date."""
    engine = open_engine(settings.env.database_url.get_secret_value())
    try:
        migrate_schema(engine)
    finally:
        engine.dispose()


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
        if settings.env.slack_bot_token and not bot.delivery.drain(within=SAY_PATIENCE):
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
    return f"{flat(message.text, names)}\n{''.join(said)}"


def check(settings: Settings) -> Iterator[Finding]:
    """Ask each service whether Spy could work with it, and say the cure where not."""
    env = settings.env
    yield from _database_findings(settings)
    if env.slack_bot_token:
        with closing(
            PooledWebClient(env.slack_bot_token.get_secret_value(), base_url=env.slack_api_url)
        ) as client:
            in_socket_mode = settings.slack.mode == "socket" and env.slack_app_token
            app_token = env.slack_app_token.get_secret_value() if in_socket_mode else None
            yield from slack_findings(client, app_token=app_token, channels=_channels(settings))
    with ExitStack() as stack:
        if pager := _pager(settings, timedelta(seconds=10), stack):
            teams = settings.policy().teams.values()
            yield from pager.findings(
                services=[team.service for team in teams if team.service],
                policies=[team.escalation_policy for team in teams if team.escalation_policy],
                schedules=[team.schedule for team in teams if team.schedule],
            )
    if settings.github and env.github_token:
        token = env.github_token.get_secret_value()
        yield from github_findings(token, settings.github.repository, env.github_api_url)


def _database_findings(settings: Settings) -> Iterator[Finding]:
    engine = open_engine(settings.env.database_url.get_secret_value())
    what = f"Database: {engine.url.render_as_string(hide_password=True)}"
    try:
        current = is_current(engine)
    except Exception as error:  # noqa: BLE001  whatever the driver says is the finding
        cure = f"Look at DATABASE_URL and whether the server is up: {str(error).splitlines()[0]}"
        yield Finding(what=what, well=False, cure=cure)
    else:
        yield Finding(
            what=what if current else f"{what} (empty or old: `spy run` brings it up to date)", well=True
        )
    finally:
        engine.dispose()


def _channels(settings: Settings) -> dict[str, str]:
    announced = {"announcements": settings.slack.announce} if settings.slack.announce else {}
    return {**announced, **{f"team {key}": team.channel for key, team in settings.teams.items()}}


def manifest(settings: Settings) -> str:
    """Give the Slack app's manifest (JSON), made from the loaded commands."""
    families = {
        command.words.split()[0]: command for command in reversed(load(settings.plugin_folders).commands)
    }
    short = [
        SlashCommand(
            name=name, description=families[name].about, usage=families[name].usage.partition(" ")[2]
        )
        for name in SHORT_COMMANDS
        if name in families
    ]
    everything = SlashCommand(name="spy", description="Say anything to Spy.", usage="help")
    url = settings.web.public_url or "https://your-address.example.com"
    made = slack_manifest(
        [everything, *short], mode=settings.slack.mode, request_url=f"{url.rstrip('/')}/slack/events"
    )
    return json.dumps(made, indent=2, ensure_ascii=False)
