"""Connect the public status page to this bot."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

from starlette.requests import Request

from bot.adapters.rendering.status_pages import StatusPages
from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.build import Bot
from bot.services.status.public_page import PublicPage
from bot.services.transaction import Transaction
from bot.web.answer import WebAnswer
from bot.web.public_status import StatusSources
from bot.web.readers import Readers

STYLE = "/status/style.css"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When an empty feed was changed last."""
UNNAMED = uuid5(NAMESPACE_URL, "spy/status").urn
"""The id of the feed of a Spy that does not know its own address."""


def status_sources(bot: Bot, readers: Readers) -> StatusSources:
    """Return what the public pages are made of."""

    @contextmanager
    def reading() -> Iterator[PublicPage]:
        with bot.database.read() as session:
            yield PublicPage(
                Transaction(session=session, now=bot.clock.now(), policy=bot.live.policy(), source="web")
            )

    return pages_of(
        reading,
        templates=lambda: bot.templates.now,
        address=lambda: bot.live.policy().status.url,
        is_public=lambda: bot.live.policy().status.public,
        may_read=readers.may_read,
        refused=readers.refused,
    )


def pages_of(
    reading: Callable[[], AbstractContextManager[PublicPage]],
    *,
    templates: Callable[[], JinjaTemplates],
    address: Callable[[], str],
    is_public: Callable[[], bool],
    may_read: Callable[[Request], bool],
    refused: Callable[[Request], WebAnswer],
) -> StatusSources:
    """Return the pages that are read in these transactions. `address` is where the page is, "" if nobody says."""

    @lru_cache(maxsize=1)
    def of(templates: JinjaTemplates) -> StatusPages:
        return StatusPages(templates.loader)

    def now() -> str:
        with reading() as page:
            found = page.now()
        return of(templates()).render("status.html", page=found, style=STYLE)

    def history(before: int | None) -> str:
        with reading() as page:
            found = page.history(before)
        return of(templates()).render("status_history.html", page=found, style=STYLE)

    def nothing() -> str:
        with reading() as page:
            found = page.now()
        return of(templates()).render("status_nothing.html", page=found, style=STYLE)

    def feed() -> str:
        with reading() as page:
            found = page.history()
        where = address()
        return of(templates()).render(
            "status.atom", page=found, address=where or "/status", ident=where or UNNAMED, never=NEVER
        )

    return StatusSources(
        is_public=is_public,
        may_read=may_read,
        refused=refused,
        now=now,
        history=history,
        feed=feed,
        nothing=nothing,
        style=lambda: of(templates()).style,
    )
