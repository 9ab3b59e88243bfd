"""`spy check` and `spy migrate`: whether Spy can work, and its database."""

from collections.abc import Iterator
from contextlib import closing

from bot.adapters.database import CannotOpen, Database, is_ready, make_ready, open_engine, open_to_more
from bot.adapters.database.private_files import is_missing
from bot.adapters.database.transfer.backup import is_whole
from bot.adapters.mail.check import results as mail_checks
from bot.adapters.network.clock import SystemClock
from bot.adapters.slack.check import results as slack_checks
from bot.adapters.slack.client import PooledWebClient
from bot.app.build import open_calendars, open_clock, open_runbooks
from bot.app.live.config_trial import trial_checks
from bot.app.permissions import permission_checks
from bot.app.retention import retention_check
from bot.app.services import NamedServices, service_checks
from bot.app.templates import open_templates, own_templates
from bot.commands.plugins import load, templates_named
from bot.config import Settings
from bot.config.plan_checks import plan_checks
from bot.config.vendors import PagerIds
from bot.domain.former_words import READ_UNTIL
from bot.domain.policy import EVERYBODY
from bot.domain.subject import is_person
from bot.ports import CheckResult

SHORTEST_TOKEN = 20
"""Characters of a WEB_TOKEN that nobody can guess."""


def check(settings: Settings) -> Iterator[CheckResult]:
    """Ask each service whether Spy can work with it. Return one line each, with the fix if it can't."""
    env = settings.env
    yield from plan_checks(settings)
    yield from _database_checks(settings)
    yield from check_own(settings)
    yield from _service_checks(settings)
    yield from permission_checks(settings)
    yield from _calendar_checks(settings)
    yield from _safety_checks(settings)
    yield _web_check(settings)
    yield from _status_checks(settings)
    if env.slack_bot_token:
        with closing(
            PooledWebClient(env.slack_bot_token.get_secret_value(), base_url=env.slack_api_url)
        ) as client:
            in_socket_mode = settings.slack.mode == "socket" and env.slack_app_token
            app_token = env.slack_app_token.get_secret_value() if in_socket_mode else None
            yield from slack_checks(
                client,
                app_token=app_token,
                channels=_channels(settings),
                user_groups=sorted(settings.policy().user_groups),
                oncall_groups={
                    key: team.oncall_group for key, team in settings.teams.items() if team.oncall_group
                },
                clock=open_clock(settings, SystemClock()),
            )
    if (pager := settings.pager) and (access := settings.access(pager)):
        yield from pager.checks(access, PagerIds.of(settings.policy()))
    if (tracker := settings.tracker) and (access := settings.access(tracker)):
        yield from tracker.checks(access)
    if settings.mail:
        yield from mail_checks(settings.mail, settings.env.smtp_password.get_secret_value())
    if (host := settings.hosted_page) and (access := settings.access(host)):
        yield from host.checks(access)


def check_own(settings: Settings) -> Iterator[CheckResult]:
    """Check a team's own runbooks, plugins and templates."""
    yield from _runbook_checks(settings)
    yield from _plugin_checks(settings)
    yield from _template_checks(settings)


def _database_checks(settings: Settings) -> Iterator[CheckResult]:
    engine = open_engine(settings.env.database_url.get_secret_value())
    what = f"Database: {engine.url.render_as_string(hide_password=True)}"
    try:
        current = is_ready(engine)
    except CannotOpen as error:
        yield CheckResult(what=what, well=False, cure=str(error))
    else:
        is_there = not is_missing(engine)
        old = f" ({'empty or old' if is_there else 'not there yet'}: `spy run` brings it up to date)"
        yield CheckResult(what=what if current else f"{what}{old}", well=True)
        if current and not is_whole(engine):
            cure = "Restore a backup, as docs/operations.md says."
            yield CheckResult(what="Database: its file is damaged", well=False, cure=cure)
        if files := " ".join(map(str, open_to_more(engine))):
            what = "Database: more users of this machine than Spy's own can read it"
            yield CheckResult(what=what, well=False, cure=f"chmod 600 {files}, unless a group makes backups.")
        yield retention_check(settings, Database(engine) if current else None)
        if current:
            yield from trial_checks(settings, Database(engine), SystemClock())
    finally:
        engine.dispose()


def _service_checks(settings: Settings) -> Iterator[CheckResult]:
    runbooks = [it.name for it in open_runbooks(settings).all()]
    engine = open_engine(settings.env.database_url.get_secret_value())
    try:
        database = Database(engine) if is_ready(engine) else None
    except CannotOpen:
        database = None  # reported by the line of the database
    try:
        named = NamedServices.of(database, now=SystemClock().now())
    finally:
        engine.dispose()
    yield from service_checks(settings.policy(), runbooks=runbooks, named=named)


def _runbook_checks(settings: Settings) -> Iterator[CheckResult]:
    runbooks = open_runbooks(settings)
    yield CheckResult(what=f"Runbooks: {len(runbooks.all())}", well=True)
    for line in runbooks.mistakes():
        yield CheckResult(what=f"Runbook left out: {line}", well=False)
    for line in runbooks.former():
        cure = f"Put it before the command, in {{% set x = … %}}. It is read until {READ_UNTIL:%-d %B %Y}."
        yield CheckResult(what=f"Runbook: {line}", well=False, cure=cure)


def _plugin_checks(settings: Settings) -> Iterator[CheckResult]:
    found = load(settings.plugin_folders)
    yield CheckResult(what=f"Plugins: {len(found.commands)} commands", well=True)
    for line in found.failures:
        yield CheckResult(
            what=f"Plugin left out: {line}", well=False, cure="Fix it: a running Spy loads it then."
        )
    for where, name in templates_named(settings.plugin_folders):
        if not any((folder / name).is_file() for folder in settings.template_folders):
            cure = f"Write {name} in a folder that `templates:` names."
            yield CheckResult(what=f"Plugin: {where}: there is no template {name}", well=False, cure=cure)


def _template_checks(settings: Settings) -> Iterator[CheckResult]:
    templates = open_templates(settings, SystemClock())
    if own := own_templates(templates):
        yield CheckResult(what=f"Templates: {len(own)} of your own", well=True)
    while not templates.mistakes.empty():
        cure = "Fix it. Until then Spy's own is used."
        yield CheckResult(what=f"Template left out: {templates.mistakes.get()}", well=False, cure=cure)


def _calendar_checks(settings: Settings) -> Iterator[CheckResult]:
    """Check the calendars of holidays, and whose they are."""
    calendars, on_call = open_calendars(settings), settings.policy().on_call
    for whose, calendar in on_call.holidays.items():
        what = f"Holidays of {whose}: {calendar}"
        if whose != EVERYBODY and whose not in settings.teams and not is_person(whose):
            cure = f"Name {EVERYBODY}, a team or a Slack user id in oncall.holidays."
            yield CheckResult(what=f"{what}: {whose} is nobody", well=False, cure=cure)
        elif trouble := calendars.trouble(calendar):
            cure = "Name a country (PT), a region (US-CA), or an iCalendar file beside config.yaml."
            yield CheckResult(what=f"{what}: {trouble}", well=False, cure=cure)
        else:
            yield CheckResult(what=what, well=True)


def _safety_checks(settings: Settings) -> Iterator[CheckResult]:
    """Name the safety reminders that are switched off, so that nobody relies on them."""
    policy = settings.policy()
    quiet = [f"updates of {it.key}" for it in policy.severities.values() if it.is_quiet]
    if off := [*policy.timers.switched_off, *quiet]:
        yield CheckResult(what=f"Safety reminders that are switched off: {', '.join(off)}", well=True)


def _web_check(settings: Settings) -> CheckResult:
    """Describe what of the web port everyone sees, and who sees the rest."""
    web, token = settings.web, settings.env.web_token.get_secret_value()
    rest = "/runbooks, and the details of /readyz, /metrics and /locks,"
    seen_by = [f"with WEB_TOKEN on {web.host}:{web.port}"] if token else []
    if web.internal_port is not None:
        seen_by.append(f"by everyone who reaches {web.internal_host}:{web.internal_port}")
    customers = ", what was published at /status" if settings.status.public else ""
    what_is_open = f"whether Spy is ready, whether a service is locked{customers}, and metrics of the process"
    notes = (
        f"Open to everyone who reaches {web.host}:{web.port}: {what_is_open}.",
        f"{rest} are seen {' and '.join(seen_by) or 'by nobody: set WEB_TOKEN or web.internal_port'}.",
    )
    is_short = 0 < len(token) < SHORTEST_TOKEN
    cure = "Make another one: openssl rand -hex 32." if is_short else ""
    what = "Web: WEB_TOKEN can be guessed" if is_short else "Web: nothing of incidents is open to everyone"
    return CheckResult(what=what, well=not is_short, cure=cure, notes=notes)


def _status_checks(settings: Settings) -> Iterator[CheckResult]:
    """Describe the status page: who reads it, and which components the hosted page does not have."""
    status = settings.policy().status
    if not status.components:
        return
    readers = "everybody reads it" if status.public else "people who are signed in read it"
    where = status.url or "/status"
    apart = [key for key in status.components if key not in status.hosted]
    notes = [f"Not sent to {status.hosted_name}: {', '.join(apart)}."] if status.hosted_name and apart else []
    if not status.url:
        notes.append("Set web.public_url, so that its feed and Slack link to it.")
    what = f"Status page: {where}, {readers}"
    yield CheckResult(what=what, well=True, notes=tuple(notes))


def _channels(settings: Settings) -> dict[str, str]:
    announced = {"announcements": settings.slack.announce} if settings.slack.announce else {}
    return {**announced, **{f"team {key}": team.channel for key, team in settings.teams.items()}}


def migrate(settings: Settings) -> None:
    """Update the database to the current schema."""
    engine = open_engine(settings.env.database_url.get_secret_value())
    try:
        make_ready(engine)
    finally:
        engine.dispose()
