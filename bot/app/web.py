"""Connect the web ports to this bot: what everyone sees, and what those see who have the token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

from starlette.applications import Starlette

from bot.adapters.rendering.mrkdwn import plain
from bot.adapters.rendering.templates import JinjaTemplates
from bot.adapters.runbooks.pages import RunbookPages
from bot.app.build import Bot, open_calendars
from bot.app.mcp import Signed, mcp_endpoint, nobody_signs
from bot.app.status import status_sources
from bot.app.webhooks import locks_page, manifest_page, outbox_page
from bot.config import Settings
from bot.ports import Calendars, Runbooks, Templates, Unavailable
from bot.web import Check, Handler, Page, SeesAll, Shown, WebAnswer, build_web, everyone, examined, with_token
from bot.web.api.site import ApiSite
from bot.web.dashboard.page import MenuEntry
from bot.web.dashboard.site import DashboardSite
from bot.web.mcp.endpoint import McpEndpoint
from bot.web.metrics import Metrics, OpenMetrics, registry
from bot.web.public_status import status_routes
from bot.web.readers import Readers
from bot.workers.lanes import Lanes

LOCK = "/locks/{name}"
INTERNAL_THREADS = 8


@dataclass(frozen=True, kw_only=True)
class WebPorts:
    """The apps of a bot's two ports."""

    bot: Bot
    lanes: Lanes
    readiness: Mapping[str, Check]
    notes: Mapping[str, Check] = field(default_factory=dict)
    """What an operator must know although the process serves."""
    is_signed: Signed = nobody_signs
    """Whether Slack has signed a request."""

    def public(self, handlers: Mapping[str, Handler]) -> Starlette:
        """Return the app that the world may reach. `handlers` take Slack's requests and webhooks."""
        return self._app(
            sees_all=_sees_all(self.bot.settings),
            handlers=handlers,
            site=site_of(self.bot),
            api=api_of(self.bot),
            agents=mcp_endpoint(self.bot, self.is_signed),
        )

    def internal(self) -> Starlette:
        """Return the app that shows everything and takes nothing."""
        return self._app(sees_all=everyone, threads=INTERNAL_THREADS)

    def _app(
        self,
        *,
        sees_all: SeesAll,
        handlers: Mapping[str, Handler] | None = None,
        site: DashboardSite | None = None,
        api: ApiSite | None = None,
        agents: McpEndpoint | None = None,
        threads: int = 64,
    ) -> Starlette:
        bot, readers = self.bot, Readers(sees_all=sees_all, site=site)
        return build_web(
            to_all=Shown(metrics=registry(_open_metrics(bot)), pages=open_pages(bot)),
            with_token=Shown(
                metrics=registry(_metrics(bot, self.lanes, self.readiness, self.notes)), pages=pages(bot)
            ),
            sees_all=sees_all,
            to_people=runbook_pages(bot),
            readiness=self.readiness,
            notes=self.notes,
            handlers=handlers or {},
            routes=status_routes(status_sources(bot, readers)),
            site=site,
            api=api,
            agents=agents,
            threads=threads,
        )


def site_of(bot: Bot) -> DashboardSite:
    """Return the dashboard of this bot."""
    return DashboardSite(
        sessions=bot.database,
        clock=bot.clock,
        policy=bot.live.policy,
        templates=bot.templates,
        answer=bot.timed.answer,
        registry=lambda: bot.router.registry,
        provided={Runbooks: bot.runbooks, Calendars: open_calendars(bot.settings)},
        beside=partial(_beside, bot),
    )


def api_of(bot: Bot) -> ApiSite:
    """Return the API of this bot."""
    return ApiSite(
        sessions=bot.database,
        clock=bot.clock,
        policy=bot.live.policy,
        answer=bot.timed.answer,
        registry=lambda: bot.router.registry,
        plain=plain,
        provided={
            Templates: bot.templates,
            Runbooks: bot.runbooks,
            Calendars: open_calendars(bot.settings),
        },
    )


def _beside(bot: Bot) -> Sequence[MenuEntry]:
    """Return the entries of the menu that lead to pages which are not the dashboard's."""
    runbooks = [MenuEntry(path="/runbooks", menu="Runbooks")] if bot.settings.web.runbooks else []
    status = [MenuEntry(path="/status", menu="Status")] if bot.live.policy().status.components else []
    return [*runbooks, *status]


def _sees_all(settings: Settings) -> SeesAll:
    """Return who sees everything on the public port. A rehearsal has no secrets."""
    return (
        everyone if settings.env.spy_clock_offset else with_token(settings.env.web_token.get_secret_value())
    )


def open_pages(bot: Bot) -> Mapping[str, Page]:
    """Return the pages that say nothing of incidents, for everyone."""
    return {LOCK: locks_page(bot, with_facts=False)}


def runbook_pages(bot: Bot) -> Mapping[str, Page]:
    """Return the runbooks as pages, for people who are signed in."""

    @lru_cache(maxsize=1)
    def shown(templates: JinjaTemplates) -> RunbookPages:
        return RunbookPages(bot.runbooks, templates.loader)

    def answer(name: str, query: Mapping[str, str]) -> WebAnswer:
        pages = shown(bot.templates.now)
        page = pages.one(name, query) if name else pages.all()
        return WebAnswer(status=page.status, headers=page.headers, body=page.html)

    return {"/runbooks": answer, "/runbooks/{name}": answer} if bot.settings.web.runbooks else {}


def pages(bot: Bot) -> Mapping[str, Page]:
    """Return the pages for those who see everything."""
    pages_of_demo = {"/outbox": outbox_page(bot), "/manifest": manifest_page(bot)}
    rehearsal = pages_of_demo if bot.settings.env.spy_clock_offset else {}
    return {LOCK: locks_page(bot, with_facts=True), **rehearsal}


def _open_metrics(bot: Bot) -> OpenMetrics:
    return OpenMetrics(
        database_up=partial(_is_up, bot),
        answer_times=bot.timed.answer_times,
        given_up=lambda: dict(bot.timed.tally),
    )


def _is_up(bot: Bot) -> bool:
    try:
        with bot.database.read():
            return True
    except Unavailable:
        return False


def _metrics(bot: Bot, lanes: Lanes, readiness: Mapping[str, Check], notes: Mapping[str, Check]) -> Metrics:
    def waiting() -> Mapping[str, int]:
        with bot.database.read() as session:
            return session.outbox.waiting()

    def opened() -> int:
        with bot.database.read() as session:
            return session.incidents.count_shown()

    def overdue() -> float:
        with bot.database.read() as session:
            due = session.timers.next_due()
        return max(0.0, (bot.clock.now() - due).total_seconds()) if due else 0.0

    return Metrics(
        tally=lambda: dict(bot.delivery.tally),
        waiting=waiting,
        stuck=lanes.by_kind,
        opened=opened,
        overdue=overdue,
        answer_times=bot.timed.answer_times,
        delays=bot.delivery.reminder_delays,
        lost=lambda: bot.delivery.reminders_lost,
        parts=partial(examined, readiness),
        notes=partial(examined, notes),
        given_up=lambda: dict(bot.timed.tally),
    )
